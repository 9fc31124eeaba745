"""Reviewers stop an approved change that is not written yet: back to its voters, or ended for good."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import locks, policy
from approvals.causes import cause
from approvals.errors import BadChange, PublicationInProgress
from approvals.models import ChangeRequest
from approvals.steps import transitions
from audit.events import Actor
from jobs import clock
from tenants.errors import NotAllowed


def send_back(*, actor: Actor, tenant_id: int, number: int, comment: str) -> None:
    """Asks for new votes on an approved change, also in a freeze and while it is urgent.

    :raises BadChange: without a comment.
    :raises NotAllowed: for everybody but reviewers of that environment, and when it is not approved.
    :raises PublicationInProgress: while a write of it may be under way.
    :raises UnknownObject: when the tenant has no such change.
    """
    with transaction.atomic(durable=True):
        change = _stoppable(actor, tenant_id, number, comment)
        why = cause("returned-reviewer", name=actor.name, comment=comment.strip())
        transitions.return_to_voters(
            change, [why], actor=actor, at=clock.now(), reason=comment.strip()
        )


def reject_approved(*, actor: Actor, tenant_id: int, number: int, comment: str) -> None:
    """Ends an approved change for good.

    :raises BadChange, NotAllowed, PublicationInProgress, UnknownObject: as for :func:`send_back`.
    """
    with transaction.atomic(durable=True):
        change = _stoppable(actor, tenant_id, number, comment)
        why = cause("rejected-declined", name=actor.name, comment=comment.strip())
        transitions.reject(change, why, actor=actor, at=clock.now(), reason=comment.strip())


def _stoppable(actor: Actor, tenant_id: int, number: int, comment: str) -> ChangeRequest:
    change = locks.lock_change(tenant_id, number)
    if not (verdict := policy.may_stop(actor.user_id, change)):
        raise NotAllowed(verdict.reason)
    if locks.is_in_unresolved_publication(change):
        raise PublicationInProgress
    if not comment.strip():
        raise BadChange(_("Say why you stop this change; its submitter and voters will read it."))
    return change
