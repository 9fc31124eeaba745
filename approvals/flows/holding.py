"""A change that cannot go on by itself: Google or the vault refused it, and it waits until a person tries again."""

from datetime import datetime

from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from audit.events import Actor, EventType


def hold_change(change: ChangeRequest, code: str, words: str, *, actor: Actor, at: datetime) -> None:
    """Holds a locked change, in the caller's transaction; ``words`` begin with the RPC that was refused, where one was."""
    change.held_code, change.held_reason, change.held_at = code, words, at
    change.save()
    record_change(EventType.CHANGE_HELD, change, actor=actor, after=code, reason=words, result="failed")
