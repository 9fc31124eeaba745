"""A person's choice on what was changed outside the portal: adopt it, put back what was, or acknowledge a mere label."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import draft, locks, policy
from approvals.asking.restore import keep_for, originals_for
from approvals.asking.undo import is_grave, require_name
from approvals.audit_events import record_trust_config
from approvals.errors import BadChange, ConflictingChange, StalePlan
from approvals.judging.revocations import is_revoked_by_holder, of_others, revoked_again
from approvals.models import ChangeRequest
from approvals.steps import creation
from approvals.steps.cases import end_stale_resolutions, resume
from approvals.steps.creation import send_to_check
from audit.events import Actor, EventType
from audit.log import Json
from certs.errors import NotRestorable
from certs.models import DriftCase, TrustConfig, TrustEntry
from certs.trust_configs.drift import end_case, open_case
from certs.trust_configs.inventory import remember
from certs.trust_configs.publications import observe
from jobs import clock
from pki.certificate import ParsedCertificate
from pki.plan import Entry, revision_digest
from tenants.access import may
from tenants.errors import NotAllowed, UnknownObject
from tenants.locks import lock_tenant
from tenants.models import Tenant
from tenants.rights import Act
from web.texts import listed

Kind = ChangeRequest.Kind


def adopt(
    *,
    actor: Actor,
    tenant_id: int,
    trust_config_id: str,
    digest: str,
    reason: str,
    names_revocation: bool = False,
) -> tuple[str, int]:
    """Asks that what is live becomes the portal's record, as a change that is reviewed like any other.

    ``digest`` is the revision digest of the set that the page showed. Returns the custodian's slug and the change's number.

    :raises BadChange: without a reason, or when something revoked is live again and nobody says so.
    :raises NotAllowed, StalePlan, ConflictingChange, BlockingFindings, UnknownObject:
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant, trust_config, case = _case(actor, tenant_id, trust_config_id, digest, reason)
        _refuse_second(case)
        found, own = case.difference, _own(trust_config)
        back_to_others = of_others(trust_config, found.added)
        revoked = revoked_again(trust_config, found.added)
        if revoked and not policy.may_name_revocation(trust_config.custodian):
            raise BadChange(
                _(
                    "Something that was revoked is live again, and in mode B nothing brings it back. Put back what was."
                )
            )
        if revoked and not names_revocation:
            unnamed = revoked & {entry.sha256_fingerprint for entry in back_to_others}
            names = listed(f"…{fingerprint[-8:]}" for fingerprint in sorted(revoked - unnamed)) + (
                f" +{len(unnamed)}" if unnamed else ""
            )
            raise BadChange(
                _(
                    "Something that was revoked is live again: %(names)s. Say that you know it, or put back what was."
                )
                % {"names": names}
            )
        _remember(trust_config, case, found.added - back_to_others, by=actor.name)
        change = _create(
            tenant,
            trust_config,
            case,
            Kind.ADOPTION,
            added=found.added - back_to_others,
            removed=found.removed & own,
            actor=actor,
            reason=reason,
            at=at,
        )
        change.names_revocation, change.others_added, change.others_removed = (
            bool(revoked),
            len(back_to_others),
            len(found.removed - own),
        )
        send_to_check(
            change,
            actor=actor,
            at=at,
            details={"resolves": case.pk, "live_digest": digest, "revoked": len(revoked)},
        )
        return trust_config.custodian.slug, change.number


def put_back(
    *,
    actor: Actor,
    tenant_id: int,
    trust_config_id: str,
    digest: str,
    reason: str,
    originals: Iterable[ParsedCertificate] = (),
    typed_name: str = "",
) -> tuple[str, int]:
    """Asks that what was last observed is written again over what was found live.

    ``originals`` are uploaded for entries whose sealed original is no longer kept. One that only removes trust takes one
    authorised person, one that brings entries back takes the votes of an addition. ``typed_name`` is the trust config's name,
    typed where :func:`put_back_is_grave` says so.

    :raises NotRestorable: when an original is missing; names the fingerprints.
    :raises BadChange, NotAllowed, StalePlan, ConflictingChange, BlockingFindings, UnknownObject:
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant, trust_config, case = _case(actor, tenant_id, trust_config_id, digest, reason)
        _refuse_second(case)
        if put_back_is_grave(trust_config, case):
            require_name(trust_config, typed_name)
        found, own = case.difference, _own(trust_config)
        others = found.removed - own
        if is_revoked_by_holder(trust_config, others):
            raise NotRestorable(
                _(
                    "An entry of another tenant was revoked by it elsewhere, so it cannot be put back. Adopt what is live."
                )
            )
        sees_all = may(actor.user_id, Act.SEE_ALL_ENTRIES, environment=trust_config.environment)
        restored = originals_for(
            trust_config, found.removed, originals, unnamed=frozenset() if sees_all else others
        )
        back_to_others = of_others(trust_config, found.added)
        _remember(trust_config, case, found.added - back_to_others, by=actor.name)
        change = _create(
            tenant,
            trust_config,
            case,
            Kind.PUT_BACK,
            added=found.removed & own,
            removed=found.added - back_to_others,
            actor=actor,
            reason=reason,
            at=at,
        )
        change.others_added, change.others_removed = len(others), len(back_to_others)
        keep_for(change, restored)
        send_to_check(
            change, actor=actor, at=at, details={"resolves": case.pk, "live_digest": digest}
        )
        return trust_config.custodian.slug, change.number


def acknowledge(
    *, actor: Actor, tenant_id: int, trust_config_id: str, digest: str, reason: str
) -> None:
    """Takes note that the set is the same and only the portal's label was changed. Trust is what it was, so one person does.

    :raises BadChange, NotAllowed, StalePlan, UnknownObject:
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        _tenant, trust_config, case = _case(actor, tenant_id, trust_config_id, digest, reason)
        if case.difference.added or case.difference.removed:
            raise BadChange(_("The set itself differs. Adopt it or put back what was."))
        observe(trust_config, entries=case.entry_set, label=case.label, etag=case.etag, at=at)
        end_case(trust_config, DriftCase.State.ACKNOWLEDGED, at=at, reason=reason.strip())
        end_stale_resolutions(trust_config, actor=actor)
        details: Json = {"case": case.pk, "live_digest": digest}
        record_trust_config(
            EventType.DRIFT_ACKNOWLEDGED,
            trust_config,
            actor=actor,
            reason=reason.strip(),
            reason_of=trust_config.custodian_id,
            details=details,
        )
        resume(trust_config)


def put_back_is_grave(trust_config: TrustConfig, case: DriftCase) -> bool:
    """Whether putting back what was observed takes all, or the last CA, of what is live."""
    return is_grave(trust_config, case.entry_set, trust_config.observed)


def _case(
    actor: Actor, tenant_id: int, trust_config_id: str, digest: str, reason: str
) -> tuple[Tenant, TrustConfig, DriftCase]:
    """The custodian and its trust config, both locked, with the case that the page showed."""
    if not reason.strip():
        raise BadChange(_("Say why. Reviewers and auditors will read it."))
    if not TrustConfig.objects.for_tenant(tenant_id).filter(pk=trust_config_id).exists():
        raise UnknownObject
    custodian = lock_tenant(TrustConfig.objects.get(pk=trust_config_id).custodian_id)
    trust_config = locks.lock_trust_config(trust_config_id)
    if not (verdict := policy.may_resolve_drift(actor.user_id, trust_config)):
        raise NotAllowed(verdict.reason)
    case = open_case(trust_config)
    if case is None or digest != revision_digest(case.entry_set):
        raise StalePlan
    return custodian, trust_config, case


def _refuse_second(case: DriftCase) -> None:
    if other := ChangeRequest.objects.open().filter(drift_case=case).first():
        raise ConflictingChange(
            _("Change #%(number)s resolves this case already. Wait for it or withdraw it first.")
            % {"number": other.number}
        )


def _own(trust_config: TrustConfig) -> frozenset[Entry]:
    """What the custodian holds: entries of other tenants go unnamed."""
    return frozenset(
        holding.entry
        for holding in TrustEntry.objects.for_tenant(trust_config.custodian_id)
        .filter(trust_config=trust_config)
        .holdings()
    )


def _remember(
    trust_config: TrustConfig, case: DriftCase, entries: Iterable[Entry], *, by: str
) -> None:
    """Certificates that somebody else made live, in the custodian's inventory."""
    facts = case.as_facts()
    for entry in entries:
        remember(
            tenant_id=trust_config.custodian_id,
            facts=facts[entry.sha256_fingerprint],
            user_id=None,
            by=by,
        )


def _create(
    tenant: Tenant,
    trust_config: TrustConfig,
    case: DriftCase,
    kind: Kind,
    *,
    added: frozenset[Entry],
    removed: frozenset[Entry],
    actor: Actor,
    reason: str,
    at: datetime,
) -> ChangeRequest:
    if not case.difference.added and not case.difference.removed:
        raise BadChange(_("Only the portal's label was changed. Acknowledge that."))
    if len(added) + len(removed) > draft.MAXIMAL_ITEMS:
        raise BadChange(
            _(
                "More was changed than one change can hold. Have it undone at Google; the portal sees it by itself."
            )
        )
    change = creation.create_way_back(
        tenant=tenant,
        trust_config=trust_config,
        actor=actor,
        reason=reason,
        added=added,
        removed=removed,
        at=at,
    )
    change.kind, change.drift_case, change.live_digest = kind, case, revision_digest(case.entry_set)
    return change
