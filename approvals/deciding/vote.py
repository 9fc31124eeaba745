"""The countersignature: one person's decision on exactly the plan that the page showed."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from approvals import locks, votes
from approvals.audit_events import record_change
from approvals.causes import cause
from approvals.errors import BadChange, SelfApproval, StalePlan, VoteRefused
from approvals.judging import schedule
from approvals.models import ChangeRequest, Vote
from approvals.states import State
from approvals.steps import transitions
from audit.events import Actor, EventType, worker
from jobs import clock
from jobs.worker import name as worker_name
from pki.findings import Severity
from tenants.locks import lock_tenant


def approve(*, actor: Actor, tenant_id: int, number: int, digest: str, comment: str) -> None:
    """Casts an approving vote; with the last one needed the change is approved and a worker is asked to write it.

    :raises SelfApproval, VoteRefused: when the person's vote does not count; says why.
    :raises StalePlan: when ``digest`` is not the present plan's.
    :raises UnknownObject: when the tenant has no such change.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        lock_tenant(tenant_id)
        change = locks.lock_change(tenant_id, number)
        _cast(change, Vote.Decision.APPROVE, actor=actor, digest=digest, comment=comment, at=at)
        if votes.has_votes(change):
            transitions.approve(change, actor=actor, at=at)


def reject(*, actor: Actor, tenant_id: int, number: int, digest: str, comment: str) -> None:
    """Declines the change for good; one such vote ends it. The comment says why.

    :raises BadChange: without a comment.
    :raises SelfApproval, VoteRefused, StalePlan, UnknownObject: as for :func:`approve`.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        _require_vote(change, actor)
        if not comment.strip():
            raise BadChange(_("Say why you reject the change; its submitter will read it."))
        _cast(change, Vote.Decision.REJECT, actor=actor, digest=digest, comment=comment, at=at)
        why = cause("rejected-declined", name=actor.name, comment=comment.strip())
        transitions.reject(change, why, actor=actor, at=at, reason=comment.strip())


def recount() -> None:
    """Approves what has its votes although nobody votes now.

    A voter has the role again, or the environment asks for fewer votes.
    """
    waiting = ChangeRequest.objects.filter(
        state=State.VALIDATED,
        awaits_answer=False,
        votes__change_digest=F("change_digest"),
        votes__decision=Vote.Decision.APPROVE,
    )
    for tenant_id, number in waiting.values_list("tenant_id", "number").distinct():
        with transaction.atomic(durable=True):
            at = clock.now()
            lock_tenant(tenant_id)
            change = locks.lock_change(tenant_id, number)
            is_blocked = change.findings.filter(severity=Severity.BLOCKING).exists()
            if change.state != State.VALIDATED or is_blocked or change.awaits_answer:
                continue
            if votes.has_votes(change) and not schedule.is_overlap_over(change, at):
                transitions.approve(change, actor=worker(worker_name()), at=at)


def _cast(
    change: ChangeRequest,
    decision: Vote.Decision,
    *,
    actor: Actor,
    digest: str,
    comment: str,
    at: datetime,
) -> None:
    _require_vote(change, actor)
    if digest != change.change_digest:
        raise StalePlan
    if decision is Vote.Decision.APPROVE and schedule.is_overlap_over(change, at):
        raise VoteRefused(
            _(
                "The overlap that it asks for is over already. It can be rejected or withdrawn, and asked for anew."
            )
        )
    if (
        decision is Vote.Decision.APPROVE
        and change.findings.filter(severity=Severity.BLOCKING).exists()
    ):
        raise VoteRefused(
            _(
                "A finding blocks this change. It can be answered by its submitter where that is possible, rejected or withdrawn, but not approved."
            )
        )
    Vote.objects.create(
        change=change,
        voter_id=actor.user_id,
        decision=decision,
        comment=comment.strip(),
        change_digest=digest,
        cast_at=at,
    )
    details: dict[str, object] = {
        "decision": decision.value,
        "change_digest": digest,
        "votes_needed": votes.votes_needed(change),
    }
    record_change(
        EventType.VOTE_CAST,
        change,
        actor=actor,
        after=decision.value,
        reason=comment.strip(),
        details=details,
    )


def _require_vote(change: ChangeRequest, actor: Actor) -> None:
    if votes.is_self_approval(actor.user_id, change):
        raise SelfApproval(votes.may_vote(actor.user_id, change).reason)
    if not (verdict := votes.may_vote(actor.user_id, change)):
        raise VoteRefused(verdict.reason)
