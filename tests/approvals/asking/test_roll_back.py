"""Undoing exactly one change, over today's set and under today's rules."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from approvals.asking import roll_back
from approvals.deciding import vote
from approvals.deciding.validate import validate
from approvals.draft import Removal, Timing
from approvals.errors import (
    BadChange,
    PublicationInProgress,
    WrongState,
)
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from certs.errors import NotRestorable
from certs.models import SealedCertificate
from certs.vault.keys import forget_sealed
from tenants.errors import NotAllowed
from tests.certificates import Made, make
from tests.world import World, submit_rotation

AL = "allowlisted_certificate"


pytestmark = pytest.mark.embedded


def _roll_back(
    world: World,
    change: ChangeRequest,
    *,
    by: str = "rita",
    also: list[int] | None = None,
    originals: list[Made] | None = None,
) -> ChangeRequest:
    number = roll_back.roll_back(
        actor=world.actor(by),
        tenant_id=change.tenant_id,
        number=change.number,
        typed_name=change.trust_config.name,
        also=also or [],
        reason="It locked a partner out.",
        originals=[made.parsed for made in originals or []],
    )
    world.work()
    return world.change(number, change.tenant.slug)


def test_a_reviewer_alone_undoes_an_addition(world: World) -> None:
    change = world.applied(make())
    undo = _roll_back(world, change)
    assert (undo.state, world.fresh(change).state) == ("applied", "rolled_back")
    assert world.live()["allowlisted"] == []
    assert list(undo.inverts.all()) == [change]
    assert [vote.voter for vote in undo.votes.all()] == [world.user("rita")]


def test_a_submitter_in_mode_a_needs_a_reviewer_to_undo(world: World) -> None:
    change = world.applied(make(), environment="prod")
    undo = _roll_back(world, change, by="sam")
    assert undo.state == "validated"
    world.approve(undo, by="ravi")  # one vote, although production asks for two
    world.work()
    assert world.fresh(change).state == "rolled_back"


def test_a_submitter_in_mode_b_undoes_an_addition_alone(world: World) -> None:
    where = {"by": "lena", "tenant": "logistics", "to": "logistics-clients"}
    change = world.applied(make(), **where)
    world.self_service("logistics")
    undo = _roll_back(world, change, by="lena")
    assert (undo.state, world.fresh(change).state) == ("applied", "rolled_back")


def test_undoing_a_removal_takes_the_votes_of_an_addition_and_needs_no_file(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    removal = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    undo = _roll_back(world, removal)
    assert undo.state == "validated"
    world.approve(undo, by="ravi")
    world.work()
    assert world.fresh(removal).state == "rolled_back"
    assert client.parsed.pem in world.live()["allowlisted"]


def test_after_the_window_the_original_is_asked_for_and_must_fit(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    removal = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    SealedCertificate.objects.update(keep_until=timezone.now() - timedelta(seconds=1))
    forget_sealed()
    assert not SealedCertificate.objects.exists()
    with pytest.raises(NotRestorable, match=client.fingerprint):
        _roll_back(world, removal)
    with pytest.raises(NotRestorable):
        _roll_back(world, removal, originals=[make("impostor")])
    undo = _roll_back(world, removal, originals=[client])
    world.approve(undo, by="ravi")
    world.work()
    assert client.parsed.pem in world.live()["allowlisted"]


def test_a_revocation_is_never_rolled_back(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    revocation = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    with pytest.raises(NotRestorable, match="revoked"):
        _roll_back(world, revocation)
    assert client.parsed.pem not in world.live()["allowlisted"]


def test_a_rollback_that_passes_over_a_revocation_brings_nothing_back(world: World) -> None:
    client, other = make(), make("other")
    world.applied(client, other)
    retire = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    world.applied(client)
    revoke = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    later = [c.number for c in ChangeRequest.objects.filter(pk__gt=retire.pk)]
    with pytest.raises(NotRestorable):
        _roll_back(world, retire, also=later)
    assert world.fresh(revoke).state == "applied"


def test_later_changes_of_the_same_certificate_must_be_chosen_too(world: World) -> None:
    client, other = make(), make("other")
    first = world.applied(client, other)
    second = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    with pytest.raises(BadChange, match=f"#{second.number}"):
        _roll_back(world, first)
    undo = _roll_back(world, first, also=[second.number])
    world.approve(undo, by="ravi") if undo.state == "validated" else None
    world.work()
    assert {world.fresh(change).state for change in (first, second)} == {"rolled_back"}
    assert world.live()["allowlisted"] == []


def test_undoing_one_of_a_batch_leaves_the_others(world: World) -> None:

    mine, theirs = make("mine"), make("theirs")
    changes = [world.submit(mine), world.submit(theirs)]
    for change in changes:
        validate(change_id=change.pk)
        world.approve(change)
    world.work()
    assert len(world.updates()) == 1
    _roll_back(world, world.fresh(changes[0]))
    assert world.live()["allowlisted"] == [theirs.parsed.pem]
    assert world.fresh(changes[1]).state == "applied"


def test_only_an_applied_change_is_undone_and_only_by_those_who_may(world: World) -> None:
    pending = world.submit(make("pending"))
    with pytest.raises(WrongState):
        _roll_back(world, pending)
    world.work()
    change = world.applied(make("done"))
    for name in ("ada", "paula", "lena", "nobody"):
        with pytest.raises(NotAllowed):
            _roll_back(world, change, by=name)


def test_a_reason_is_required(world: World) -> None:
    change = world.applied(make())
    with pytest.raises(BadChange):
        roll_back.roll_back(
            actor=world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            typed_name=change.trust_config.name,
            also=[],
            reason=" ",
            originals=[],
        )


def test_the_rollback_window_keeps_what_was_removed_and_what_was_added(
    world: World, settings: Any
) -> None:
    client, other = make(), make("other")
    added = world.applied(client, other)
    removed = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    for change in (added, removed):
        until = set(
            SealedCertificate.objects.filter(change_id=change.pk).values_list(
                "keep_until", flat=True
            )
        )
        assert until == {world.fresh(change).applied_at + timedelta(days=30)}


def test_a_rollback_that_is_rejected_leaves_the_follower(world: World) -> None:
    _old, _new, first, _until = submit_rotation(world)
    world.work()
    world.approve(first)
    world.work()
    first = world.fresh(first)
    assert first.state == "applied"
    n = roll_back.roll_back(
        actor=world.actor("sam"),
        tenant_id=first.tenant_id,
        number=first.number,
        typed_name=first.trust_config.name,
        also=[],
        reason="hm",
        originals=[],
    )
    world.work()
    rb = world.change(n)
    vote.reject(
        actor=world.actor("rita"),
        tenant_id=rb.tenant_id,
        number=n,
        digest=rb.change_digest,
        comment="no",
    )
    assert first.followers.get().state == "approved"


def test_the_second_half_of_a_rotation_is_named_before_the_first_is_undone(world: World) -> None:
    old = make("old")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=10)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(first.followers.get()).state == "applied"
    from approvals.asking.undo import later_changes

    assert [c.number for c in later_changes(world.fresh(first))] == [first.followers.get().number]


def test_undoing_the_first_of_a_rotation_waits_for_the_second_that_is_being_written(
    world: World,
) -> None:
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=3)
    first = world.approved(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    second = first.followers.get()
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        assert second.attempts.get().publication.state in ("intended", "sent")
        with pytest.raises(PublicationInProgress):
            roll_back.roll_back(
                actor=world.actor("sam"),
                tenant_id=first.tenant_id,
                number=first.number,
                typed_name=first.trust_config.name,
                also=[],
                reason="undo",
                originals=[],
            )
