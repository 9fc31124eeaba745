"""Trying a held change again, after whoever could has mended what Google or the vault refused."""

from django.db import transaction

from approvals import acts, policy
from approvals.flows.witness import record_change
from approvals.states import State
from audit.events import Actor, EventType
from jobs.queue import enqueue
from tenants.errors import NotAllowed


def retry(*, actor: Actor, tenant_id: int, number: int) -> None:
    """Lets a held change take part in the next write.

    :raises NotAllowed: when it is not held, or for people without a part in it.
    :raises WrongState: when it is not approved.
    """
    with transaction.atomic(durable=True):
        change = acts.lock_change(tenant_id, number)
        acts.require_open(change, State.APPROVED)
        if not (verdict := policy.may_retry(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        held = change.held_code
        change.held_code = change.held_reason = ""
        change.held_at = None
        change.save()
        record_change(EventType.CHANGE_RETRIED, change, actor=actor, before=held)
        enqueue("publish", change.trust_config_id, queue=change.trust_config.environment.queue)
