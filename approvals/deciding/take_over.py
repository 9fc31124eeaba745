"""A change whose asker has lost the role gets somebody who takes care of it."""

from django.db import transaction

from approvals import locks, policy
from approvals.audit_events import record_change
from approvals.models import ChangeRequest
from audit.events import Actor, EventType
from tenants.errors import NotAllowed


def take_over(*, actor: Actor, tenant_id: int, number: int) -> None:
    """Makes a submitter of the tenant responsible for an open change, and for what is to follow it.

    They may withdraw it and answer its findings, and may not vote on it.

    :raises NotAllowed: without the submitter's role, and while its asker still has one.
    :raises UnknownObject: when the tenant has no such change.
    """
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        if not (verdict := policy.may_take_over(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        followers = ChangeRequest.objects.open().filter(follows=change)
        for each in (change, *followers.select_for_update(of=("self",))):
            if each != change and policy.may_ask_here(each.responsible.pk, each):
                continue  # somebody else takes care of it already
            before = each.responsible
            each.taken_over_by_id = actor.user_id
            each.save()
            each.takers.add(actor.user_id)
            record_change(
                EventType.CHANGE_TAKEN_OVER,
                each,
                actor=actor,
                before=f"user {before.pk}",
                after=f"user {actor.user_id}",
            )
