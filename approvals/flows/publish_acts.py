"""The transactions of the conductor: each holds the lease anew, moves the records one step, and records it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from approvals import policy
from approvals.causes import Cause, cause
from approvals.checks import estate_of, estate_of_change, holdings_after, judge_change, last_seen_by_worker, store_plan, unseen
from approvals.flows.witness import record_change, record_drift, record_publication
from approvals.models import ChangePublication, ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType, worker
from certs import publications
from certs.drift import Sight, keep_drift, note_live
from certs.errors import CertsError
from certs.inventory import apply_steps, touch
from certs.live import Live, is_as_observed
from certs.models import Publication, TrustConfig
from certs.opening import open_sealed
from certs.publications import Lease
from certs.sealing import keep_until, kept, seal
from gcp.errors import CloudError, CloudRejected
from pki.answers import open_questions
from pki.certificate import canonical_pem, der_of_pem
from pki.estate import Estate
from pki.findings import Finding
from pki.plan import Action, Holding, entries_of, has_effect


@dataclass
class Opened:
    """Originals opened for a write, as canonical PEM by fingerprint, and the changes that could not be opened."""

    pems: dict[str, str] = field(default_factory=dict)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)
    waiting: dict[int, CloudError] = field(default_factory=dict)


def open_additions(due: list[ChangeRequest], live: Live) -> Opened:
    """Opens what is to be added and is not live yet. No transaction is open, since Cloud KMS is asked.

    :raises CloudError: when Cloud KMS answers nothing and no change can go without it.
    """
    opened = Opened()
    for change in due:
        try:
            for item in change.items.all():
                if item.action == Action.ADD and item.step.entry not in live.pems:
                    opened.pems[item.sha256_fingerprint] = _original(change, item.sha256_fingerprint)
        except CloudError as error:
            opened.waiting[change.pk] = error
        except CertsError as error:
            opened.refused[change.pk] = (error.code, str(error.sentence))
    if due and len(opened.waiting) == len(due):
        raise next(iter(opened.waiting.values()))
    return opened


def intend_changes(lease: Lease, live: Live, due: list[ChangeRequest], opened: Opened, foreseen: Mapping[int, list[Finding]]) -> Publication | None:
    """Checks every due change once more, seals what will leave, and writes the intent; None when none can go.

    :raises LeaseLost:
    """
    actor, at = _me(), timezone.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        if trust_config.state != TrustConfig.State.READY or not is_as_observed(trust_config, live):
            return None
        estate, going = _estate(trust_config, live), []
        for change in _still_due(trust_config, due, opened):
            if refused := opened.refused.get(change.pk):
                _hold(change, *refused, actor=actor, at=at)
            elif (holdings := _admit(change, estate, foreseen.get(change.pk), actor=actor, at=at)) is not None:
                estate = replace(estate, holdings=holdings)
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
            _seal_removed(change, live)
            ChangePublication.objects.create(change=change, publication=publication)
        record_publication(EventType.PUBLICATION_INTENDED, publication, going, actor=actor)
    return publication


def intend_fence(lease: Lease, live: Live) -> Publication | None:
    """The intent of a fencing write: the live set as it is, under a new label, so that an unknown write can no longer land.

    None when live is not what was last observed: a fence must not adopt what somebody else wrote.
    """
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        if trust_config.state != TrustConfig.State.READY or not is_as_observed(trust_config, live):
            return None
        fence = publications.open_intent(
            trust_config=trust_config,
            kind=Publication.Kind.FENCE,
            base=live.entries,
            entries=live.entries,
            etag=live.etag,
            worker=lease.owner,
            at=timezone.now(),
        )
        record_publication(EventType.PUBLICATION_INTENDED, fence, [], actor=_me())
    return fence


def note_sight(lease: Lease, live: Live) -> bool:
    """Notes what live looks like; False when publishing must stop."""
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        sight = note_live(trust_config, live)
        if sight is Sight.DRIFT:
            record_drift(trust_config, actor=_me())
    return sight is Sight.EXPECTED


def note_sent(lease: Lease, publication: Publication, operation_name: str) -> None:
    with transaction.atomic(durable=True):
        publications.hold(lease)
        publications.mark_sent(publication, operation_name=operation_name, at=timezone.now())
        record_publication(EventType.PUBLICATION_SENT, publication, _changes(publication), actor=_me(), before=Publication.State.INTENDED)


def note_written(lease: Lease, publication: Publication, *, operation_name: str | None = None) -> None:
    before = publication.state
    with transaction.atomic(durable=True):
        publications.hold(lease)
        publications.mark_written(publication, at=timezone.now(), operation_name=operation_name)
        record_publication(EventType.PUBLICATION_WRITTEN, publication, _changes(publication), actor=_me(), before=before)


def note_verified(lease: Lease, publication: Publication, live: Live) -> None:
    """The read-back equals what was to be written: the changes are applied, what they undo is rolled back, in one go."""
    actor, at = _me(), timezone.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        publications.mark_verified(publication, etag=live.etag, at=at)
        publications.observe(trust_config, entries=live.entries, label=live.label, etag=live.etag, at=live.at)
        changes = _changes(publication)
        record_publication(EventType.PUBLICATION_VERIFIED, publication, changes, actor=actor, before=Publication.State.WRITTEN)
        for change in changes:
            _apply(change, publication, actor=actor, at=at)
        for older in Publication.objects.unresolved(trust_config.pk).filter(revision__lt=publication.revision):
            publications.mark_voided(older, failure=f"fenced off by revision {publication.revision}", at=at)
            record_publication(EventType.PUBLICATION_VOIDED, older, _changes(older), actor=actor, before=Publication.State.INTENDED)


def note_other_outcome(lease: Lease, publication: Publication, live: Live) -> None:
    """The propagation time is over and live is not what was written: the publication failed, and people must look."""
    code = "read-back-differs" if live.label == publication.label else "overwritten"
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        _fail(publication, code=code, detail="", hold=True)
        if trust_config.state == TrustConfig.State.READY and not is_as_observed(trust_config, live):
            keep_drift(trust_config, live)
            record_drift(trust_config, actor=_me())


def fail(lease: Lease, publication: Publication, *, code: str, detail: str, hold: bool) -> None:
    """The write had no effect. Its changes stay approved and go into the next one, unless ``hold`` asks a person first."""
    with transaction.atomic(durable=True):
        publications.hold(lease)
        _fail(publication, code=code, detail=detail, hold=hold)


def refuse(lease: Lease, publication: Publication, error: CloudError) -> None:
    """Google's final no. Where it names an entry, only the change that adds it is held; the others go on."""
    with transaction.atomic(durable=True):
        publications.hold(lease)
        named = _named_fingerprints(publication, error) if isinstance(error, CloudRejected) else set()
        guilty = [c for c in _changes(publication) if named & {i.sha256_fingerprint for i in c.items.all() if i.action == Action.ADD}]
        words = "; ".join([error.google_message, *(f"{name}: {text}" for name, text in error.fields)])
        _fail(publication, code=error.code, detail=words, hold=not guilty)
        for change in guilty:
            _hold(change, error.code, words, actor=_me(), at=timezone.now())


def _me() -> Actor:
    from jobs.worker import name

    return worker(name())


def _original(change: ChangeRequest, fingerprint: str) -> str:
    from certs.errors import NotRestorable

    sealed = kept(change.tenant_id, change.trust_config_id, fingerprint)
    if sealed is None:
        raise NotRestorable("The sealed original is gone.")
    return canonical_pem(open_sealed(sealed))


def _estate(trust_config: TrustConfig, live: Live) -> Estate:
    """What is held and live now; approved changes come in one after the other as they are admitted."""
    estate = estate_of(trust_config, tenant_id=0, facts={}, at=timezone.now(), with_approved=False)
    return replace(estate, facts={**live.facts, **estate.facts})


def _still_due(trust_config: TrustConfig, due: list[ChangeRequest], opened: Opened) -> list[ChangeRequest]:
    locked = ChangeRequest.objects.filter(pk__in=[change.pk for change in due if change.pk not in opened.waiting]).select_for_update(of=("self",))
    still = set(locked.values_list("pk", flat=True))
    changes = ChangeRequest.objects.due(trust_config.pk).filter(pk__in=still).select_related("tenant", "trust_config__environment", "submitted_by")
    return list(changes)


def _admit(change: ChangeRequest, estate: Estate, foreseen: list[Finding] | None, *, actor: Actor, at: datetime) -> frozenset[Holding] | None:
    """The holdings after this change, or None when it goes back to its voters with the cause.

    ``foreseen`` is what a worker has just seen in the originals; None when it could not look, and the last look counts.
    """
    own = estate_of_change(change, at=at, with_approved=False)
    own = replace(own, holdings=estate.holdings, facts={**estate.facts, **own.facts}, submitted=())
    seen_by_worker = last_seen_by_worker(change) if foreseen is None else foreseen
    findings = judge_change(change, own, at=at, seen_by_worker=seen_by_worker)
    causes = _obstacles(change, own, [f.code for f in unseen(change, findings)])
    if policy.rests_on_the_policy(change):
        causes += policy.limits_exceeded(change, findings)
    if not causes:
        return holdings_after(change, estate.holdings)
    change.mark_returned(at=at, causes=causes)
    change.awaits_answer = bool(open_questions(findings))
    store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
    change.save()
    record_change(EventType.CHANGE_RETURNED, change, actor=actor, before=State.APPROVED, after=change.state, details={"causes": list(causes)})
    return None


def _obstacles(change: ChangeRequest, estate: Estate, new_codes: list[str]) -> list[Cause]:
    idle = [step for step in change.steps if not has_effect(estate.holdings, change.tenant_id, step)]
    causes = [cause("returned-no-effect", fingerprint=step.entry.sha256_fingerprint) for step in idle]
    if new_codes:
        causes.append(cause("returned-findings", codes=", ".join(sorted(set(new_codes)))))
    if not policy.has_votes(change):
        causes.append(cause("returned-votes"))
    return causes


def _seal_removed(change: ChangeRequest, live: Live) -> None:
    """What leaves is kept sealed for the rollback window, from the live read: there is no other copy."""
    for item in change.items.all():
        if item.action == Action.REMOVE and (pem := live.pems.get(item.step.entry)):
            seal(tenant_id=change.tenant_id, trust_config=change.trust_config, change_id=change.pk, der=der_of_pem(pem))


def _changes(publication: Publication) -> list[ChangeRequest]:
    rows = ChangeRequest.objects.filter(attempts__publication=publication).select_related("tenant", "trust_config__environment", "submitted_by")
    return list(rows.prefetch_related("items__certificate", "inverts").order_by("pk"))


def _apply(change: ChangeRequest, publication: Publication, *, actor: Actor, at: datetime) -> None:
    items = list(change.items.all())
    steps = [(item.step, item.certificate_id) for item in items]
    apply_steps(trust_config=publication.trust_config, tenant_id=change.tenant_id, steps=steps, publication=publication, at=at)
    touch([item.certificate_id for item in items], by=str(change.submitted_by))
    change.mark_applied(at=at)
    change.save()
    keep_until(change.pk, at + timedelta(days=settings.ROLLBACK_WINDOW_DAYS))
    record_change(EventType.CHANGE_APPLIED, change, actor=actor, before=State.APPROVED, after=change.state, details={"publication": publication.label})
    for original in change.inverts.select_related("tenant", "trust_config__environment").filter(state=State.APPLIED):
        original.mark_rolled_back(at=at, causes=[cause("rolled-back", number=change.number)])
        original.save()
        record_change(
            EventType.CHANGE_ROLLED_BACK, original, actor=actor, before=State.APPLIED, after=original.state, reason=change.reason, details={"by": change.number}
        )


def _fail(publication: Publication, *, code: str, detail: str, hold: bool) -> None:
    at, actor = timezone.now(), _me()
    before = publication.state
    publications.mark_failed(publication, code=code, failure=detail, at=at)
    changes = _changes(publication)
    record_publication(EventType.PUBLICATION_FAILED, publication, changes, actor=actor, before=before, result="failed", reason=f"{code}: {detail}")
    if hold:
        for change in changes:
            _hold(change, code, detail, actor=actor, at=at)


def _hold(change: ChangeRequest, code: str, words: str, *, actor: Actor, at: datetime) -> None:
    change.held_code, change.held_reason, change.held_at = code, words, at
    change.save()
    record_change(EventType.CHANGE_HELD, change, actor=actor, after=code, reason=words, result="failed")


_FIELD = re.compile(r"(trust_anchors|intermediate_cas|allowlisted_certificates)\[(\d+)\]")
_ROLE_OF_FIELD = {"trust_anchors": "trust_anchor", "intermediate_cas": "intermediate_ca", "allowlisted_certificates": "allowlisted_certificate"}


def _named_fingerprints(publication: Publication, error: CloudRejected) -> set[str]:
    """Which entries Google's field violations point at; entries were sent sorted by fingerprint within each role."""
    named = set()
    for violated, _description in error.fields:
        if match := _FIELD.search(violated):
            role, index = _ROLE_OF_FIELD[match.group(1)], int(match.group(2))
            ordered = sorted(entry.sha256_fingerprint for entry in publication.entry_set if entry.role.value == role)
            named |= set(ordered[index : index + 1])
    return named
