"""Taking a change back before it is written."""

from django.db import transaction

from approvals import acts, policy
from approvals.causes import cause
from approvals.errors import PublicationInProgress
from approvals.flows.following import withdraw_followers
from approvals.flows.witness import record_change
from audit.events import Actor, EventType
from certs.sealing import forget
from jobs import clock
from tenants.errors import NotAllowed


def withdraw(*, actor: Actor, tenant_id: int, number: int, reason: str) -> None:
    """Ends an open change; what was sealed for it is deleted at once.

    :raises WrongState: when it is not open any more.
    :raises NotAllowed: for everybody but the submitter.
    :raises PublicationInProgress: while a write of it may be under way.
    """
    with transaction.atomic(durable=True):
        change = acts.lock_change(tenant_id, number)
        acts.require_open(change)
        if not (verdict := policy.may_withdraw(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        if acts.is_in_unresolved_publication(change):
            raise PublicationInProgress
        before, at = change.state, clock.now()
        change.mark_withdrawn(at=at, causes=[cause("withdrawn", name=actor.name)])
        change.save()
        forget(change.pk)
        record_change(EventType.CHANGE_WITHDRAWN, change, actor=actor, before=before, after=change.state, reason=reason.strip())
        withdraw_followers(change, cause("follower-withdrawn", number=change.number), actor=actor, at=at)
