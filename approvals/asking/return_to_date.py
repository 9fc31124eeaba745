"""Back to what a tenant trusted on a date: a plan over today's set like any other, checked and voted on like any other."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import draft, policy
from approvals.asking import conflicts
from approvals.asking.restore import keep_for, originals_for
from approvals.asking.undo import plan_of_return
from approvals.errors import BadChange
from approvals.steps import creation
from approvals.steps.creation import send_to_check
from audit.events import Actor
from audit.log import Json
from jobs import clock
from pki.certificate import ParsedCertificate
from tenants.errors import NotAllowed
from tenants.locks import lock_tenant

MOST_NAMED = 50


def return_to(
    *,
    actor: Actor,
    tenant_id: int,
    trust_config_id: str,
    date: datetime,
    reason: str,
    originals: Iterable[ParsedCertificate] = (),
) -> int:
    """Asks for what the tenant held at that instant; returns the change's number. What was revoked since stays away.

    :raises BadChange: without a reason, for a date to come, or when nothing would change.
    :raises NotRestorable: when an original is missing; names the fingerprints.
    :raises NotAllowed, BlockingFindings, ConflictingChange, TrustConfigNotReady, VaultClosed, UnknownObject:
    """
    at = clock.now()
    if not reason.strip():
        raise BadChange(_("Say why this is needed. Reviewers and auditors will read it."))
    if date > at:
        raise BadChange(_("The date must lie in the past."))
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        trust_config = conflicts.open_trust_config(tenant, trust_config_id)
        if not (verdict := policy.may_submit(actor.user_id, tenant, trust_config.environment)):
            raise NotAllowed(verdict.reason)
        plan = plan_of_return(trust_config, tenant_id, date)
        if not plan.added and not plan.removed:
            raise BadChange(
                _("Nothing would change: the tenant trusts today what it trusted then.")
            )
        if len(plan.added) + len(plan.removed) > draft.MAXIMAL_ITEMS:
            raise BadChange(
                _("The way back has more than %(limit)s items. Go back in smaller steps.")
                % {"limit": draft.MAXIMAL_ITEMS}
            )
        conflicts.refuse_beside_others(tenant, trust_config, plan.added | plan.removed)
        found = originals_for(trust_config, plan.added, originals, tenant_id=tenant_id)
        change = creation.create_way_back(
            tenant=tenant,
            trust_config=trust_config,
            actor=actor,
            reason=reason,
            added=plan.added,
            removed=plan.removed,
            at=at,
        )
        change.returns_to = date
        keep_for(change, found)
        send_to_check(change, actor=actor, at=at, details=_details(date, plan.revoked))
    return change.number


def _details(date: datetime, revoked: Iterable[str]) -> Json:
    """What stays away is counted, and named as far as an event holds it."""
    names = sorted(revoked)
    return {
        "returns_to": date.isoformat(),
        "left_revoked_count": len(names),
        "left_revoked": [*names[:MOST_NAMED]],
    }
