"""Mode B never passes the platform's ceiling, whatever the tenant's own limits allow."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.deciding import validate
from approvals.draft import Removal, Timing
from approvals.limits import limits_exceeded
from approvals.models import ChangeRequest
from pki.findings import Finding, Severity
from pki.policy import Policy, SelfService
from tenants.flows import policies
from tests.certificates import SERVER_AUTH, make, make_ca
from tests.world import World, rolled_back

LENA = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}


WIDEST = {
    "roles": ("trust_anchor", "intermediate_ca", "allowlisted_certificate"),
    "item_count": 50,
    "in_production": True,
    "with_warnings": True,
}


def ceiling(world: World, **limits: Any) -> None:
    """Wide limits for the tenant, and the platform's policy with one line tighter."""
    world.self_service("payments", **WIDEST)
    policies.propose(
        actor=world.actor("paula"),
        tenant_id=None,
        policy=Policy(self_service=SelfService(**{**WIDEST, **limits})),
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
    world: World, limits: dict[str, Any], expected: str
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


def test_a_submitter_in_mode_b_does_not_undo_the_last_anchor_or_a_shared_one_alone(
    world: World,
) -> None:
    own = world.applied(make_ca(), **LENA)
    shared = world.applied(
        make_ca("one"), make_ca("two"), by="lena", tenant="logistics", to="shared-clients"
    )
    world.self_service("logistics")
    assert rolled_back(world, own, "lena").state == "validated"
    assert rolled_back(world, shared, "lena").state == "validated"
    assert len(world.live("shared-clients")["anchors"]) == 2


def test_mode_b_puts_back_nothing_of_other_tenants_by_itself(world: World) -> None:
    ca = make_ca("theirs")
    world.applied(ca, by="lena", tenant="logistics", to="shared-clients")
    world.self_service("payments")
    world.edited_outside("shared-clients", anchors=[])
    ch = world.put_back("shared-clients", by="sam")
    world.work()
    c = world.fresh(ch)
    assert c.state != "applied"


def test_a_put_back_of_mode_b_is_held_to_the_limits_of_the_day(world: World) -> None:
    c = make("c")
    world.applied(c)
    world.self_service("payments")
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    validate.validate(change_id=ch.pk)
    assert world.fresh(ch).state == "approved", world.fresh(ch).causes
    t = world.tenant()
    t.self_service_roles = ["trust_anchor"]
    t.save()
    world.work()
    assert world.fresh(ch).state == "validated"


def _limits(change: ChangeRequest, *codes: str, **evidence: str) -> set[str]:
    findings = [Finding(code, Severity.WARNING, "", dict(evidence)) for code in codes]
    return {why["code"] for why in limits_exceeded(change, findings)}


def test_each_limit_that_no_width_lifts_asks_a_person(world: World) -> None:
    world.self_service("payments", **WIDEST)
    change = world.submit(make())
    assert _limits(change) == set()
    assert _limits(change, "EST-REVOKED-01") == {"limit-revoked"}
    assert _limits(change, "EST-REVOKED-02") == {"limit-revoked"}
    assert _limits(change, "EST-LAST-01") == {"limit-last-anchor"}
    assert _limits(change, "EST-STILL-ACCEPTED", answer="Known.") == {"limit-answered"}
    change.kind = ChangeRequest.Kind.ADOPTION
    assert "limit-adoption" in _limits(change)


def test_the_end_of_an_overlap_touches_no_shared_anchor_by_itself(world: World) -> None:
    world.self_service("payments", **WIDEST)
    change = world.submit(make(), to="shared-clients")
    assert _limits(change) == set()
    change.later_removals.create(
        role="trust_anchor", sha256_fingerprint="0" * 64, removal="retired"
    )
    assert _limits(change) == {"limit-shared"}


def test_outside_its_limits_the_policy_gives_no_vote(world: World) -> None:
    world.self_service("payments", **{**WIDEST, "item_count": 1})
    outside, inside = world.submit(make("a"), make("b")), world.submit(make("c"))
    for change in (outside, inside):
        validate.validate(change_id=change.pk)
    assert not outside.votes.exists()
    assert inside.votes.exclude(policy="").count() == 1


@pytest.mark.embedded
def test_mode_b_writes_with_no_person_in_between(world: World) -> None:
    world.self_service("logistics")
    change = world.submit(make(), by="lena", tenant="logistics", to="logistics-clients")
    world.work()
    change = world.fresh(change)
    assert change.state == "applied"
    assert [(vote.voter, vote.policy) for vote in change.votes.all()] == [
        (None, f"self-service@{world.tenant('logistics').policy_version}")
    ]


def codes_of(change: ChangeRequest) -> list[str]:
    assert change.state == "validated"
    return [cause["code"] for cause in change.causes]


def submitted(world: World, *added: Any, **options: Any) -> ChangeRequest:
    options = {"by": "lena", "tenant": "logistics", "to": "logistics-clients", **options}
    change = world.submit(*added, **options)
    world.work()
    return world.fresh(change)


@pytest.mark.embedded
def test_mode_b_asks_a_person_for_another_role(world: World) -> None:
    world.self_service("logistics")
    assert codes_of(submitted(world, make_ca())) == ["limit-role"]


@pytest.mark.embedded
def test_mode_b_asks_a_person_beyond_its_number_of_items_and_not_below(world: World) -> None:
    world.self_service("logistics", item_count=2)
    assert submitted(world, *(make(f"c{n}") for n in range(2))).state == "applied"
    assert codes_of(submitted(world, *(make(f"d{n}") for n in range(3)))) == ["limit-count"]


@pytest.mark.embedded
def test_mode_b_asks_a_person_for_production(world: World) -> None:
    world.self_service("logistics")
    world.add_trust_config("logistics-prod", "logistics", environment="prod")
    assert codes_of(submitted(world, make(), to="logistics-prod", environment="prod")) == [
        "limit-production"
    ]


@pytest.mark.embedded
def test_mode_b_asks_a_person_when_the_checks_warn(world: World) -> None:
    world.self_service("logistics")
    assert codes_of(submitted(world, make(eku=[SERVER_AUTH]))) == ["limit-warnings"]


@pytest.mark.embedded
def test_mode_b_never_removes_the_last_anchor_whatever_its_limits(world: World) -> None:
    root, client = make_ca(), make()
    world.applied(root, client, by="lena", tenant="logistics", to="logistics-clients")
    world.self_service(
        "logistics", roles=("trust_anchor", "allowlisted_certificate"), with_warnings=True
    )
    removal = submitted(world, removed=[Removal(root.fingerprint, "trust_anchor", "retired")])
    assert codes_of(removal) == ["limit-last-anchor"]


@pytest.mark.embedded
def test_anchors_of_a_shared_trust_config_take_a_review_in_mode_b_too(world: World) -> None:
    world.self_service("logistics", roles=("trust_anchor", "allowlisted_certificate"))
    assert codes_of(submitted(world, make_ca(), to="shared-clients")) == ["limit-shared"]
    assert submitted(world, make(), to="shared-clients").state == "applied"


@pytest.mark.embedded
def test_a_review_that_mode_b_asked_for_is_decided_by_reviewers(world: World) -> None:
    world.self_service("logistics")
    change = submitted(world, make_ca())
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"
