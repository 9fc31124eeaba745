"""Undoing applied changes: a change of its own that inverts exactly them, over today's set and under today's rules."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import draft, locks, policy
from approvals.asking import conflicts
from approvals.asking.restore import keep_for, originals_for
from approvals.asking.undo import later_changes, needs_name, net_of, refuse_impossible, require_name
from approvals.errors import BadChange, PublicationInProgress
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import creation
from approvals.steps.creation import send_to_check
from audit.events import Actor
from jobs import clock
from pki.certificate import ParsedCertificate
from pki.plan import Action
from tenants.errors import NotAllowed
from tenants.locks import lock_tenant
from web.texts import listed


def roll_back(
    *,
    actor: Actor,
    tenant_id: int,
    number: int,
    also: list[int],
    reason: str,
    originals: list[ParsedCertificate],
    typed_name: str = "",
) -> int:
    """Asks for the inverse of an applied change; returns the new change's number.

    ``also`` are numbers of later changes on the same certificates, which must be undone with it; ``originals`` are
    uploaded for certificates whose sealed original is no longer kept.

    ``typed_name`` is the trust config's name, typed where :func:`~approvals.asking.undo.needs_name` asks for it.

    :raises BadChange: without a reason, when a later change is not chosen too, or the name is not typed.
    :raises NotRestorable: when an original is missing, or a certificate was revoked.
    :raises NotAllowed, BlockingFindings, ConflictingChange, TrustConfigNotReady, VaultClosed, WrongState, UnknownObject:
    """
    if not reason.strip():
        raise BadChange(_("Say why this change is undone. Reviewers and auditors will read it."))
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        original = locks.lock_change(tenant_id, number)
        locks.require_open(original, State.APPLIED)
        if not (verdict := policy.may_roll_back(actor.user_id, original)):
            raise NotAllowed(verdict.reason)
        chosen = _chosen(original, also)
        if any(
            locks.is_in_unresolved_publication(second)
            for first in chosen
            for second in first.followers.all()
        ):
            raise PublicationInProgress
        refuse_impossible(original, chosen[1:])
        trust_config = conflicts.open_trust_config(tenant, original.trust_config_id)
        net = net_of(chosen)
        if len(net) > draft.MAXIMAL_ITEMS:
            raise BadChange(
                _(
                    "Undoing all of this at once is more than one change can hold. Undo the changes one by one, latest first."
                )
            )
        if not net:
            raise BadChange(
                _("There is nothing left to undo: what this change did is undone already.")
            )
        if needs_name(original, net):
            require_name(trust_config, typed_name)
        conflicts.refuse_beside_others(tenant, trust_config, net)
        restored = {entry for entry, action in net.items() if action is Action.ADD}
        found = originals_for(trust_config, restored, originals, tenant_id=tenant.pk)
        change = creation.create_way_back(
            tenant=tenant,
            trust_config=trust_config,
            actor=actor,
            reason=reason,
            added=restored,
            removed=net.keys() - restored,
            at=at,
        )
        keep_for(change, found)
        change.inverts.set(chosen)
        send_to_check(
            change, actor=actor, at=at, details={"inverts": [each.number for each in chosen]}
        )
    return change.number


def _chosen(original: ChangeRequest, also: list[int]) -> list[ChangeRequest]:
    """The change and the later ones that rest on it; all of them or none."""
    later = later_changes(original)
    if missing := [change for change in later if change.number not in also]:
        names = listed(f"#{change.number}" for change in missing)
        raise BadChange(
            _("Later changes concern the same certificates and must be undone with it: %(names)s.")
            % {"names": names}
        )
    return [original, *later]
