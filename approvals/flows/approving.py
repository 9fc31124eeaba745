"""The moment in which a change has the votes that it needs: it is approved, its follower is written, a worker is asked."""

from datetime import datetime

from approvals import schedule
from approvals.flows.following import write_follower
from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType
from jobs.queue import enqueue


def approve_change(change: ChangeRequest, *, actor: Actor, at: datetime) -> None:
    """Acts in the caller's transaction, on a change that is validated and has its votes."""
    change.mark_approved(at=at)
    change.save()
    record_change(EventType.CHANGE_APPROVED, change, actor=actor, before=State.VALIDATED, after=change.state)
    if change.later_removals:
        write_follower(change, actor=actor, at=at)
    if schedule.may_go(change, at):  # else the net asks when its time has come, whatever has become of windows and freezes by then
        enqueue("publish", change.trust_config_id, queue=change.trust_config.environment.queue)
