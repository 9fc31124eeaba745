"""Time passing over approved changes: an approval that is too old counts no more."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from approvals import locks
from approvals.causes import cause
from approvals.judging import schedule
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import transitions
from audit.events import EventType, worker
from jobs import clock
from jobs.worker import name as worker_name


def lapse() -> None:
    """Ends every approved change whose approval is too old; one that is being written is left to its outcome."""
    at = clock.now()
    for change in ChangeRequest.objects.not_yet_written():
        if schedule.has_lapsed(change, at):
            _lapse_one(change.tenant_id, change.number, at=at)


def _lapse_one(tenant_id: int, number: int, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        change, actor = locks.lock_change(tenant_id, number), worker(worker_name())
        if (
            change.state != State.APPROVED
            or not schedule.has_lapsed(change, at)
            or locks.is_in_unresolved_publication(change)
        ):
            return
        why = cause("rejected-lapsed", days=settings.APPROVAL_DAYS)
        transitions.reject(change, why, actor=actor, at=at, event=EventType.CHANGE_LAPSED)
