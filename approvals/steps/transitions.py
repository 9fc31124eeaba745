"""Each way on or back for a change, once. Every flow that needs one calls it, in the flow's own transaction.

A change that ends or goes back takes along what was to follow it at the end of an overlap.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from approvals import locks
from approvals.audit_events import record_change
from approvals.causes import Cause, cause
from approvals.judging import schedule
from approvals.judging.digest import renew_digest, store_plan
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import moves
from approvals.steps.rotation import write_follower
from audit.events import Actor, EventType
from certs.hindrance import NONE, Hindrance
from certs.vault.sealing import forget
from jobs.queue import enqueue
from pki.answers import open_questions
from pki.findings import Finding


def approve(change: ChangeRequest, *, actor: Actor, at: datetime) -> None:
    """On a validated change that has its votes; its follower is written with it."""
    moves.approve(change, actor=actor, at=at)
    if change.later_removals.exists():
        write_follower(change, actor=actor, at=at)
    # Otherwise the periodic sweep enqueues it when it is due, by the windows and freezes of then.
    if schedule.may_go(change, at):
        enqueue("publish", change.trust_config_id, queue=change.trust_config.environment.queue)


def return_to_voters(
    change: ChangeRequest,
    causes: Sequence[Cause],
    *,
    actor: Actor,
    at: datetime,
    findings: Sequence[Finding] | None = None,
    news: Iterable[Finding] = (),
    reason: str = "",
) -> None:
    """Votes are needed again: an approved change goes back with the causes.

    ``findings`` are those of a new check, of which the voters had not seen ``news``; without them
    the stored ones stay.
    """
    change.mark_returned(at=at, causes=list(causes))
    change.delta = {"findings": [list(finding.key) for finding in news]}
    withdraw_followers(change, cause("follower-returned", number=change.number), actor=actor, at=at)
    if findings is None:
        renew_digest(change)
    else:
        change.awaits_answer = bool(open_questions(findings))
        store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
    change.save()
    record_change(
        EventType.CHANGE_RETURNED,
        change,
        actor=actor,
        before=State.APPROVED,
        after=change.state,
        reason=reason,
        details={"causes": list(causes)},
    )


def reject(
    change: ChangeRequest,
    why: Cause,
    *,
    actor: Actor,
    at: datetime,
    event: EventType = EventType.CHANGE_REJECTED,
    reason: str = "",
) -> None:
    """Ends an open change against its submitter's wish: checks, a reviewer, time or a drift says no."""
    before = change.state
    change.mark_rejected(at=at, causes=[why])
    _end(change, event, why, before=before, actor=actor, at=at, reason=reason)


def withdraw(
    change: ChangeRequest, why: Cause, *, actor: Actor, at: datetime, reason: str = ""
) -> None:
    """Ends an open change that is no longer wanted."""
    before = change.state
    change.mark_withdrawn(at=at, causes=[why])
    _end(change, EventType.CHANGE_WITHDRAWN, why, before=before, actor=actor, at=at, reason=reason)


def withdraw_followers(first: ChangeRequest, why: Cause, *, actor: Actor, at: datetime) -> None:
    """What was to follow does not: the first change has ended, was sent back, or is being undone."""
    followers = ChangeRequest.objects.open().filter(follows=first)
    for second in followers.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment"
    ):
        if not locks.is_in_unresolved_publication(second):
            withdraw(second, why, actor=actor, at=at)


def hold(change: ChangeRequest, why: Hindrance, *, actor: Actor, at: datetime) -> None:
    """Google or the vault refused it: it waits until a person tries again."""
    change.hold_for(why, at=at)
    change.save()
    record_change(
        EventType.CHANGE_HELD,
        change,
        actor=actor,
        after=why.code,
        reason=str(why),
        result="failed",
        details={"rpc": why.rpc, "reason": why.reason} if why.rpc else None,
    )


def release(change: ChangeRequest, *, actor: Actor) -> None:
    """Lets a change that was held go on: to its check, or to the next write."""
    before = change.held_code
    change.hold_for(NONE, at=None)
    change.save()
    record_change(EventType.CHANGE_RETRIED, change, actor=actor, before=before)
    is_unchecked = change.state == State.SUBMITTED
    kind, subject_id = (
        ("validate_change", change.pk) if is_unchecked else ("publish", change.trust_config_id)
    )
    enqueue(kind, subject_id, queue=change.trust_config.environment.queue)


def _end(
    change: ChangeRequest,
    event: EventType,
    why: Cause,
    *,
    before: str,
    actor: Actor,
    at: datetime,
    reason: str,
) -> None:
    """What was sealed for it is deleted at once."""
    change.save()
    forget(change.pk)
    record_change(
        event,
        change,
        actor=actor,
        before=before,
        after=change.state,
        reason=reason,
        details={"causes": [why]},
    )
    ended = "follower-withdrawn" if change.state == State.WITHDRAWN else "follower-rejected"
    withdraw_followers(change, cause(ended, number=change.number), actor=actor, at=at)
