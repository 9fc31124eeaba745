"""A change that cannot go on by itself: Google or the vault refused it, and it waits until a person tries again."""

from datetime import datetime

from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType
from jobs.queue import enqueue


def hold_change(change: ChangeRequest, code: str, words: str, *, actor: Actor, at: datetime) -> None:
    """Holds a locked change, in the caller's transaction; ``words`` begin with the RPC that was refused, where one was."""
    change.held_code, change.held_reason, change.held_at = code, words, at
    change.save()
    record_change(EventType.CHANGE_HELD, change, actor=actor, after=code, reason=words, result="failed")


def release_change(change: ChangeRequest, *, actor: Actor) -> None:
    """Lets a locked change that was held go on, in the caller's transaction: to its check, or to the next write."""
    before, change.held_code, change.held_reason, change.held_at = change.held_code, "", "", None
    change.save()
    record_change(EventType.CHANGE_RETRIED, change, actor=actor, before=before)
    kind, subject_id = ("validate_change", change.pk) if change.state == State.SUBMITTED else ("publish", change.trust_config_id)
    enqueue(kind, subject_id, queue=change.trust_config.environment.queue)
