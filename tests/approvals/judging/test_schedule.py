"""When changes are written: at a time, in windows, not in a freeze; overlaps, lapses, reminders, and back to a date."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from approvals.asking import return_to_date, roll_back
from approvals.deciding import lapse, withdraw
from approvals.draft import Removal, Timing
from approvals.errors import BadChange, ConflictingChange
from approvals.judging.schedule import lapses_at
from approvals.models import ChangeRequest, Reminder
from approvals.publishing.conductor import publish
from approvals.publishing.wake import wake_trust_configs
from approvals.reminding.due import remind
from audit.models import AuditEvent
from certs.models import SealedCertificate
from jobs.models import Job
from pages.changes.progress import is_in_flux
from pages.changes.summary import title_of
from pages.changes.waiting import waiting_of
from tenants.flows import windows
from tenants.windows import Window
from tests.certificates import make, make_ca
from tests.world import World, work_what_is_due

ALLOWLISTED = "allowlisted_certificate"


def _at(world: World, when: datetime, change: ChangeRequest) -> ChangeRequest:
    with time_machine.travel(when, tick=True):
        publish(trust_config_id=str(change.trust_config_id))
        world.work()
    return world.fresh(change)


def test_a_change_with_a_time_waits_for_it_and_is_checked_again_then(world: World) -> None:
    due = timezone.now() + timedelta(days=2)
    change = world.approved(make(), timing=Timing("at_time", due))
    assert (change.state, world.updates()) == ("approved", [])
    shown = waiting_of(change)
    assert shown is not None and f"{due:%Y-%m-%d %H:%M}" in str(shown.what)
    assert not is_in_flux(change)
    assert _at(world, due + timedelta(seconds=1), change).state == "applied"


def test_what_expires_before_its_time_goes_back_to_its_voters_then(world: World) -> None:
    due = timezone.now() + timedelta(days=5)
    change = world.approved(
        make(not_after=timezone.now() + timedelta(days=4)), timing=Timing("at_time", due)
    )
    changed = _at(world, due + timedelta(seconds=1), change)
    assert (changed.state, changed.delta["findings"][0][0]) == ("validated", "X509-VAL-01")


def test_the_time_is_part_of_what_is_voted_on(world: World) -> None:
    client = make()
    first = world.submit(client, timing=Timing("at_time", timezone.now() + timedelta(days=1)))
    withdraw.withdraw(
        actor=world.actor("sam"), tenant_id=first.tenant_id, number=first.number, reason=""
    )
    again = world.submit(client, timing=Timing("in_window"))
    assert first.change_digest != again.change_digest


@pytest.mark.parametrize(
    ("timing", "sentence"),
    [
        (Timing("at_time", None), "at which time"),
        (Timing("at_time", datetime(2020, 1, 1, tzinfo=UTC)), "future"),
        (Timing("at_once", None, datetime(2126, 1, 1, tzinfo=UTC)), "within a year"),
        (
            Timing("at_once", None, timezone.now() + timedelta(days=30)),
            "add now and something to remove",
        ),
    ],
)
def test_times_that_make_no_sense_are_refused(world: World, timing: Timing, sentence: str) -> None:
    with pytest.raises(BadChange, match=sentence):
        world.submit(make(), timing=timing)


def test_a_change_for_the_window_waits_for_it_and_one_at_once_does_not(world: World) -> None:
    now = timezone.now()
    opens = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    window = Window(opens.weekday(), opens.time(), (opens + timedelta(hours=1)).time(), "UTC")
    windows.set_windows(
        actor=world.actor("paula"), environment_slug="dev", windows=[window], reason="Evenings."
    )
    waits, goes = (
        world.approved(make("waits"), timing=Timing("in_window")),
        world.approved(make("goes")),
    )
    assert (waits.state, goes.state) == ("approved", "applied")
    assert _at(world, opens + timedelta(minutes=1), waits).state == "applied"


def test_a_freeze_holds_everything_but_a_revocation(world: World) -> None:
    client, kept = make("client"), make("kept")
    world.applied(client, kept)
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=3),
        reason="Year's end.",
    )
    held = world.approved(make("held"))
    shown = waiting_of(held)
    assert held.state == "approved"
    page = Client()
    page.force_login(world.user("sam"))
    assert ">frozen<" in re.sub(r"<svg.*?</svg>", "", page.get("/").content.decode())
    assert shown is not None and "Year's end." in str(shown.way_out)
    urgent = world.approved(removed=[Removal(client.fingerprint, ALLOWLISTED, "revoked")])
    assert urgent.state == "applied"
    freeze = held.trust_config.environment.freezes.get()
    windows.lift_freeze(
        actor=world.actor("paula"), environment_slug="dev", freeze_id=freeze.pk, reason="Over."
    )
    publish(trust_config_id=str(held.trust_config_id))
    world.work()
    assert world.fresh(held).state == "applied"


def _rotation(world: World, days: int = 10) -> tuple[ChangeRequest, ChangeRequest, str]:
    """An old anchor in place, a new one added, the old one removed when the overlap ends."""
    old = make_ca("old")
    world.applied(old)
    until = timezone.now() + timedelta(days=days)
    removed = [Removal(old.fingerprint, "trust_anchor", "retired")]
    first = world.approved(make_ca("new"), removed=removed, timing=Timing(overlap_until=until))
    return first, first.followers.get(), old.fingerprint


def test_a_rotation_with_an_overlap_is_one_decision_and_two_changes(world: World) -> None:
    first, second, old = _rotation(world)
    assert first.state == "applied"
    assert len(world.live()["anchors"]) == 2
    assert (second.state, second.schedule, second.due_at) == (
        "approved",
        "at_time",
        first.overlap_until,
    )
    assert [item.sha256_fingerprint for item in second.items.all()] == [old]
    assert second.votes.count() == 0
    assert first.overlap_until is not None
    assert _at(world, first.overlap_until + timedelta(seconds=1), second).state == "applied"
    assert len(world.live()["anchors"]) == 1
    types = list(
        AuditEvent.objects.filter(change_number=second.number)
        .order_by("pk")
        .values_list("type", flat=True)
    )
    assert types[:3] == [
        "change.follows",
        "change.validated",
        "change.approved",
    ]  # whoever voted last submitted nothing


def test_the_later_removal_is_part_of_what_is_voted_on_and_warned_of(world: World) -> None:
    old = make_ca("old")
    world.applied(old)
    until = timezone.now() + timedelta(days=5)
    removed = [Removal(old.fingerprint, "trust_anchor", "retired")]
    change = world.submit(make("leaf"), removed=removed, timing=Timing(overlap_until=until))
    codes = {finding.code for finding in change.findings.all()}
    assert "EST-LAST-01" in codes  # what the end of the overlap would do
    with pytest.raises(ConflictingChange):
        world.submit(removed=removed)


def test_undoing_the_first_withdraws_the_second(world: World) -> None:
    first, second, _old = _rotation(world)
    roll_back.roll_back(
        actor=world.actor("rita"),
        tenant_id=first.tenant_id,
        number=first.number,
        typed_name=first.trust_config.name,
        also=[],
        reason="Wrong.",
        originals=[],
    )
    world.work()
    assert (world.fresh(first).state, world.fresh(second).state) == ("rolled_back", "withdrawn")
    assert world.fresh(second).causes[0]["code"] == "follower-undone"


def test_the_second_can_be_withdrawn_alone_and_falls_with_the_first(world: World) -> None:
    first, second, _old = _rotation(world)
    withdraw.withdraw(
        actor=world.actor("sam"),
        tenant_id=second.tenant_id,
        number=second.number,
        reason="Not yet.",
    )
    assert (world.fresh(first).state, world.fresh(second).state) == ("applied", "withdrawn")
    due = timezone.now() + timedelta(days=3)
    old = make_ca("older")
    world.applied(old)
    removed = [Removal(old.fingerprint, "trust_anchor", "retired")]
    waiting = world.approved(
        make_ca("newer"), removed=removed, timing=Timing("at_time", due, due + timedelta(days=3))
    )
    follower = waiting.followers.get()
    withdraw.withdraw(
        actor=world.actor("sam"), tenant_id=waiting.tenant_id, number=waiting.number, reason=""
    )
    assert world.fresh(follower).state == "withdrawn"


def test_the_second_waits_until_the_first_is_applied(world: World) -> None:
    due = timezone.now() + timedelta(days=3)
    old = make_ca("old")
    world.applied(old)
    removed = [Removal(old.fingerprint, "trust_anchor", "retired")]
    first = world.approved(
        make_ca("new"), removed=removed, timing=Timing("at_time", due, due + timedelta(days=1))
    )
    world.emulator.operations.seconds = 10**7
    second = first.followers.get()
    with time_machine.travel(due + timedelta(days=2), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        assert [each.pk for each in ChangeRequest.objects.due(first.trust_config_id)] == []
        assert second.pk not in [
            each.pk for each in ChangeRequest.objects.due(first.trust_config_id)
        ]


def test_an_approval_lapses_and_is_reminded_of_before(world: World, settings: Any) -> None:
    due = timezone.now() + timedelta(days=30)
    change = world.approved(make(), timing=Timing("at_time", due))
    for days, state, count in (
        (29, "approved", 0),
        (42.5, "approved", 1),
        (43, "approved", 1),
        (44.1, "rejected", 1),
    ):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            remind()
            lapse.lapse()
        assert (world.fresh(change).state, Reminder.objects.count()) == (state, count)
    assert world.fresh(change).causes[0]["code"] == "rejected-lapsed"
    assert not SealedCertificate.objects.filter(change_id=change.pk).exists()
    assert AuditEvent.objects.filter(type="change.lapsed").count() == 1
    world.work()
    assert sorted(message.to[0] for message in mail.outbox) == [
        "rita@example.com",
        "sam@example.com",
    ]
    assert "lapses on" in mail.outbox[0].body


def test_the_end_of_an_overlap_is_announced_a_week_and_a_day_before(world: World) -> None:
    _first, second, _old = _rotation(world)
    for days in (1, 3.5, 4, 9.5, 9.6):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            remind()
    assert list(
        Reminder.objects.filter(change=second).order_by("pk").values_list("kind", flat=True)
    ) == ["overlap_week", "overlap_day"]
    world.work()
    assert len(mail.outbox) == 4


def _return(world: World, date: datetime, **options: Any) -> ChangeRequest:
    trust_config = world.trust_config()
    tenant = world.tenant().pk
    number = return_to_date.return_to(
        actor=world.actor("sam"),
        tenant_id=tenant,
        trust_config_id=str(trust_config.pk),
        date=date,
        reason="As it was.",
        **options,
    )
    return world.change(number)


def test_back_to_a_date_is_a_plan_like_any_other_and_brings_nothing_revoked_back(
    world: World,
) -> None:
    stays, goes, revoked = make("stays"), make("goes"), make("revoked")
    world.applied(stays, goes, revoked)
    then = timezone.now()
    world.applied(make("later"), removed=[Removal(goes.fingerprint, ALLOWLISTED, "retired")])
    world.applied(removed=[Removal(revoked.fingerprint, ALLOWLISTED, "revoked")])
    change = _return(world, then)
    assert (
        f"go back to what was trusted on {then:%Y-%m-%d %H:%M} UTC (add 1 × allowlisted certificate"
        in title_of(change)
    )
    world.work()
    assert world.fresh(change).state == "validated"
    world.approve(change)
    world.work()
    assert world.fresh(change).state == "applied"
    assert sorted(world.live()["allowlisted"]) == sorted([stays.parsed.pem, goes.parsed.pem])
    with pytest.raises(BadChange, match="Nothing would change"):
        _return(world, then)
    with pytest.raises(BadChange, match="past"):
        _return(world, timezone.now() + timedelta(days=1))


def test_windows_are_wall_clock_times(world: World) -> None:
    assert Window(0, time(1), time(2), "UTC").on(datetime(2026, 11, 23, tzinfo=UTC).date())[
        0
    ] == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_a_window_in_the_hour_that_spring_takes_keeps_its_length() -> None:
    from tenants.windows import Window, next_opening

    w = Window(6, time(2), time(3), "Europe/Berlin")
    got = next_opening([w], [], datetime(2027, 3, 27, 12, tzinfo=UTC))
    assert got < datetime(2027, 3, 29, tzinfo=UTC)


def test_a_lifted_freeze_is_noticed(world: World) -> None:
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=3),
        reason="x",
    )
    c = world.submit(make("c"))
    work_what_is_due()
    world.approve(c)
    work_what_is_due()
    assert world.fresh(c).state == "approved"
    fr = world.trust_config().environment.freezes.get()
    windows.lift_freeze(
        actor=world.actor("paula"), environment_slug="dev", freeze_id=fr.pk, reason="over"
    )
    for _ in range(3):
        wake_trust_configs()
        work_what_is_due()
    assert (
        world.fresh(c).state != "approved"
        or Job.objects.filter(
            kind="publish", due_at__lte=timezone.now() + timedelta(minutes=2), state="waiting"
        ).exists()
    )


def test_a_new_window_is_noticed(world: World) -> Any:
    now = timezone.now()
    far = now + timedelta(days=3)

    def w(t: Any) -> Any:
        return Window(
            t.weekday(),
            t.replace(second=0, microsecond=0).time(),
            (t + timedelta(hours=2)).time().replace(second=0, microsecond=0),
            "UTC",
        )

    windows.set_windows(
        actor=world.actor("paula"), environment_slug="dev", windows=[w(far)], reason="x"
    )
    c = world.submit(make("c"), timing=Timing("in_window"))
    work_what_is_due()
    world.approve(c)
    work_what_is_due()
    assert world.fresh(c).state == "approved"
    windows.set_windows(
        actor=world.actor("paula"),
        environment_slug="dev",
        windows=[w(now - timedelta(minutes=30))],
        reason="now",
    )
    for _ in range(3):
        wake_trust_configs()
        work_what_is_due()
    assert (
        Job.objects.filter(
            kind="publish", due_at__lte=timezone.now() + timedelta(minutes=2), state="waiting"
        ).exists()
        or world.fresh(c).state == "applied"
    )


def test_an_approval_counts_from_the_end_of_the_freeze_that_it_waited_for(world: World) -> None:
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=20),
        reason="x",
    )
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    assert lapses_at(world.fresh(change)) == now + timedelta(days=34)
    until = now + timedelta(days=60)
    rotation = world.submit(make("d"), timing=Timing("at_time", due_at=until))
    world.work()
    world.approve(rotation)
    assert lapses_at(world.fresh(rotation)) == until + timedelta(days=14)


def test_lifting_a_freeze_lets_what_waited_in_it_be_written(world: World) -> None:
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now,
        ends_at=now + timedelta(days=60),
        reason="x",
    )
    change = world.approved(make("c"))
    with time_machine.travel(now + timedelta(days=20), tick=True):
        freeze = change.trust_config.environment.freezes.get()
        windows.lift_freeze(
            actor=world.actor("paula"), environment_slug="dev", freeze_id=freeze.pk, reason="done"
        )
        lapse.lapse()
        assert lapses_at(world.fresh(change)) > timezone.now() + timedelta(days=13)
        world.work()
    assert world.fresh(change).state == "approved"  # nobody rang yet: the net does
    with time_machine.travel(now + timedelta(days=20, minutes=1), tick=True):
        publish(trust_config_id=str(change.trust_config_id))
        world.work()
    assert world.fresh(change).state == "applied"


def test_a_freeze_that_has_not_begun_is_taken_back_without_a_trace(world: World) -> None:
    now = timezone.now()
    windows.freeze(
        actor=world.actor("paula"),
        environment_slug="dev",
        begins_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2),
        reason="x",
    )
    freeze = world.trust_config().environment.freezes.get()
    windows.lift_freeze(
        actor=world.actor("paula"), environment_slug="dev", freeze_id=freeze.pk, reason="no"
    )
    assert not world.trust_config().environment.freezes.exists()
