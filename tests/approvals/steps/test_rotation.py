"""The second half of a rotation when somebody has sent it back, or taken the first over."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from approvals.asking import return_to_date
from approvals.causes import cause
from approvals.deciding import lapse, retry, stop, take_over
from approvals.draft import Removal, Timing
from approvals.errors import VoteRefused
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from approvals.steps import transitions
from approvals.votes import may_vote
from audit.models import AuditEvent
from certs.models import TrustEntry
from emulator.faults import Fault
from tenants.flows import windows
from tenants.windows import Window
from tests.certificates import Made, make
from tests.world import COMMAND, World, submit_rotation

AL = "allowlisted_certificate"


OVERLAP = timedelta(days=10)


def retire(made: Made) -> list[Removal]:
    return [Removal(made.fingerprint, "allowlisted_certificate", "retired")]


def rotation(world: World, *, due: timedelta | None = None) -> tuple[Made, Made, ChangeRequest]:
    """Old and new with an overlap, approved; written at once, or due later."""
    old, new = make("old"), make("new")
    world.applied(old, make("other"))
    now = timezone.now()
    timing = Timing(overlap_until=now + OVERLAP)
    if due is not None:
        timing = Timing("at_time", now + due, now + due + OVERLAP)
    return old, new, world.approved(new, removed=retire(old), timing=timing)


def send_back(world: World, change: ChangeRequest) -> ChangeRequest:
    stop.send_back(
        actor=world.actor("rita"),
        tenant_id=change.tenant_id,
        number=change.number,
        comment="Wait.",
    )
    return world.fresh(change)


def make_due(change: ChangeRequest) -> None:
    past = timezone.now() - timedelta(minutes=1)
    ChangeRequest.objects.filter(pk=change.pk).update(due_at=past)


def held(world: World) -> set[str]:
    rows = TrustEntry.objects.filter(trust_config=world.trust_config()).holdings()
    return {row.entry.sha256_fingerprint for row in rows}


def test_approved_anew_it_still_asks_for_its_successor(world: World) -> None:
    old, new, first = rotation(world)
    second = send_back(world, first.followers.get())
    world.approve(second)
    world.applied(removed=retire(new))
    make_due(second)
    publish(trust_config_id=str(second.trust_config_id))
    world.work()
    assert old.fingerprint in held(world)
    second = world.fresh(second)
    assert second.state == "validated"
    assert "returned-successor" in {cause["code"] for cause in second.causes}


def test_voters_who_knew_that_the_successor_is_gone_may_remove_it_all_the_same(
    world: World,
) -> None:
    old, new, first = rotation(world)
    second = send_back(world, first.followers.get())
    world.applied(removed=retire(new))
    world.approve(second)
    make_due(second)
    publish(trust_config_id=str(second.trust_config_id))
    world.work()
    assert world.fresh(second).state == "applied"
    assert old.fingerprint not in held(world)


def test_sent_back_it_keeps_the_overlap_when_the_first_is_written_late(world: World) -> None:
    _old, _new, first = rotation(world, due=timedelta(days=1))
    second = send_back(world, first.followers.get())
    digest = second.change_digest
    long_ago = timezone.now() - timedelta(days=5)
    ChangeRequest.objects.filter(pk=first.pk).update(
        due_at=long_ago, approved_at=long_ago, overlap_until=long_ago + OVERLAP
    )
    ChangeRequest.objects.filter(pk=second.pk).update(due_at=long_ago + OVERLAP)
    publish(trust_config_id=str(first.trust_config_id))
    world.work()
    assert world.fresh(first).state == "applied"
    second = world.fresh(second)
    assert second.due_at is not None
    assert second.due_at > timezone.now() + OVERLAP - timedelta(days=1)
    assert second.change_digest != digest


def test_who_took_the_first_over_has_no_vote_on_the_second(world: World) -> None:
    world.add_user("yan", ("submitter", "payments"), ("reviewer", ""))
    old, new = make("old"), make("new")
    world.applied(old, make("other"))
    change = world.checked(
        new, removed=retire(old), timing=Timing(overlap_until=timezone.now() + OVERLAP)
    )
    world.take_grant("sam", "submitter")
    take_over.take_over(actor=world.actor("yan"), tenant_id=change.tenant_id, number=change.number)
    world.approve(change)
    world.work()
    second = send_back(world, world.fresh(change).followers.get())
    assert second.responsible == world.user("yan")
    assert not may_vote(world.user("yan").pk, second)


def test_a_late_first_half_keeps_the_overlap(world: World) -> None:
    old, new, first, _until = submit_rotation(world, days=2)
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=3),
        reason="x",
    )
    world.work()
    world.approve(first)
    world.work()
    with time_machine.travel(now + timedelta(days=3, seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
        assert world.fresh(first).state == "applied"
        assert sorted(world.live()["allowlisted"]) == sorted([old.parsed.pem, new.parsed.pem])


@pytest.mark.parametrize("how", ["return", "removal"])
def test_without_the_new_certificate_the_old_one_stays(world: World, how: Any) -> None:
    old = make("old")
    world.applied(old, make("stays"))
    then = timezone.now()
    until = timezone.now() + timedelta(days=10)
    new = make("new")
    first = world.approved(
        new, removed=[Removal(old.fingerprint, AL, "retired")], timing=Timing(overlap_until=until)
    )
    assert first.state == "applied"
    if how == "return":
        n = return_to_date.return_to(
            actor=world.actor("sam"),
            tenant_id=first.tenant_id,
            trust_config_id=str(first.trust_config_id),
            date=then,
            reason="back",
        )
        world.work()
        world.approve(world.change(n))
        world.work()
    else:
        world.approved(removed=[Removal(new.fingerprint, AL, "revoked")])
    assert len(world.live()["allowlisted"]) == 2
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert len(world.live()["allowlisted"]) == 2


def test_the_second_half_keeps_to_the_windows(world: World) -> None:
    now = timezone.now()
    opens = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    w = Window(opens.weekday(), opens.time(), (opens + timedelta(hours=1)).time(), "UTC")
    windows.set_windows(actor=world.actor("paula"), environment_slug="dev", windows=[w], reason="x")
    old = make("old")
    world.applied(old, make("stays"))
    until = opens + timedelta(days=2, hours=5)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing("in_window", None, until),
    )
    with time_machine.travel(opens + timedelta(minutes=5), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(first).state == "applied"
    with time_machine.travel(until + timedelta(minutes=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert old.parsed.pem in world.live()["allowlisted"]


def test_the_end_of_an_overlap_outlives_a_long_freeze(world: World) -> None:
    old = make("old")
    world.applied(old, make("stays"))
    until = timezone.now() + timedelta(days=5)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    second = first.followers.get()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=until - timedelta(days=1),
        ends_at=until + timedelta(days=20),
        reason="x",
    )
    with time_machine.travel(until + timedelta(days=15), tick=True):
        lapse.lapse()
    assert world.fresh(second).state == "approved"


def test_the_end_of_an_overlap_that_moves_is_recorded(world: World) -> None:
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    now = timezone.now()
    first = world.submit(
        new,
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(days=2)),
    )
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=1),
        reason="x",
    )
    world.work()
    world.approve(first)
    second = first.followers.get()
    before = second.due_at
    count = AuditEvent.objects.filter(subject_id=str(second.pk)).count()
    with time_machine.travel(now + timedelta(days=1, seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.fresh(second).due_at > before
    assert AuditEvent.objects.filter(subject_id=str(second.pk)).count() == count + 1


def test_an_overlap_that_is_over_before_the_votes_come_removes_nothing_at_once(
    world: World,
) -> None:
    old, new = make("old"), make("new")
    world.applied(old, make("stays"))
    now = timezone.now()
    first = world.submit(
        new,
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(days=2)),
    )
    world.work()
    with time_machine.travel(now + timedelta(days=3), tick=True):
        with pytest.raises(VoteRefused, match="over already"):
            world.approve(first)
    assert old.parsed.pem in world.live()["allowlisted"]


def test_an_overlap_that_is_over_is_not_approved_by_mode_b_either(world: World) -> None:
    world.self_service("payments", roles=(AL,), with_warnings=True)
    old = make("old")
    world.applied(old, make("stays"))
    now = timezone.now()
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED"))
    change = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=now + timedelta(hours=2)),
    )
    world.work()
    assert world.fresh(change).held_code == "cloud-denied"
    with time_machine.travel(now + timedelta(hours=3), tick=True):
        retry.retry(actor=world.actor("sam"), tenant_id=change.tenant_id, number=change.number)
        world.work()
    ended = world.fresh(change)
    assert (ended.state, ended.causes) == ("rejected", [{"code": "rejected-overlap"}])
    assert old.parsed.pem in world.live()["allowlisted"]


def test_a_follower_that_is_being_written_is_left_to_its_outcome(world: World) -> None:
    _old, _new, first = rotation(world, due=timedelta(days=1))
    second = first.followers.get()
    world.write_begun(second)
    with transaction.atomic():
        transitions.withdraw_followers(
            first, cause("follower-undone", number=first.number), actor=COMMAND, at=timezone.now()
        )
    assert world.fresh(second).state == "approved"


def test_the_end_of_an_overlap_is_not_due_while_its_first_change_is_undone(world: World) -> None:
    _old, _new, first = rotation(world)
    second = first.followers.get()
    assert not second.waits_for_first
    due = ChangeRequest.objects.due(second.trust_config_id)
    assert second in due
    undoing = world.submit(make("undoing"))
    undoing.inverts.add(first)
    assert world.fresh(second).waits_for_first
    assert second not in due.all()
