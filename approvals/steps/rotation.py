"""The second change of a rotation with an overlap: written with the approval of the first."""

from datetime import datetime

from approvals.audit_events import items_as_json, record_change
from approvals.draft import Removal
from approvals.judging.digest import renew_digest, store_plan
from approvals.judging.estate import estate_of_change
from approvals.judging.judge import judge_change
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import creation, moves
from audit.events import Actor, EventType
from tenants.locks import lock_tenant

# A first change that is written later than a tenth of its overlap moves the overlap's end along.
LATE = 10


def write_follower(first: ChangeRequest, *, actor: Actor, at: datetime) -> ChangeRequest:
    """The removal that was voted on with the first change: approved with it, due when the overlap ends, checked again then."""
    tenant = lock_tenant(first.tenant_id)
    second = creation.create_change(
        tenant=tenant,
        trust_config=first.trust_config,
        user_id=first.submitted_by_id,
        by=str(first.submitted_by),
        reason=first.reason,
        additions=[],
        removals=[
            Removal(row.sha256_fingerprint, row.role, row.removal)
            for row in first.later_removals.all()
        ],
        names_revocation=False,
        at=at,
    )
    second.mode, second.follows = first.mode, first
    second.taken_over_by = first.taken_over_by
    in_window = first.schedule == ChangeRequest.Schedule.IN_WINDOW
    second.schedule = (
        ChangeRequest.Schedule.IN_WINDOW if in_window else ChangeRequest.Schedule.AT_TIME
    )
    second.due_at = first.overlap_until
    # Only what stood on the first change has been seen by its voters; the rest must come up when the second's time comes.
    seen = {(finding.code, finding.sha256_fingerprint) for finding in first.findings.all()}
    findings = [
        finding
        for finding in judge_change(second, estate_of_change(second, at=at), at=at)
        if finding.key in seen
    ]
    store_plan(second, findings, at=at, etag=first.trust_config.observed_etag)
    second.save()
    second.takers.set(first.takers.all())
    details: dict[str, object] = {
        "items": items_as_json(second),
        "follows": first.number,
        "due_at": first.overlap_until and first.overlap_until.isoformat(),
    }
    # Whoever gave the last vote did not submit it: it was submitted with the first.
    record_change(
        EventType.CHANGE_FOLLOWS,
        second,
        actor=actor,
        after=second.state,
        reason=second.reason,
        details=details,
    )
    moves.validate(second, actor=actor, at=at, details={"decided_with": first.number})
    moves.approve(second, actor=actor, at=at, details={"decided_with": first.number})
    return second


def keep_overlap(first: ChangeRequest, *, actor: Actor, at: datetime) -> None:
    """The first change was written late: the overlap that was decided on is kept, and its end moves along."""
    assert first.overlap_until is not None
    assert first.approved_at is not None
    begins = max(first.approved_at, first.due_at or first.approved_at)
    planned = first.overlap_until - begins
    if at - begins <= planned / LATE:
        return
    followers = ChangeRequest.objects.open().filter(follows=first)
    for second in followers.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment"
    ):
        if second.due_at is None or second.due_at >= at + planned:
            continue
        before, second.due_at = second.due_at, at + planned
        if second.state == State.VALIDATED:  # its date is part of what is voted on
            second.voting_round += 1
            renew_digest(second)
        second.save()
        record_change(
            EventType.CHANGE_RESCHEDULED,
            second,
            actor=actor,
            before=before.isoformat(),
            after=second.due_at.isoformat(),
        )
