"""A remark on a change without a decision."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import acts
from approvals.errors import BadChange
from approvals.flows.witness import record_change
from approvals.models import Comment
from audit.events import Actor, EventType
from jobs import clock
from tenants import access
from tenants.models import AccessRole


def comment(*, actor: Actor, tenant_id: int, number: int, text: str) -> None:
    """Adds a comment.

    :raises BadChange: when there is no text.
    :raises NotAllowed: for people who only read.
    """
    if not text.strip():
        raise BadChange(_("Write the comment first."))
    with transaction.atomic(durable=True):
        change = acts.lock_change(tenant_id, number)
        access.require(actor.user_id, change.tenant, AccessRole.SUBMITTER, AccessRole.REVIEWER, AccessRole.TENANT_ADMIN, AccessRole.PLATFORM_ADMIN)
        Comment.objects.create(change=change, author_id=actor.user_id, text=text.strip(), written_at=clock.now())
        record_change(EventType.CHANGE_COMMENTED, change, actor=actor, reason=text.strip())
