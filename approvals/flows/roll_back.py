"""Undoing applied changes: a change of its own that inverts exactly them, over today's set and under today's rules."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals import acts, policy
from approvals.acts import Addition, Removal
from approvals.errors import BadChange
from approvals.flows.sending import send_to_check
from approvals.models import ChangeRequest, Item
from approvals.rollbacks import effective, later_changes, net_inverse, refuse_revoked
from approvals.states import State
from audit.events import Actor
from certs.errors import NotRestorable
from certs.models import SealedCertificate
from certs.sealing import kept
from pki.certificate import ParsedCertificate
from pki.plan import Action, Entry
from tenants.errors import NotAllowed
from tenants.models import Tenant


def roll_back(*, actor: Actor, tenant_id: int, number: int, also: list[int], reason: str, originals: list[ParsedCertificate]) -> int:
    """Asks for the inverse of an applied change; returns the new change's number.

    ``also`` are numbers of later changes on the same certificates, which must be undone with it; ``originals`` are
    uploaded for certificates whose sealed original is no longer kept.

    :raises BadChange: without a reason, or when a later change is not chosen too.
    :raises NotRestorable: when an original is missing, or a certificate was revoked.
    :raises NotAllowed, BlockingFindings, ConflictingChange, TrustConfigNotReady, VaultClosed, WrongState, UnknownObject:
    """
    if not reason.strip():
        raise BadChange(_("Say why this change is undone. Reviewers and auditors will read it."))
    at = timezone.now()
    with transaction.atomic(durable=True):
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        original = acts.lock_change(tenant_id, number)
        acts.require_open(original, State.APPLIED)
        if not (verdict := policy.may_roll_back(actor.user_id, original)):
            raise NotAllowed(verdict.reason)
        chosen = _chosen(original, also)
        refuse_revoked(chosen)
        trust_config = acts.open_trust_config(tenant, original.trust_config_id)
        net = effective(net_inverse(chosen), tenant.pk, trust_config.pk)
        if len(net) > acts.MAXIMAL_ITEMS:
            raise BadChange(_("Undoing all of this at once is more than one change can hold. Undo the changes one by one, latest first."))
        if not net:
            raise BadChange(_("There is nothing left to undo: what this change did is undone already."))
        acts.refuse_conflicts(tenant, acts.conflicting(trust_config, {entry.sha256_fingerprint for entry in net}))
        additions, sealed = _restorable(tenant, trust_config.pk, net, originals)
        change = acts.create_change(
            tenant=tenant,
            trust_config=trust_config,
            user_id=actor.user_id,
            by=actor.name,
            reason=reason.strip(),
            additions=additions,
            removals=[Removal(e.sha256_fingerprint, e.role.value, Item.Removal.RETIRED) for e, action in net.items() if action is Action.REMOVE],
            names_revocation=False,
            at=at,
        )
        _restore_from_kept(change, sealed)
        change.inverts.set(chosen)
        send_to_check(change, actor=actor, at=at, details={"inverts": [each.number for each in chosen]})
    return change.number


def _chosen(original: ChangeRequest, also: list[int]) -> list[ChangeRequest]:
    """The change and the later ones on the same certificates, newest first; all of them or none."""
    later = later_changes(original)
    if missing := [change for change in later if change.number not in also]:
        names = ", ".join(f"#{change.number}" for change in missing)
        raise BadChange(_("Later changes concern the same certificates and must be undone with it: %(names)s.") % {"names": names})
    return sorted([original, *later], key=lambda change: change.pk, reverse=True)


def _restorable(
    tenant: Tenant, trust_config_id: UUID, net: dict[Entry, Action], originals: Iterable[ParsedCertificate]
) -> tuple[list[Addition], list[tuple[Entry, SealedCertificate]]]:
    """For each certificate that comes back: the uploaded original, or else the one that is still kept."""
    uploaded = {original.facts.sha256_fingerprint: original for original in originals}
    additions, sealed, missing = [], [], []
    for entry in (entry for entry, action in net.items() if action is Action.ADD):
        if original := uploaded.get(entry.sha256_fingerprint):
            additions.append(Addition(original, entry.role.value))
        elif row := kept(tenant.pk, trust_config_id, entry.sha256_fingerprint):
            sealed.append((entry, row))
        else:
            missing.append(entry.sha256_fingerprint)
    if missing:
        raise NotRestorable(_("The originals are no longer kept. Upload files with exactly these fingerprints: %(names)s") % {"names": ", ".join(missing)})
    return additions, sealed


def _restore_from_kept(change: ChangeRequest, sealed: list[tuple[Entry, SealedCertificate]]) -> None:
    """The sealed bytes are copied as they are: the web tier cannot open them, and what they are bound to stays the same."""
    for entry, row in sealed:
        certificate = change.tenant.certificates.get(sha256_fingerprint=entry.sha256_fingerprint)
        Item.objects.create(change=change, action=Action.ADD.value, role=entry.role.value, certificate=certificate, sha256_fingerprint=entry.sha256_fingerprint)
        SealedCertificate.objects.get_or_create(
            change_id=change.pk,
            sha256_fingerprint=entry.sha256_fingerprint,
            defaults={"tenant_id": row.tenant_id, "trust_config_id": row.trust_config_id, "vault_key": row.vault_key, "sealed": row.sealed},
        )
