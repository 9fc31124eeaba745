"""Taking over what is live: a reviewer's recorded choice after somebody changed a trust config outside the portal."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals import acts, policy
from approvals.checks import revoked_numbers
from approvals.errors import BadChange, StalePlan
from approvals.flows.resuming import resume
from approvals.flows.witness import record_trust_config
from audit.events import Actor, EventType
from certs.drift import drift_entries, drift_facts, end_drift
from certs.inventory import adopt
from certs.models import TrustConfig, TrustEntry
from certs.publications import observe
from pki.plan import difference, revision_digest
from tenants.errors import NotAllowed, UnknownObject


def take_over(*, actor: Actor, tenant_id: int, trust_config_id: str, digest: str, reason: str, names_revocation: bool = False) -> None:
    """Makes what was found live the portal's own record: new entries go to the custodian, gone ones are closed.

    ``digest`` is the revision digest of the set that the page showed; ``names_revocation`` says that the reviewer knows
    that something revoked is live again.

    :raises BadChange: without a reason, or when something revoked is live again and the reviewer does not say so.
    :raises NotAllowed: for everybody but reviewers of the platform, and when nothing has drifted.
    :raises StalePlan: when something else has been found live since.
    :raises UnknownObject: when the trust config does not serve the tenant.
    """
    if not reason.strip():
        raise BadChange(_("Say why what is live may stay. Reviewers and auditors will read it."))
    at = timezone.now()
    with transaction.atomic(durable=True):
        if not TrustConfig.objects.for_tenant(tenant_id).filter(pk=trust_config_id).exists():
            raise UnknownObject
        trust_config = acts.lock_trust_config(trust_config_id)
        if not (verdict := policy.may_take_over(actor.user_id, trust_config)):
            raise NotAllowed(verdict.reason)
        entries = drift_entries(trust_config)
        if digest != revision_digest(entries):
            raise StalePlan
        change = difference(trust_config.observed, entries)
        if (revoked := revoked_numbers(trust_config, {entry.sha256_fingerprint for entry in change.added})) and not names_revocation:
            names = ", ".join(f"…{fingerprint[-8:]}" for fingerprint in sorted(revoked))
            raise BadChange(
                _("Something that was revoked is live again: %(names)s. Say that you know it, or have it removed outside the portal.") % {"names": names}
            )
        adopt(trust_config=trust_config, entries=entries, facts=drift_facts(trust_config), origin=TrustEntry.Origin.FOREIGN, at=at, by=actor.name)
        drift = trust_config.drift
        observe(trust_config, entries=entries, label=drift["label"], etag=drift["etag"], at=at)
        end_drift(trust_config)
        record_trust_config(
            EventType.DRIFT_TAKEN_OVER,
            trust_config,
            actor=actor,
            reason=reason.strip(),
            details={"added": len(change.added), "removed": len(change.removed), "live_digest": digest, "revoked": [*sorted(revoked)]},
        )
        resume(trust_config)
