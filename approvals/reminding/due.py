"""Which reminders are due, written down once each."""

from datetime import datetime, timedelta

from django.db import transaction

from approvals.audit_events import record_change
from approvals.judging import schedule
from approvals.models import ChangeRequest, Reminder
from audit.events import EventType, worker
from jobs import clock
from jobs.queue import enqueue, failed_lately, left_behind
from jobs.worker import name as worker_name

Kind = Reminder.Kind


BEFORE_LAPSE = timedelta(days=2)
STILL_WORTH_SAYING = timedelta(days=1)


BEFORE_OVERLAP_ENDS = (
    (Kind.OVERLAP_DAY, timedelta(days=1)),
    (Kind.OVERLAP_WEEK, timedelta(days=7)),
)


def remind() -> None:
    """Writes down, once each, what people must be told of now, and asks for the mails."""
    at = clock.now()
    for change in ChangeRequest.objects.not_yet_written():
        when = schedule.lapses_at(change)
        if when is not None and at < when <= at + BEFORE_LAPSE:
            _remind_one(change, Kind.LAPSE, when, at=at)
        if change.follows is not None and change.due_at is not None and change.due_at > at:
            for kind, before in BEFORE_OVERLAP_ENDS:
                if change.due_at <= at + before:
                    _remind_one(change, kind, change.due_at, at=at)
                    break
    _ask_again(at)


def _ask_again(at: datetime) -> None:
    """Mails that nobody sends any more, since the mail server was away for long or a job was given up."""
    with transaction.atomic(durable=True):
        unsent = Reminder.objects.filter(mailed_at=None, made_at__gt=at - STILL_WORTH_SAYING)
        for subject in left_behind(
            "mail_reminder", [str(pk) for pk in unsent.values_list("pk", flat=True)]
        ):
            enqueue("mail_reminder", subject)
        fresh = Reminder.objects.filter(made_at__gt=at - STILL_WORTH_SAYING)
        failed = failed_lately(
            "mail_reminder_to", [f"{pk}:" for pk in fresh.values_list("pk", flat=True)]
        )
        for subject in left_behind("mail_reminder_to", failed):
            enqueue("mail_reminder_to", subject)


def _remind_one(change: ChangeRequest, kind: Kind, about_at: datetime, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        reminder, is_new = Reminder.objects.get_or_create(
            change=change, kind=kind, about_at=about_at, defaults={"made_at": at}
        )
        if not is_new:
            return
        details: dict[str, object] = {"kind": kind.value, "about_at": about_at.isoformat()}
        record_change(
            EventType.CHANGE_REMINDED, change, actor=worker(worker_name()), details=details
        )
        enqueue("mail_reminder", reminder.pk)
