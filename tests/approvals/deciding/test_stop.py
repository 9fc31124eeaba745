"""Reviewers stop an approved change that is not written yet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.deciding import stop
from approvals.draft import Removal, Timing
from approvals.errors import BadChange, PublicationInProgress
from approvals.models import ChangeRequest
from audit.models import AuditEvent
from certs.models import SealedCertificate
from tenants.errors import NotAllowed
from tenants.flows import windows
from tests.certificates import make
from tests.world import World


def send_back(world: World, change: ChangeRequest, by: str = "ravi", why: str = "Wait.") -> None:
    stop.send_back(
        actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, comment=why
    )


def reject(world: World, change: ChangeRequest, by: str = "ravi", why: str = "No.") -> None:
    stop.reject_approved(
        actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, comment=why
    )


def test_a_reviewer_sends_back_and_new_votes_are_needed(world: World) -> None:
    change = world.scheduled(make())
    send_back(world, change)
    change = world.fresh(change)
    assert (change.state, change.voting_round) == ("validated", 2)
    assert change.causes == [{"code": "returned-reviewer", "name": "Ravi", "comment": "Wait."}]
    world.approve(change, by="rita")  # rita voted in the first round, which counts no more
    assert world.fresh(change).state == "approved"
    event = AuditEvent.objects.filter(type="change.returned").latest("pk")
    assert (event.actor_kind, event.actor_id) == ("person", str(world.user("ravi").pk))


def test_a_reviewer_ends_an_approved_change_for_good(world: World) -> None:
    change = world.scheduled(make())
    reject(world, change)
    change = world.fresh(change)
    assert (change.state, change.causes[0]["code"]) == ("rejected", "rejected-declined")
    assert not SealedCertificate.objects.filter(change_id=change.pk).exists()


def test_it_works_in_a_freeze(world: World) -> None:
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=timezone.now() - timedelta(hours=1),
        ends_at=timezone.now() + timedelta(days=1),
        reason="Holidays.",
    )
    change = world.approved(make())
    assert change.state == "approved"
    send_back(world, change)
    assert world.fresh(change).state == "validated"


def test_the_second_half_of_an_overlap_is_stopped_and_then_needs_votes_of_its_own(
    world: World,
) -> None:
    old = make("old")
    world.applied(old, make("other"))
    end = timezone.now() + timedelta(days=9)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing(overlap_until=end),
    )
    second = first.followers.get()
    send_back(world, second)
    second = world.fresh(second)
    assert second.state == "validated"
    world.approve(second)
    assert world.fresh(second).state == "approved"
    reject(world, second)
    assert (world.fresh(second).state, world.fresh(first).state) == ("rejected", "applied")


def test_what_was_to_follow_a_rejected_change_ends_with_it(world: World) -> None:
    old = make("old")
    world.applied(old, make("other"))
    due = timezone.now() + timedelta(days=3)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing("at_time", due, due + timedelta(days=3)),
    )
    second = first.followers.get()
    reject(world, first)
    second = world.fresh(second)
    assert (second.state, second.causes[0]["code"]) == ("withdrawn", "follower-rejected")


@pytest.mark.parametrize("by", ["sam", "tom", "ada", "paula", "lena", "nobody"])
def test_only_reviewers_stop_a_change(world: World, by: str) -> None:
    change = world.scheduled(make())
    for act in (send_back, reject):
        with pytest.raises(NotAllowed):
            act(world, change, by=by)
    assert world.fresh(change).state == "approved"


def test_a_reviewer_of_one_environment_stops_nothing_in_another(world: World) -> None:
    here = world.scheduled(make("here"))
    there = world.scheduled(make("there"), environment="prod")
    world.approve(there, by="ravi")
    send_back(world, here, by="rex")
    with pytest.raises(NotAllowed):
        send_back(world, there, by="rex")
    states = (world.fresh(here).state, world.fresh(there).state)
    assert states == ("validated", "approved")


def test_a_comment_is_needed(world: World) -> None:
    change = world.scheduled(make())
    for act in (send_back, reject):
        with pytest.raises(BadChange):
            act(world, change, why=" ")
    assert world.fresh(change).state == "approved"


def test_what_is_being_written_cannot_be_stopped(world: World) -> None:
    world.emulator.operations.seconds = 10**6
    change = world.approved(make())
    with pytest.raises(PublicationInProgress):
        send_back(world, change)
    assert world.fresh(change).state == "approved"


def test_a_change_that_waits_for_votes_is_rejected_by_a_vote_and_not_so(world: World) -> None:
    change = world.checked(make())
    with pytest.raises(NotAllowed):
        reject(world, change)
    assert world.fresh(change).state == "validated"
