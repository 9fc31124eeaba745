"""The two modes: who decides, what mode B may do by itself, and the switch between them."""

from typing import Any

import pytest

from approvals.deciding import switch_mode
from approvals.draft import Removal
from approvals.errors import BadChange
from approvals.models import ChangeRequest
from tenants.errors import NotAllowed, NotPossible
from tenants.models import ModeSwitch
from tests.certificates import SERVER_AUTH, make, make_ca
from tests.world import World

pytestmark = pytest.mark.embedded


def test_mode_b_writes_with_no_person_in_between(world: World) -> None:
    world.self_service("logistics")
    change = world.submit(make(), by="lena", tenant="logistics", to="logistics-clients")
    world.work()
    change = world.fresh(change)
    assert change.state == "applied"
    assert [(vote.voter, vote.policy) for vote in change.votes.all()] == [
        (None, f"self-service@{world.tenant('logistics').policy_version}")
    ]


def _codes(change: ChangeRequest) -> list[str]:
    assert change.state == "validated"
    return [cause["code"] for cause in change.causes]


def _submit(world: World, *added: Any, **options: Any) -> ChangeRequest:
    options = {"by": "lena", "tenant": "logistics", "to": "logistics-clients", **options}
    change = world.submit(*added, **options)
    world.work()
    return world.fresh(change)


def test_mode_b_asks_a_person_for_another_role(world: World) -> None:
    world.self_service("logistics")
    assert _codes(_submit(world, make_ca())) == ["limit-role"]


def test_mode_b_asks_a_person_beyond_its_number_of_items_and_not_below(world: World) -> None:
    world.self_service("logistics", item_count=2)
    assert _submit(world, *(make(f"c{n}") for n in range(2))).state == "applied"
    assert _codes(_submit(world, *(make(f"d{n}") for n in range(3)))) == ["limit-count"]


def test_mode_b_asks_a_person_for_production(world: World) -> None:
    world.self_service("logistics")
    world.add_trust_config("logistics-prod", "logistics", environment="prod")
    assert _codes(_submit(world, make(), to="logistics-prod", environment="prod")) == [
        "limit-production"
    ]


def test_mode_b_asks_a_person_when_the_checks_warn(world: World) -> None:
    world.self_service("logistics")
    assert _codes(_submit(world, make(eku=[SERVER_AUTH]))) == ["limit-warnings"]


def test_mode_b_never_removes_the_last_anchor_whatever_its_limits(world: World) -> None:
    root, client = make_ca(), make()
    world.applied(root, client, by="lena", tenant="logistics", to="logistics-clients")
    world.self_service(
        "logistics", roles=("trust_anchor", "allowlisted_certificate"), with_warnings=True
    )
    removal = _submit(world, removed=[Removal(root.fingerprint, "trust_anchor", "retired")])
    assert _codes(removal) == ["limit-last-anchor"]


def test_anchors_of_a_shared_trust_config_take_a_review_in_mode_b_too(world: World) -> None:
    world.self_service("logistics", roles=("trust_anchor", "allowlisted_certificate"))
    assert _codes(_submit(world, make_ca(), to="shared-clients")) == ["limit-shared"]
    assert _submit(world, make(), to="shared-clients").state == "applied"


def test_a_review_that_mode_b_asked_for_is_decided_by_reviewers(world: World) -> None:
    world.self_service("logistics")
    change = _submit(world, make_ca())
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


def test_mode_b_takes_a_platform_admin_and_a_second_person(world: World) -> None:
    tenant = world.tenant()
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=tenant.pk,
        reason="They asked.",
        limits=switch_mode.Limits(),
    )
    for name in ("paula", "tom", "sam", "ada"):
        with pytest.raises(NotAllowed):
            world.decide_switch(tenant.slug, by=name)
    assert world.tenant().mode == "platform_managed"
    world.decide_switch(tenant.slug, by="rita")
    assert world.tenant().mode == "self_service"


@pytest.mark.parametrize("name", ["sam", "rita", "tom", "ada"])
def test_only_platform_admins_propose_mode_b(world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        switch_mode.propose(
            actor=world.actor(name),
            tenant_id=world.tenant().pk,
            reason="Please.",
            limits=switch_mode.Limits(),
        )


def test_one_proposal_waits_at_a_time_and_needs_a_reason(world: World) -> None:
    tenant, paula = world.tenant(), world.actor("paula")
    with pytest.raises(BadChange):
        switch_mode.propose(
            actor=paula, tenant_id=tenant.pk, reason=" ", limits=switch_mode.Limits()
        )
    switch_mode.propose(
        actor=paula, tenant_id=tenant.pk, reason="They asked.", limits=switch_mode.Limits()
    )
    with pytest.raises(NotPossible):
        switch_mode.propose(
            actor=paula, tenant_id=tenant.pk, reason="Again.", limits=switch_mode.Limits()
        )


def test_a_declined_proposal_changes_nothing(world: World) -> None:
    tenant = world.tenant()
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=tenant.pk,
        reason="They asked.",
        limits=switch_mode.Limits(),
    )
    world.decide_switch(ModeSwitch.objects.get().tenant.slug, by="ravi", is_confirmed=False)
    assert (world.tenant().mode, ModeSwitch.objects.get().state) == ("platform_managed", "declined")


def test_changes_under_way_stay_in_mode_a(world: World) -> None:
    change = world.submit(make())
    world.self_service("payments")
    world.work()
    assert (world.fresh(change).mode, world.fresh(change).state) == (
        "platform_managed",
        "validated",
    )


def test_the_brake_sends_every_unwritten_change_back_to_its_voters(world: World) -> None:
    from approvals.deciding.validate import validate

    world.self_service("logistics")
    change = world.submit(make(), by="lena", tenant="logistics", to="logistics-clients")
    validate(change_id=change.pk)
    assert world.fresh(change).state == "approved"
    switch_mode.brake(actor=world.actor("rita"), tenant_id=change.tenant_id, reason="Too fast.")
    world.work()
    change = world.fresh(change)
    assert (change.state, change.mode, world.tenant("logistics").mode) == (
        "validated",
        "platform_managed",
        "platform_managed",
    )
    assert world.updates() == []
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


@pytest.mark.parametrize("name", ["lena", "sam", "ada"])
def test_the_brake_is_pulled_by_admins_and_reviewers_only(world: World, name: str) -> None:
    world.self_service("logistics")
    with pytest.raises(NotAllowed):
        switch_mode.brake(
            actor=world.actor(name), tenant_id=world.tenant("logistics").pk, reason="Stop."
        )
