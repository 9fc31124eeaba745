"""Taking a change back before it is written."""

from django.db import transaction

from approvals import locks, policy
from approvals.causes import cause
from approvals.errors import PublicationInProgress
from approvals.steps import transitions
from audit.events import Actor
from jobs import clock
from tenants.errors import NotAllowed


def withdraw(*, actor: Actor, tenant_id: int, number: int, reason: str) -> None:
    """Ends an open change; what was sealed for it is deleted at once.

    :raises WrongState: when it is not open any more.
    :raises NotAllowed: for everybody but whoever is responsible for it.
    :raises PublicationInProgress: while a write of it may be under way.
    """
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        locks.require_open(change)
        if not (verdict := policy.may_withdraw(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        if locks.is_in_unresolved_publication(change):
            raise PublicationInProgress
        transitions.withdraw(
            change,
            cause("withdrawn", name=actor.name),
            actor=actor,
            at=clock.now(),
            reason=reason.strip(),
        )
