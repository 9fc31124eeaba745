"""Time passing over approved changes: an approval that is too old counts no more, and people are told of what will come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from approvals import acts, schedule
from approvals.causes import cause
from approvals.flows.following import withdraw_followers
from approvals.flows.witness import record_change
from approvals.models import ChangeRequest, Reminder
from approvals.states import State
from audit.events import EventType, worker
from certs.sealing import forget
from jobs import clock
from jobs.queue import enqueue
from jobs.worker import name as worker_name
from tenants.models import User

Kind = Reminder.Kind
BEFORE_LAPSE = timedelta(days=2)
BEFORE_OVERLAP_ENDS = ((Kind.OVERLAP_DAY, timedelta(days=1)), (Kind.OVERLAP_WEEK, timedelta(days=7)))


def lapse() -> None:
    """Ends every approved change whose approval is too old; one that is being written is left to its outcome."""
    at = clock.now()
    for change in _approved():
        when = schedule.lapses_at(change)
        if when is not None and when <= at:
            _lapse_one(change.tenant_id, change.number, at=at)


def remind() -> None:
    """Writes down, once each, what people must be told of now, and asks for the mails."""
    at = clock.now()
    for change in _approved():
        when = schedule.lapses_at(change)
        if when is not None and at < when <= at + BEFORE_LAPSE:
            _remind_one(change, Kind.LAPSE, when, at=at)
        if change.follows is not None and change.due_at is not None and change.due_at > at:
            for kind, before in BEFORE_OVERLAP_ENDS:
                if change.due_at <= at + before:
                    _remind_one(change, kind, change.due_at, at=at)
                    break


def mail(*, reminder_id: int) -> None:
    """Sends one reminder to the submitter and to those who voted, each in their language. Told twice is better than not at all."""
    reminder = Reminder.objects.select_related("change__tenant", "change__trust_config__environment").get(pk=reminder_id)
    if reminder.mailed_at is not None:
        return
    change = reminder.change
    told = {change.submitted_by_id, *(change.follows or change).votes.exclude(voter=None).values_list("voter_id", flat=True)}
    for user in User.objects.filter(pk__in=told, is_active=True):
        with translation.override(user.language or settings.LANGUAGE_CODE):
            send_mail(_subject(reminder), _body(reminder), None, [user.email])
    Reminder.objects.filter(pk=reminder_id).update(mailed_at=clock.now())


def _approved() -> list[ChangeRequest]:
    rows = ChangeRequest.objects.filter(state=State.APPROVED).select_related("tenant", "follows", "trust_config__environment", "submitted_by")
    return list(rows.prefetch_related("items"))


def _lapse_one(tenant_id: int, number: int, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        change, actor = acts.lock_change(tenant_id, number), worker(worker_name())
        when = schedule.lapses_at(change)
        if change.state != State.APPROVED or when is None or when > at or acts.is_in_unresolved_publication(change):
            return
        causes = [cause("rejected-lapsed", days=settings.APPROVAL_DAYS)]
        change.mark_rejected(at=at, causes=causes)
        change.save()
        forget(change.pk)
        record_change(EventType.CHANGE_LAPSED, change, actor=actor, before=State.APPROVED, after=change.state, details={"causes": [*causes]})
        withdraw_followers(change, cause("follower-withdrawn", number=number), actor=actor, at=at)


def _remind_one(change: ChangeRequest, kind: Kind, about_at: datetime, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        reminder, is_new = Reminder.objects.get_or_create(change=change, kind=kind, about_at=about_at, defaults={"made_at": at})
        if not is_new:
            return
        details: dict[str, object] = {"kind": kind.value, "about_at": about_at.isoformat()}
        record_change(EventType.CHANGE_REMINDED, change, actor=worker(worker_name()), details=details)
        enqueue("mail_reminder", reminder.pk)


def _subject(reminder: Reminder) -> str:
    change = reminder.change
    what = reminder.get_kind_display()
    return _("Countersign: %(tenant)s #%(number)s: %(what)s") % {"tenant": change.tenant, "number": change.number, "what": what}


def _body(reminder: Reminder) -> str:
    change, when = reminder.change, f"{reminder.about_at:%Y-%m-%d %H:%M} UTC"
    values = {"number": change.number, "tenant": change.tenant, "trust_config": change.trust_config.name, "when": when}
    if reminder.kind == Kind.LAPSE:
        return _("Change #%(number)s of %(tenant)s (%(trust_config)s) was approved and is not written yet. Its approval lapses on %(when)s.") % values
    return _("An overlap of %(tenant)s (%(trust_config)s) ends on %(when)s: change #%(number)s then removes the old certificate.") % values
