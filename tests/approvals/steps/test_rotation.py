"""The second half of a rotation when somebody has sent it back, or taken the first over."""

from datetime import timedelta

from django.utils import timezone

from approvals.deciding import stop, take_over
from approvals.draft import Removal, Timing
from approvals.models import ChangeRequest
from approvals.publishing.conductor import publish
from approvals.votes import may_vote
from certs.models import TrustEntry
from tests.certificates import Made, make
from tests.world import World

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
