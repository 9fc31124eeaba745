"""Resolving a drift case, once its change is approved: what is live becomes the record, or what was is written again."""

from datetime import datetime

from django.db import transaction

from approvals.audit_events import record_publication, record_trust_config
from approvals.causes import cause
from approvals.judging.estate import estate_of_change
from approvals.judging.revocations import is_revoked_by_holder
from approvals.models import ChangePublication, ChangeRequest
from approvals.publishing.admission import judge_again
from approvals.states import State
from approvals.steps import moves, transitions
from approvals.steps.cases import is_current, resume
from audit.events import Actor, EventType
from certs.golden_clients.trials import ask_for_trial
from certs.hindrance import Hindrance
from certs.models import DriftCase, Publication, SealedCertificate, TrustConfig, TrustEntry
from certs.trust_configs import publications
from certs.trust_configs.drift import end_case, open_case
from certs.trust_configs.inventory import adopt as adopt_entries
from certs.trust_configs.live import Live
from certs.trust_configs.publications import Lease, observe
from certs.vault.opening import open_sealed
from jobs import clock
from pki.certificate import canonical_pem
from pki.plan import revision_digest


def adopt(lease: Lease, change_id: int, live: Live, *, actor: Actor) -> None:
    """Live is what was voted on: its entries become the portal's record. Google is not written to.

    Anything else is left to the next look at the case, which ends the change.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        change = _admitted(change_id, trust_config, live, actor=actor)
        if change is None:
            return
        adopt_entries(
            trust_config=trust_config,
            entries=live.entries,
            facts=live.facts,
            origin=TrustEntry.Origin.FOREIGN,
            at=at,
            by=actor.id,
        )
        observe(trust_config, entries=live.entries, label=live.label, etag=live.etag, at=live.at)
        ask_for_trial(trust_config)
        finish(
            change,
            trust_config,
            DriftCase.State.ADOPTED,
            EventType.DRIFT_ADOPTED,
            actor=actor,
            at=at,
        )


def originals(change: ChangeRequest) -> dict[str, str]:
    """What is written again and is not live, as canonical PEM by fingerprint. No transaction is open, since Cloud KMS is asked.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer.
    """
    rows = SealedCertificate.objects.filter(change_id=change.pk).select_related("vault_key")
    return {row.sha256_fingerprint: canonical_pem(open_sealed(row)) for row in rows}


def hold(lease: Lease, change_id: int, why: Hindrance, *, actor: Actor) -> None:
    """The change waits for a person: what it needs cannot be opened."""
    with transaction.atomic(durable=True):
        publications.hold(lease)
        change = (
            ChangeRequest.objects.select_for_update(of=("self",))
            .select_related("tenant", "trust_config__environment")
            .get(pk=change_id)
        )
        transitions.hold(change, why, actor=actor, at=clock.now())


def intend_put_back(
    lease: Lease, change_id: int, live: Live, *, actor: Actor
) -> Publication | None:
    """The intent of writing what was last observed over what was found live; None when live or the votes are others now."""
    at = clock.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        change = _admitted(change_id, trust_config, live, actor=actor)
        if change is None:
            return None
        publication = publications.open_intent(
            trust_config=trust_config,
            kind=Publication.Kind.PUT_BACK,
            base=live.entries,
            entries=trust_config.observed,
            etag=live.etag,
            worker=lease.owner,
            at=at,
        )
        ChangePublication.objects.create(change=change, publication=publication)
        record_publication(EventType.PUBLICATION_INTENDED, publication, [change], actor=actor)
    return publication


def finish(
    change: ChangeRequest,
    trust_config: TrustConfig,
    state: DriftCase.State,
    event: EventType,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """The case is resolved and its change applied, in the caller's transaction; publishing goes on."""
    case = change.drift_case
    assert case is not None
    moves.apply(change, actor=actor, at=at, details={"case": case.pk})
    end_case(trust_config, state, at=at, change_number=change.number, reason=change.reason)
    details = {
        "case": case.pk,
        "change": change.number,
        "live_digest": revision_digest(trust_config.observed),
    }
    record_trust_config(event, trust_config, actor=actor, details={**details})
    resume(trust_config)


def _admitted(
    change_id: int, trust_config: TrustConfig, live: Live, *, actor: Actor
) -> ChangeRequest | None:
    """The change, locked and judged once more on what was found live; None when it must not go."""
    rows = ChangeRequest.objects.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment", "submitted_by", "drift_case"
    )
    change = rows.get(pk=change_id)
    if change.state != State.APPROVED or not is_current(change, open_case(trust_config), live):
        return None
    at = clock.now()
    is_put_back = change.kind == ChangeRequest.Kind.PUT_BACK
    if is_put_back and is_revoked_by_holder(trust_config, trust_config.observed - live.entries):
        transitions.reject(change, cause("drift-revoked"), actor=actor, at=at)
        return None
    again = judge_again(change, estate_of_change(change, at=at, with_others=False), at=at)
    if again.causes:
        again.send_back(change, actor=actor, at=at)
        return None
    return change
