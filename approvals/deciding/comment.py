"""A remark on a change without a decision."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import locks, policy
from approvals.audit_events import record_change
from approvals.errors import BadChange
from approvals.models import Comment
from audit.events import Actor, EventType
from jobs import clock
from tenants.errors import NotAllowed


def comment(*, actor: Actor, tenant_id: int, number: int, text: str) -> None:
    """Adds a comment.

    :raises BadChange: when there is no text.
    :raises NotAllowed: for people who only read there.
    :raises UnknownObject: when the tenant has no such change.
    """
    if not text.strip():
        raise BadChange(_("Write the comment first."))
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        if not (verdict := policy.may_comment(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        Comment.objects.create(
            change=change, author_id=actor.user_id, text=text.strip(), written_at=clock.now()
        )
        record_change(EventType.CHANGE_COMMENTED, change, actor=actor, reason=text.strip())
