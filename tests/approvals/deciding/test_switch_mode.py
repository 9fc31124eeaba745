"""The second person confirms exactly the switch that the page showed."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from approvals.asking import roll_back
from approvals.deciding import switch_mode
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.errors import BadChange
from approvals.publishing.conductor import publish
from certs.models import Publication
from emulator.faults import Fault
from pki.policy import Policy, SelfService
from tenants.errors import NotAllowed, NotPossible, StaleDecision
from tenants.flows import policies as policy_flow
from tenants.models import ModeSwitch
from tests.certificates import make
from tests.world import World

LENA = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}


AL = "allowlisted_certificate"


def proposed(world: World) -> ModeSwitch:
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=world.tenant().pk,
        reason="They know what they do.",
        limits=switch_mode.Limits(item_count=50),
    )
    return ModeSwitch.objects.select_related("tenant").get(state="proposed")


def confirm(world: World, switch: ModeSwitch, digest: str) -> None:
    switch_mode.decide(
        actor=world.actor("rita"),
        tenant_id=switch.tenant_id,
        switch_id=switch.pk,
        digest=digest,
        is_confirmed=True,
    )


def test_a_ceiling_that_moved_meanwhile_makes_it_stale(world: World) -> None:
    switch = proposed(world)
    shown = switch_mode.shown_digest(switch, timezone.now())
    policy_flow.propose(
        actor=world.actor("paula"),
        tenant_id=None,
        policy=Policy(self_service=SelfService(item_count=1)),
        effective_from=None,
        reason="Less by itself.",
    )
    with pytest.raises(StaleDecision):
        confirm(world, switch, shown)
    assert world.tenant().mode == "platform_managed"
    confirm(world, switch, switch_mode.shown_digest(switch, timezone.now()))
    assert world.tenant().mode == "self_service"


def test_a_stale_confirmation_is_refused_and_shown_again(world: World) -> None:
    switch = proposed(world)
    page = world.page("rita")
    url = f"/t/payments/mode/{switch.pk}/decide/"
    answer = page.post(url, {"decision": "confirm", "digest": "0" * 64}, follow=True)
    assert "is not what the page showed" in answer.content.decode()
    assert world.tenant().mode == "platform_managed"
    digest = answer.context["proposed_digest"]
    page.post(url, {"decision": "confirm", "digest": digest})
    assert world.tenant().mode == "self_service"


def test_the_brake_holds_for_a_change_whose_write_is_unresolved(world: World) -> None:
    world.self_service("logistics")
    change = world.submit(make(), **LENA)
    validate(change_id=change.pk)
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
    publish(trust_config_id=str(change.trust_config_id))
    assert Publication.objects.get().state == "intended"
    switch_mode.brake(actor=world.actor("rita"), tenant_id=change.tenant_id, reason="Stop.")
    world.work()
    assert (world.fresh(change).state, world.live("logistics-clients")["allowlisted"]) == (
        "validated",
        [],
    )
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"


def test_the_brake_ends_the_vote_of_the_policy_on_a_change_that_was_returned(world: World) -> None:
    world.self_service("logistics")
    client, other = make("client"), make("other")
    for made in (client, other):
        world.submit(made, **LENA)
    world.work()
    retire = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")], **LENA
    )
    validate(change_id=retire.pk)
    revoke = world.submit(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")], **LENA
    )
    switch_mode.brake(actor=world.actor("rita"), tenant_id=retire.tenant_id, reason="Stop.")
    world.work()
    assert {world.fresh(change).state for change in (retire, revoke)} == {"validated"}


def test_the_brake_takes_the_follower_along(world: World) -> None:
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old, _new, first, _until = (None, None, None, None)
    old = make("old")
    world.applied(old)
    now = timezone.now()
    first = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing("at_time", now + timedelta(days=2), now + timedelta(days=9)),
    )
    world.work()
    first = world.fresh(first)
    assert first.state == "approved", (first.state, first.causes)
    assert first.followers.count() == 1
    switch_mode.brake(actor=world.actor("tom"), tenant_id=first.tenant_id, reason="stop")
    world.approve(first)
    assert first.followers.filter(state__in=["submitted", "validated", "approved"]).count() == 1


def test_the_brake_ends_the_requesters_own_vote(world: World) -> None:
    world.self_service("payments")
    c = make("c")
    ch = world.submit(c)
    world.work()
    assert world.fresh(ch).state == "applied", world.fresh(ch).causes
    n = roll_back.roll_back(
        actor=world.actor("sam"),
        tenant_id=ch.tenant_id,
        number=ch.number,
        typed_name=ch.trust_config.name,
        also=[],
        reason="r",
        originals=[],
    )
    from approvals.deciding import validate

    rb = world.change(n)
    validate.validate(change_id=rb.pk)
    assert world.fresh(rb).state == "approved"
    world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE", times=1))
    publish(trust_config_id=str(ch.trust_config_id))
    switch_mode.brake(actor=world.actor("tom"), tenant_id=ch.tenant_id, reason="stop")
    world.work()
    r = world.fresh(rb)
    assert r.state == "validated"


def test_the_brake_holds_for_the_end_of_an_overlap_whose_write_is_unresolved(world: World) -> None:
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=3)
    first = world.submit(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    world.work()
    assert world.fresh(first).state == "applied", (
        world.fresh(first).state,
        world.fresh(first).causes,
    )
    second = first.followers.get()
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        world.emulator.faults.add(Fault("UpdateTrustConfig", code="UNAVAILABLE"))
        publish(trust_config_id=str(first.trust_config_id))
        assert second.attempts.get().publication.state == "intended"
        switch_mode.brake(actor=world.actor("rita"), tenant_id=first.tenant_id, reason="Stop.")
        world.work()
    assert world.fresh(second).mode == "platform_managed"
    assert old.parsed.pem in world.live()["allowlisted"], world.fresh(second).state
    assert world.fresh(second).state == "validated"


def test_the_brake_ends_a_proposal_that_waits(world: World) -> None:
    world.self_service("payments")
    ModeSwitch.objects.filter(state="done").update(state="proposed", decided_at=None)
    switch_mode.brake(
        actor=world.actor("rita"), tenant_id=world.tenant().pk, reason="Something is wrong."
    )
    assert not ModeSwitch.objects.filter(state="proposed").exists()


@pytest.mark.embedded
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


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["sam", "rita", "tom", "ada"])
def test_only_platform_admins_propose_mode_b(world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        switch_mode.propose(
            actor=world.actor(name),
            tenant_id=world.tenant().pk,
            reason="Please.",
            limits=switch_mode.Limits(),
        )


@pytest.mark.embedded
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


@pytest.mark.embedded
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


@pytest.mark.embedded
def test_changes_under_way_stay_in_mode_a(world: World) -> None:
    change = world.submit(make())
    world.self_service("payments")
    world.work()
    assert (world.fresh(change).mode, world.fresh(change).state) == (
        "platform_managed",
        "validated",
    )


@pytest.mark.embedded
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


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["lena", "sam", "ada"])
def test_the_brake_is_pulled_by_admins_and_reviewers_only(world: World, name: str) -> None:
    world.self_service("logistics")
    with pytest.raises(NotAllowed):
        switch_mode.brake(
            actor=world.actor(name), tenant_id=world.tenant("logistics").pk, reason="Stop."
        )
