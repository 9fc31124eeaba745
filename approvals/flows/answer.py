"""A submitter answers what the worker found, and the change is checked again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals import acts, policy
from approvals.errors import BadChange
from approvals.flows.witness import record_change
from approvals.states import State
from audit.events import Actor, EventType
from jobs.queue import enqueue
from tenants.errors import NotAllowed


def answer(*, actor: Actor, tenant_id: int, number: int, answers: dict[str, str]) -> None:
    """Keeps what the submitter says to findings, by code, and asks a worker to check the change again.

    :raises WrongState: when the change is past its checks.
    :raises NotAllowed: for everybody but its submitter.
    :raises BadChange: when none of the findings that wait is answered.
    :raises UnknownObject:
    """
    at = timezone.now()
    with transaction.atomic(durable=True):
        change = acts.lock_change(tenant_id, number)
        acts.require_open(change, State.SUBMITTED)
        if not (verdict := policy.may_answer(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        codes = acts.keep_answers(change, [finding.judgement for finding in change.findings.all()], answers, user_id=actor.user_id, at=at)
        if not codes:
            raise BadChange(_("Say for each finding why it is right all the same."))
        change.awaits_answer = False
        change.save()
        record_change(EventType.CHANGE_ANSWERED, change, actor=actor, details={"codes": [*codes], "answers": {code: answers[code].strip() for code in codes}})
        enqueue("validate_change", change.pk, queue=change.trust_config.environment.queue)
