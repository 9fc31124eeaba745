"""What became of a write: sent, written, verified, failed or refused, each in one transaction under the lease."""

import re
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from approvals.audit_events import (
    record_drift,
    record_publication,
    record_trust_config,
)
from approvals.causes import cause
from approvals.models import ChangeRequest
from approvals.publishing import drift
from approvals.states import State
from approvals.steps import moves, transitions
from approvals.steps.cases import end_by_itself, end_stale_resolutions, keep_observation
from approvals.steps.rotation import keep_overlap
from audit.events import Actor, EventType, worker
from certs.golden_clients.trials import ask_for_trial
from certs.hindrance import Hindrance
from certs.models import DriftCase, Publication, TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.drift import (
    Reading,
    is_as_seen,
    is_of_older_database,
    keep_case,
    note_live,
)
from certs.trust_configs.inventory import apply_steps, touch
from certs.trust_configs.live import Live
from certs.trust_configs.publications import Lease
from jobs import clock
from jobs.queue import enqueue
from pki.plan import Action

Fields = tuple[tuple[str, str], ...]


LARGEST_BATCH = 1_000


ONE_IS_REFUSED = "Google refuses what one of the changes adds"


def note_observation(lease: Lease, live: Live) -> bool:
    """Notes what live looks like; False when publishing must stop."""
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        reading = note_live(trust_config, live, seen_by=f"GetTrustConfig, {lease.owner}")
        if reading is Reading.DRIFT:
            record_drift(trust_config, actor=this_worker())
        if (
            reading is Reading.STOPPED
            and trust_config.state == TrustConfig.State.DRIFTED
            and not is_as_seen(trust_config, live)
        ):
            keep_observation(
                trust_config, live, seen_by=f"GetTrustConfig, {lease.owner}", actor=this_worker()
            )
        return reading is Reading.EXPECTED or is_as_seen(trust_config, live)


def note_sent(lease: Lease, publication: Publication, operation_name: str) -> None:
    with transaction.atomic(durable=True):
        publications.hold(lease)
        publications.mark_sent(publication, operation_name=operation_name, at=clock.now())
        record_publication(
            EventType.PUBLICATION_SENT,
            publication,
            _changes(publication),
            actor=this_worker(),
            before=Publication.State.INTENDED,
        )


def note_written(
    lease: Lease, publication: Publication, *, operation_name: str | None = None
) -> None:
    before = publication.state
    with transaction.atomic(durable=True):
        publications.hold(lease)
        publications.mark_written(publication, at=clock.now(), operation_name=operation_name)
        record_publication(
            EventType.PUBLICATION_WRITTEN,
            publication,
            _changes(publication),
            actor=this_worker(),
            before=before,
        )


def note_verified(lease: Lease, publication: Publication, live: Live) -> None:
    """The read-back equals what was to be written: the changes are applied, what they undo is rolled back, in one go."""
    actor, at = this_worker(), clock.now()
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        publications.mark_verified(publication, etag=live.etag, at=at)
        is_fence = publication.kind == Publication.Kind.FENCE
        is_fence_over_drift = (
            is_fence
            and trust_config.state == TrustConfig.State.DRIFTED
            and (live.entries != trust_config.observed or is_of_older_database(trust_config))
        )
        if is_fence_over_drift:
            keep_case(
                trust_config, live, seen_by=f"GetTrustConfig, {lease.owner}"
            )  # what drifted stays a case
        else:
            publications.observe(
                trust_config, entries=live.entries, label=live.label, etag=live.etag, at=live.at
            )
            if (
                publication.kind != Publication.Kind.PUT_BACK
            ):  # whatever was found meanwhile, live is as observed
                end_by_itself(trust_config, at=at, actor=actor)
        if trust_config.batch_limit:
            doubled = trust_config.batch_limit * 2
            publications.limit_batch(trust_config, doubled if doubled < LARGEST_BATCH else None)
        changes = _changes(publication)
        record_publication(
            EventType.PUBLICATION_VERIFIED,
            publication,
            changes,
            actor=actor,
            before=Publication.State.WRITTEN,
        )
        for change in changes:
            if publication.kind == Publication.Kind.PUT_BACK:
                drift.finish(
                    change,
                    trust_config,
                    DriftCase.State.PUT_BACK,
                    EventType.DRIFT_PUT_BACK,
                    actor=actor,
                    at=at,
                )
            else:
                _apply(change, publication, actor=actor, at=at)
        ask_for_trial(trust_config)
        if trust_config.endpoint:
            enqueue(
                "probe_endpoint",
                trust_config.pk,
                queue=trust_config.environment.queue,
                delay_seconds=float(settings.PROPAGATION_SECONDS),
            )
        for older in Publication.objects.unresolved(trust_config.pk).filter(
            revision__lt=publication.revision
        ):
            publications.mark_voided(
                older, failure=f"fenced off by revision {publication.revision}", at=at
            )
            record_publication(
                EventType.PUBLICATION_VOIDED,
                older,
                _changes(older),
                actor=actor,
                before=Publication.State.INTENDED,
            )
        end_stale_resolutions(trust_config, actor=actor)


def note_other_outcome(lease: Lease, publication: Publication, live: Live) -> None:
    """The propagation time is over and live is not what was written: the publication failed, and people must look."""
    code = "read-back-differs" if live.label == publication.label else "overwritten"
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        _fail(publication, Hindrance(code), hold=True)
        if not is_as_seen(trust_config, live):
            keep_observation(
                trust_config, live, seen_by=f"GetTrustConfig, {lease.owner}", actor=this_worker()
            )


def fail(lease: Lease, publication: Publication, why: Hindrance) -> None:
    """The write had no effect. Its changes stay approved and go into the next one."""
    with transaction.atomic(durable=True):
        publications.hold(lease)
        _fail(publication, why, hold=False)


def refuse(lease: Lease, publication: Publication, why: Hindrance, *, fields: Fields = ()) -> None:
    """Google's final no to what was sent. Where it names an entry, only the change that adds it is held; the others go on.

    Where it names none, fewer changes go into the next write, until the one that it refuses stands alone.
    """
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        changes, named = _changes(publication), _named_fingerprints(publication, fields)
        guilty = [
            c
            for c in changes
            if named & {i.sha256_fingerprint for i in c.items.all() if i.action == Action.ADD}
        ]
        said = "; ".join([why.words, *(f"{name}: {text}" for name, text in fields)])
        in_full = replace(why, words=said)
        is_alone = not guilty and len(changes) == 1
        # What Google says of one tenant's certificate is for that tenant's change alone.
        for_all = replace(why, words=ONE_IS_REFUSED) if guilty else why
        _fail(publication, in_full if is_alone else for_all, hold=is_alone)
        if not guilty and len(changes) > 1:
            publications.limit_batch(trust_config, len(changes) // 2)
        for change in guilty:
            transitions.hold(change, in_full, actor=this_worker(), at=clock.now())


def block(lease: Lease, why: Hindrance) -> None:
    """Google's final no to the worker itself: nothing more is tried until a person has mended it and says so."""
    with transaction.atomic(durable=True):
        trust_config = publications.hold(lease)
        publications.block(lease, why)
        record_trust_config(
            EventType.PUBLISHING_BLOCKED,
            trust_config,
            actor=this_worker(),
            result="failed",
            reason=str(why),
            details={"code": why.code},
        )


def this_worker() -> Actor:
    from jobs.worker import name

    return worker(name())


def _changes(publication: Publication) -> list[ChangeRequest]:
    rows = ChangeRequest.objects.filter(attempts__publication=publication).select_related(
        "tenant", "trust_config__environment", "submitted_by"
    )
    return list(rows.prefetch_related("items__certificate", "inverts").order_by("pk"))


def _apply(change: ChangeRequest, publication: Publication, *, actor: Actor, at: datetime) -> None:
    items = list(change.items.all())
    steps = [(item.step, item.certificate_id) for item in items]
    apply_steps(
        trust_config=publication.trust_config,
        tenant_id=change.tenant_id,
        steps=steps,
        publication=publication,
        at=at,
    )
    touch([item.certificate_id for item in items], by=str(change.submitted_by))
    if change.overlap_until is not None:
        keep_overlap(change, actor=actor, at=at)
    details: dict[str, object] = {
        "publication": publication.label,
        "enforcement": publication.trust_config.enforcement,
    }
    moves.apply(change, actor=actor, at=at, details=details)
    for original in change.inverts.select_related("tenant", "trust_config__environment").filter(
        state=State.APPLIED
    ):
        transitions.withdraw_followers(
            original, cause("follower-undone", number=original.number), actor=actor, at=at
        )
        why = cause("rolled-back", number=change.number)
        moves.roll_back(original, change, why, actor=actor, at=at)


def _fail(publication: Publication, why: Hindrance, *, hold: bool) -> None:
    at, actor = clock.now(), this_worker()
    before = publication.state
    publications.mark_failed(publication, why, at=at)
    changes = _changes(publication)
    event, result = (
        (EventType.PUBLICATION_POSTPONED, "ok")
        if publication.is_postponed
        else (EventType.PUBLICATION_FAILED, "failed")
    )
    record_publication(
        event,
        publication,
        changes,
        actor=actor,
        before=before,
        result=result,
        reason=f"{why.code}: {why.words}",
    )
    if hold:
        for change in changes:
            transitions.hold(change, why, actor=actor, at=at)


_FIELD = re.compile(r"(trust_anchors|intermediate_cas|allowlisted_certificates)\[(\d+)\]")


_ROLE_OF_FIELD = {
    "trust_anchors": "trust_anchor",
    "intermediate_cas": "intermediate_ca",
    "allowlisted_certificates": "allowlisted_certificate",
}


def _named_fingerprints(publication: Publication, fields: Fields) -> set[str]:
    """Which entries Google's field violations point at; entries were sent sorted by fingerprint within each role."""
    named = set()
    for violated, _description in fields:
        if match := _FIELD.search(violated):
            role, index = _ROLE_OF_FIELD[match.group(1)], int(match.group(2))
            ordered = sorted(
                entry.sha256_fingerprint
                for entry in publication.entry_set
                if entry.role.value == role
            )
            named |= set(ordered[index : index + 1])
    return named
