"""The moves that a change makes forward, each once: the state, the row and its one event, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from approvals.audit_events import record_change
from approvals.causes import Cause
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType
from audit.log import Json
from certs.vault.sealing import keep_until


def validate(
    change: ChangeRequest,
    *,
    actor: Actor,
    at: datetime,
    causes: Sequence[Cause] = (),
    details: Json | None = None,
) -> None:
    change.mark_validated(at=at, causes=list(causes))
    _record(change, EventType.CHANGE_VALIDATED, State.SUBMITTED, actor=actor, details=details)


def approve(
    change: ChangeRequest, *, actor: Actor, at: datetime, details: Json | None = None
) -> None:
    change.mark_approved(at=at)
    _record(change, EventType.CHANGE_APPROVED, State.VALIDATED, actor=actor, details=details)


def apply(change: ChangeRequest, *, actor: Actor, at: datetime, details: Json) -> None:
    """What left is kept sealed from now on for the rollback window."""
    change.mark_applied(at=at)
    _record(change, EventType.CHANGE_APPLIED, State.APPROVED, actor=actor, details=details)
    keep_until(change.pk, at + timedelta(days=settings.ROLLBACK_WINDOW_DAYS))


def roll_back(
    original: ChangeRequest, by: ChangeRequest, why: Cause, *, actor: Actor, at: datetime
) -> None:
    """The change that undoes it is applied."""
    original.mark_rolled_back(at=at, causes=[why])
    original.save()
    record_change(
        EventType.CHANGE_ROLLED_BACK,
        original,
        actor=actor,
        before=State.APPLIED,
        after=original.state,
        reason=by.reason,
        details={"by": by.number},
    )


def _record(
    change: ChangeRequest, event: EventType, before: State, *, actor: Actor, details: Json | None
) -> None:
    change.save()
    record_change(event, change, actor=actor, before=before, after=change.state, details=details)
