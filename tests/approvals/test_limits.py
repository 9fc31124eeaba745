"""Mode B never passes the platform's ceiling, whatever the tenant's own limits allow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.draft import Removal, Timing
from approvals.models import ChangeRequest
from pki.policy import Policy, SelfService
from tenants.flows import policies
from tests.certificates import SERVER_AUTH, make, make_ca
from tests.world import World

WIDEST = {
    "roles": ("trust_anchor", "intermediate_ca", "allowlisted_certificate"),
    "item_count": 50,
    "in_production": True,
    "with_warnings": True,
}


def ceiling(world: World, **limits: object) -> None:
    """Wide limits for the tenant, and the platform's policy with one line tighter."""
    world.self_service("payments", **WIDEST)
    policies.propose(
        actor=world.actor("paula"),
        tenant_id=None,
        policy=Policy(self_service=SelfService(**{**WIDEST, **limits})),  # type: ignore[arg-type]
        effective_from=None,
        reason="Less by itself.",
    )


def causes(change: ChangeRequest) -> list[str]:
    return [cause["code"] for cause in change.causes]


def test_the_platform_says_which_roles(world: World) -> None:
    ceiling(world, roles=("allowlisted_certificate",))
    assert world.checked(make()).state == "applied"
    assert causes(world.checked(make_ca("ca"))) == ["limit-role"]


def test_the_platform_says_how_many(world: World) -> None:
    ceiling(world, item_count=1)
    assert world.checked(make("a")).state == "applied"
    assert causes(world.checked(make("b"), make("c"))) == ["limit-count"]


def test_the_platform_says_whether_in_production(world: World) -> None:
    ceiling(world, in_production=False)
    assert causes(world.checked(make(), environment="prod")) == ["limit-production"]


def test_the_platform_says_whether_with_warnings(world: World) -> None:
    ceiling(world, with_warnings=False)
    assert causes(world.checked(make(eku=[SERVER_AUTH]))) == ["limit-warnings"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"roles": ("trust_anchor",)}, "limit-role"), ({"item_count": 1}, "limit-count")],
)
def test_the_end_of_an_overlap_lies_inside_the_limits_too(
    world: World, limits: dict[str, object], expected: str
) -> None:
    old = make("old")
    world.applied(old, make("other"))
    world.self_service("payments", **{**WIDEST, **limits})
    change = world.checked(
        make_ca("new"),
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing(overlap_until=timezone.now() + timedelta(days=9)),
    )
    assert change.state == "validated"
    assert causes(change) == [expected]
