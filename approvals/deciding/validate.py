"""A worker's look at a submitted change: read live afresh, judge again, let mode B vote, or hand it to people."""

from datetime import datetime

from django.db import transaction

from approvals import limits, locks, votes
from approvals.audit_events import record_change, record_drift
from approvals.causes import Cause, cause
from approvals.judging import schedule
from approvals.judging.digest import store_plan
from approvals.judging.estate import estate_of_change
from approvals.judging.judge import judge_change
from approvals.judging.originals import examine
from approvals.models import ChangeRequest, Vote
from approvals.states import State
from approvals.steps import moves, transitions
from audit.events import Actor, EventType, worker
from certs.golden_clients.standing import note_tried
from certs.hindrance import Hindrance
from certs.trust_configs.drift import Reading, is_as_seen, note_live
from certs.trust_configs.live import Live
from certs.trust_configs.publishing import read_live
from gcp.errors import CloudDenied, CloudError, CloudMissing, CloudRejected
from jobs import clock
from jobs.worker import name as worker_name
from pki.answers import final, open_questions
from pki.plan import revision_digest
from tenants.locks import lock_tenant


def validate(*, change_id: int) -> None:
    """Moves a submitted change to validated or rejected, and on to approved where no person needs to decide.

    While live is not what was last observed it does nothing: the change waits until a reviewer takes that over. One whose
    findings may be answered waits for its submitter's answer. One that cannot be checked, because Google or Cloud KMS
    refuses, is held until a person has mended that.

    :raises gcp.errors.CloudError: when live cannot be read for now, or the chains of golden clients cannot be opened.
    """
    change = ChangeRequest.objects.select_related("trust_config__environment").get(pk=change_id)
    if change.state != State.SUBMITTED or change.held_code:
        return
    actor, at = worker(worker_name()), clock.now()
    try:
        live = read_live(change.trust_config)
        seen = examine(change, live, at=at)
    except (
        CloudDenied,
        CloudMissing,
        CloudRejected,
    ) as error:  # final: a person mends it and says so
        _hold(change, error, actor=actor, at=at)
        return
    with transaction.atomic(durable=True):
        lock_tenant(change.tenant_id)
        change = locks.lock_change(change.tenant_id, change.number)
        if change.state != State.SUBMITTED or not _is_as_known(change, live, actor):
            return
        note_tried(seen.tried, digest=revision_digest(live.entries), at=at)
        findings = judge_change(
            change, estate_of_change(change, at=at), at=at, seen_by_worker=seen.findings
        )
        store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
        if refused := final(findings):
            transitions.reject(
                change,
                cause(
                    "rejected-checks",
                    codes=", ".join(sorted({finding.code for finding in refused})),
                ),
                actor=actor,
                at=at,
            )
            return
        if schedule.is_overlap_over(change, at):
            transitions.reject(change, cause("rejected-overlap"), actor=actor, at=at)
            return
        change.awaits_answer = bool(open_questions(findings))
        if change.awaits_answer:
            change.save()
            return
        causes = (
            limits.limits_exceeded(change, findings) if limits.decides_by_itself(change) else []
        )
        _validate(change, causes, actor=actor, at=at)
        if _vote_by_rule(change, causes, actor=actor, at=at):
            transitions.approve(change, actor=actor, at=at)


def _hold(change: ChangeRequest, error: CloudError, *, actor: Actor, at: datetime) -> None:
    with transaction.atomic(durable=True):
        lock_tenant(change.tenant_id)
        change = locks.lock_change(change.tenant_id, change.number)
        if change.state == State.SUBMITTED and not change.held_code:
            transitions.hold(change, Hindrance.of(error), actor=actor, at=at)


def _is_as_known(change: ChangeRequest, live: Live, actor: Actor) -> bool:
    """Whether live is what the change was made for: as last observed or, for one that resolves a drift, as its case shows."""
    if change.kind != ChangeRequest.Kind.REGULAR:
        return is_as_seen(
            change.trust_config, live
        )  # if not, the next look at the case ends the change
    reading = note_live(change.trust_config, live, seen_by=f"GetTrustConfig, {actor.id}")
    if reading is Reading.DRIFT:
        record_drift(change.trust_config, actor=actor)
    return reading is Reading.EXPECTED


def _validate(change: ChangeRequest, causes: list[Cause], *, actor: Actor, at: datetime) -> None:
    codes: list[object] = [*sorted({finding.code for finding in change.findings.all()})]
    details: dict[str, object] = {
        "change_digest": change.change_digest,
        "findings": codes,
        "etag": change.planned_etag,
        "causes": list(causes),
    }
    moves.validate(change, causes=causes, actor=actor, at=at, details=details)


def _vote_by_rule(
    change: ChangeRequest, causes: list[Cause], *, actor: Actor, at: datetime
) -> bool:
    """The vote of mode B's policy inside its limits, or of the one authorised person who asked for a rollback."""
    if votes.requester_decides(change.submitted_by_id, change, causes):
        Vote.objects.create(
            change=change,
            voter=change.submitted_by,
            decision=Vote.Decision.APPROVE,
            comment=change.reason,
            change_digest=change.change_digest,
            cast_at=at,
        )
    elif limits.decides_by_itself(change) and not causes:
        Vote.objects.create(
            change=change,
            policy=limits.policy_name(change.tenant),
            decision=Vote.Decision.APPROVE,
            change_digest=change.change_digest,
            cast_at=at,
        )
    else:
        return False
    vote = change.votes.latest("pk")
    details: dict[str, object] = {
        "decision": vote.decision,
        "by": vote.policy or f"user {vote.voter_id}",
        "change_digest": vote.change_digest,
    }
    by = actor if vote.voter is None else _asker(change)
    record_change(EventType.VOTE_CAST, change, actor=by, after=vote.decision, details=details)
    return True


def _asker(change: ChangeRequest) -> Actor:
    """Who asked is who decided, with how they had signed in; the worker only carries it out."""
    person = change.submitted_by
    return Actor(
        kind="person",
        id=str(person.pk),
        name=person.full_name or person.email,
        email=person.email,
        authenticated_by=change.submitted_with,
    )
