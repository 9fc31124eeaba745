"""The table of rights as people read it: on the help page, and in docs/rights.md."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import AccessRole, Mode
from tenants.rights import RIGHTS, Act, Right


@dataclass(frozen=True)
class Row:
    """``cells``: for each role, in the order of :class:`AccessRole`, how it must be held; empty where it does not suffice."""

    act: Act
    cells: list[list[str | Promise]]

    @property
    def by_role(self) -> list[tuple[AccessRole, list[str | Promise]]]:
        return list(zip(AccessRole, self.cells, strict=True))


def rows() -> list[Row]:
    return [Row(act, [_held(RIGHTS[act], role) for role in AccessRole]) for act in Act]


def _held(right: Right, role: AccessRole) -> list[str | Promise]:
    if role in right.tenant:
        return [_("in the tenant or platform-wide")]
    held: list[str | Promise] = [_("platform-wide only")] if role in right.platform else []
    if role in right.tenant_roles(Mode.SELF_SERVICE):
        held.append(_("in the tenant, while the change goes by mode B"))
    return held


def markdown() -> str:
    """One row an act, one column a role. English; the acts are translated where pages show them."""
    heads = " | ".join(str(role.label) for role in AccessRole)
    lines = "\n".join(
        "".join(
            [
                "| ",
                " | ".join([_marked(row.act), *("; ".join(map(str, cell)) for cell in row.cells)]),
                " |",
            ]
        )
        for row in rows()
    )
    return f"""# Who may do what

Generated from `tenants/rights.py` by `make docs`; a test keeps it current. A grant gives a role in one tenant or on the whole
platform, in one environment or in all, and holds there only.

What an act asks for besides (no own vote, a second person, the state of the change) is said on its button. Where no environment
is in question, a role that counts platform-wide only must hold in all of them (for what is marked \\* one is enough); every other
role counts in whatever environment it holds.

| act | {heads} |
|---|{"---|" * len(AccessRole)}
{lines}
"""


def _marked(act: Act) -> str:
    return f"{act.label} \\*" if RIGHTS[act].in_one_environment else str(act.label)
