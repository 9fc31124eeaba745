"""Reads grants against the table of rights. Every refusal knows its reason."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from tenants.errors import NotAllowed, UnknownTenant
from tenants.models import Environment, Grant, Mode, Tenant, User
from tenants.rights import RIGHTS, Act
from web.reading import remembered


@dataclass(frozen=True)
class Verdict:
    """The answer to "may this person do that?". The button's sentence and the 403 page are the same ``reason``."""

    is_allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.is_allowed


ALLOWED = Verdict(is_allowed=True)


def may(
    user_id: int | None,
    act: Act,
    *,
    tenant: Tenant | None = None,
    environment: Environment | None = None,
    mode: Mode | None = None,
) -> Verdict:
    """Whether the person has a role for the act, and the sentence if not. One query, or none for a page that reads once.

    Without an environment a role of the table's ``tenant`` column counts in whatever environment it holds, one of its
    ``platform`` column only if it holds in all of them (or in any, where the table says so). ``mode`` is the mode by which a change goes, where that matters.
    """
    right = RIGHTS[act]
    tenant_roles = right.tenant_roles(mode) if tenant is not None else frozenset()
    for grant in _grants_of(user_id):
        is_here = environment is not None and grant.environment_id in {None, environment.pk}
        if grant.tenant_id is None and grant.role in right.platform:
            anywhere = grant.environment_id is None or right.in_one_environment
            if is_here or (environment is None and anywhere):
                return ALLOWED
        is_theirs = tenant is not None and grant.tenant_id in {None, tenant.pk}
        if is_theirs and grant.role in tenant_roles and (is_here or environment is None):
            return ALLOWED
    return Verdict(is_allowed=False, reason=right.refusal)


def require(
    user_id: int | None,
    act: Act,
    *,
    tenant: Tenant | None = None,
    environment: Environment | None = None,
) -> None:
    """:raises NotAllowed: when the person has no role for the act there; says which people have."""
    verdict = may(user_id, act, tenant=tenant, environment=environment)
    if not verdict:
        raise NotAllowed(verdict.reason)


@dataclass(frozen=True)
class PlatformScope:
    """Where a person may do an act of the platform: in all environments, or in those with these ids."""

    is_everywhere: bool
    environment_ids: frozenset[int]

    def covers(self, environment: Environment) -> bool:
        return self.is_everywhere or environment.pk in self.environment_ids

    def __bool__(self) -> bool:
        return self.is_everywhere or bool(self.environment_ids)


def platform_scope(user_id: int, act: Act) -> PlatformScope:
    """For lists: one query for any number of rows."""
    found = {
        grant.environment_id
        for grant in _grants_of(user_id)
        if grant.tenant_id is None and grant.role in RIGHTS[act].platform
    }
    return PlatformScope(None in found, frozenset(pk for pk in found if pk is not None))


def people_who_may(act: Act, environment: Environment) -> QuerySet[User]:
    """Every active person with a role of the table's ``platform`` column for the act in this environment, by name."""
    grants = Grant.objects.filter(
        Q(environment=environment) | Q(environment=None),
        role__in=RIGHTS[act].platform,
        tenant=None,
    )
    return User.objects.filter(is_active=True, grants__in=grants).distinct().order_by("full_name")


def tenants_where(user_id: int, act: Act) -> QuerySet[Tenant]:
    """Tenants in which a role of the table's ``tenant`` column lets the person do an act, in whatever environment; by name."""
    roles = RIGHTS[act].tenant
    held = [grant for grant in _grants_of(user_id) if grant.role in roles]
    if any(grant.tenant_id is None for grant in held):
        return Tenant.objects.all()
    return Tenant.objects.filter(pk__in={grant.tenant_id for grant in held if grant.tenant_id})


def visible_tenants(user_id: int) -> QuerySet[Tenant]:
    """Tenants whose pages this person may open: all with a platform-wide grant, else those with a grant of their own."""
    return tenants_where(user_id, Act.READ_TENANT)


def own_tenants(user_id: int) -> list[tuple[str, str]] | None:
    """Slug and name of the tenants in which a person has a role, by name; None for whoever may open the pages of all."""
    roles = RIGHTS[Act.READ_TENANT].tenant
    found = {
        (grant.tenant_name, grant.tenant_slug)
        for grant in _grants_of(user_id)
        if grant.role in roles
    }
    if (None, None) in found:
        return None
    return [(str(slug), str(name)) for name, slug in sorted(found)]


def visible_tenant(user_id: int, slug: str) -> Tenant:
    """:raises UnknownTenant: for outsiders as for tenants that do not exist."""
    tenant = visible_tenants(user_id).filter(slug=slug).first()
    if tenant is None:
        raise UnknownTenant
    return tenant


class Held(NamedTuple):
    """A grant, as far as a right depends on it; None stands for all tenants, and for all environments."""

    role: str
    tenant_id: int | None
    environment_id: int | None
    tenant_slug: str | None
    tenant_name: str | None


@remembered
def _grants_of(user_id: int | None) -> list[Held]:
    rows = _grants(user_id).values_list(
        "role", "tenant_id", "environment_id", "tenant__slug", "tenant__name"
    )
    return [Held(*row) for row in rows]


def _grants(user_id: int | None) -> QuerySet[Grant]:
    return Grant.objects.filter(user=user_id, user__is_active=True)
