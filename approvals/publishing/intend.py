"""The intent of a write, written in one transaction with everything that allows it."""

from collections.abc import Mapping

from django.db import transaction

from approvals.audit_events import record_publication
from approvals.judging import schedule
from approvals.models import ChangePublication, ChangeRequest, Item
from approvals.publishing.admission import admit, estate_at, still_due
from approvals.publishing.originals import Opened
from approvals.publishing.settle import this_worker
from approvals.steps import transitions
from audit.events import EventType
from certs.errors import NotRestorable, VaultClosed
from certs.hindrance import Hindrance
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.drift import is_as_seen, is_of_older_database
from certs.trust_configs.live import Live, is_as_observed
from certs.trust_configs.publications import Lease
from certs.vault.sealing import seal
from jobs import clock
from pki.certificate import der_of_pem
from pki.findings import Finding
from pki.plan import Action, entries_of


def intend_changes(
    lease: Lease,
    live: Live,
    due: list[ChangeRequest],
    opened: Opened,
    foreseen: Mapping[int, list[Finding]],
    *,
    may_return: bool = True,
) -> Publication | None:
    """Checks every due change once more, seals what will leave, and writes the intent; None when none can go.

    With ``may_return`` a change that cannot go is sent back to its voters; else it stays where it is.

    :raises LeaseLost:
    """
    actor, at = this_worker(), clock.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        if trust_config.state != TrustConfig.State.READY or not is_as_observed(trust_config, live):
            return None
        estate, going = estate_at(trust_config, live), []
        for change in still_due(trust_config, due, opened):
            if not schedule.may_go(change, at):
                continue
            if refused := _cannot_go(change, live, opened):
                transitions.hold(change, refused, actor=actor, at=at)
            elif (
                after := admit(
                    change,
                    estate,
                    foreseen.get(change.pk),
                    may_return=may_return,
                    actor=actor,
                    at=at,
                )
            ) is not None:
                estate = after
                going.append(change)
        if not going:
            return None
        publication = publications.open_intent(
            trust_config=trust_config,
            kind=Publication.Kind.CHANGES,
            base=live.entries,
            entries=entries_of(estate.holdings),
            etag=live.etag,
            worker=lease.owner,
            at=at,
        )
        for change in going:
            ChangePublication.objects.create(change=change, publication=publication)
        record_publication(EventType.PUBLICATION_INTENDED, publication, going, actor=actor)
    return publication


def waits_for_an_admin(trust_config: TrustConfig) -> bool:
    """Whether this database is older than Google's last write, and nobody has decided yet what becomes of that.

    Not even a fence is written then: its label would take the place of the one that says so.
    """
    if not is_of_older_database(trust_config):
        return False
    return not ChangeRequest.objects.resolutions(trust_config.pk).exists()


def intend_fence(lease: Lease, live: Live) -> Publication | None:
    """The intent of a fencing write: the live set as it is, under a new label, so that an unknown write can no longer land.

    None when live is not what was last seen: a fence must not adopt what somebody else wrote.
    """
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        if not is_as_seen(trust_config, live):
            return None
        fence = publications.open_intent(
            trust_config=trust_config,
            kind=Publication.Kind.FENCE,
            base=live.entries,
            entries=live.entries,
            etag=live.etag,
            worker=lease.owner,
            at=clock.now(),
        )
        record_publication(EventType.PUBLICATION_INTENDED, fence, [], actor=this_worker())
    return fence


def _cannot_go(change: ChangeRequest, live: Live, opened: Opened) -> Hindrance | None:
    """Why the change must be held: what it adds cannot be had, or what it removes kept."""
    if refused := opened.refused.get(change.pk):
        return refused
    missing = sorted(
        item.sha256_fingerprint
        for item in change.items.all()
        if item.action == Action.ADD
        and item.step.entry not in live.pems
        and item.sha256_fingerprint not in opened.pems
    )
    if missing:
        words = f"The original is neither live nor kept: {', '.join(missing)}"
        return Hindrance(NotRestorable.code, words)
    return _seal_removed(change, live)


def _seal_removed(change: ChangeRequest, live: Live) -> Hindrance | None:
    """Keeps what leaves sealed for the rollback window, from the live read: there is no other copy. What is revoked never comes back.

    Says why when no vault key of the tenant serves.
    """
    try:
        for item in change.items.all():
            if item.removal == Item.Removal.RETIRED and (pem := live.pems.get(item.step.entry)):
                seal(
                    tenant_id=change.tenant_id,
                    trust_config=change.trust_config,
                    change_id=change.pk,
                    der=der_of_pem(pem),
                )
    except VaultClosed as error:
        return Hindrance.of(error)
    return None
