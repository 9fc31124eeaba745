"""The end of every way to ask for a change: it is judged, recorded, and sent to a worker, or refused as a whole."""

from collections.abc import Mapping
from datetime import datetime

from approvals.acts import keep_answers
from approvals.checks import estate_of_change, judge_change, store_plan
from approvals.errors import BlockingFindings
from approvals.flows.witness import items_as_json, record_change
from approvals.models import ChangeRequest
from audit.events import Actor, EventType
from audit.log import Json
from jobs.queue import enqueue
from pki.findings import blocking


def send_to_check(change: ChangeRequest, *, actor: Actor, at: datetime, details: Json, answers: Mapping[str, str] | None = None) -> None:
    """Judges a change that was just written, records it, and asks a worker to check it against live.

    ``answers`` are what the submitter says to findings, by code.

    :raises BlockingFindings: when the checks refuse it already; the caller's transaction takes the change back.
    """
    findings = judge_change(change, estate_of_change(change, at=at), at=at)
    codes = keep_answers(change, findings, answers or {}, user_id=actor.user_id, at=at) if answers else []
    if codes:
        findings = judge_change(change, estate_of_change(change, at=at), at=at)
    if refused := blocking(findings):
        raise BlockingFindings(refused)
    store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
    change.save()
    record_change(
        EventType.CHANGE_SUBMITTED,
        change,
        actor=actor,
        after=change.state,
        reason=change.reason,
        details={"items": items_as_json(change), "mode": change.mode, **details},
    )
    if codes and answers:
        said: Json = {"codes": [*codes], "answers": {code: answers[code].strip() for code in codes}}
        record_change(EventType.CHANGE_ANSWERED, change, actor=actor, details=said)
    enqueue("validate_change", change.pk, queue=change.trust_config.environment.queue)
