"""A submitter answers what the worker found, and the change is checked again."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import locks, policy
from approvals.audit_events import record_change
from approvals.errors import BadChange
from approvals.judging.answers import keep_answers
from approvals.judging.digest import store_plan
from approvals.judging.estate import estate_of_change
from approvals.judging.judge import judge_change, last_seen_by_worker
from approvals.states import State
from audit.events import Actor, EventType
from jobs import clock
from jobs.queue import enqueue
from pki.answers import open_questions
from tenants.errors import NotAllowed


def answer(*, actor: Actor, tenant_id: int, number: int, answers: dict[str, str]) -> None:
    """Keeps what the submitter says to findings, by code. A submitted change is checked again by a worker, one that came back
    from its votes goes to its voters with the answers.

    :raises WrongState: when the change is past its checks.
    :raises NotAllowed: for everybody but whoever is responsible for it.
    :raises BadChange: when none of the findings that wait is answered.
    :raises UnknownObject:
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        locks.require_open(change, State.SUBMITTED, State.VALIDATED)
        if not (verdict := policy.may_answer(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        codes = keep_answers(
            change,
            [finding.judgement for finding in change.findings.all()],
            answers,
            user_id=actor.user_id,
            at=at,
        )
        if not codes:
            raise BadChange(_("Say for each finding why it is right all the same."))
        change.awaits_answer = False
        if change.state == State.VALIDATED:
            findings = judge_change(
                change,
                estate_of_change(change, at=at),
                at=at,
                seen_by_worker=last_seen_by_worker(change),
            )
            change.awaits_answer = bool(open_questions(findings))
            change.voting_round += 1
            store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
        change.save()
        record_change(
            EventType.CHANGE_ANSWERED,
            change,
            actor=actor,
            details={"codes": [*codes], "answers": {code: answers[code].strip() for code in codes}},
        )
        if change.state == State.SUBMITTED:
            enqueue("validate_change", change.pk, queue=change.trust_config.environment.queue)
