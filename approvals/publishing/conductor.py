"""The conductor of publications: one step of one trust config at a time, in the order that a model check showed to be safe.

resolve what is unfinished → read live FIRST → drift? stop → list due changes SECOND → open their originals → one
transaction: check again, seal what leaves, write the intent → UpdateTrustConfig → store the operation's name → poll →
read back → compare set and label → applied. A step may be killed anywhere; the next one goes by the records.
"""

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from approvals.judging import schedule
from approvals.judging.originals import foresee_all
from approvals.models import ChangeRequest
from approvals.publishing import drift, intend, settle
from approvals.publishing.originals import Opened, open_additions
from audit.events import worker
from certs.errors import CertsError, LeaseLost, NotRestorable
from certs.hindrance import Hindrance
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications, publishing
from certs.trust_configs.live import LABEL, Live, is_as_observed
from certs.trust_configs.publications import Lease
from gcp.errors import (
    FINAL,
    CloudConflict,
    CloudDenied,
    CloudError,
    CloudMissing,
    CloudRejected,
    CloudUnavailable,
)
from jobs import clock
from jobs.queue import enqueue
from jobs.registry import TryLater
from jobs.worker import name as worker_name
from pki.errors import PkiError

AT_ONCE = 0.0
LONGEST_NAP = 60.0


def publish(*, trust_config_id: str) -> None:
    """Takes one step towards "live is what was approved" and asks for the next one, if there is one.

    :raises TryLater: while another worker holds the trust config.
    """
    with transaction.atomic(durable=True):
        lease = publications.acquire_lease(trust_config_id, worker_name())
    if lease is None:
        raise TryLater("another worker holds this trust config")
    try:
        seconds = _step(lease)
    except LeaseLost:
        _look_later(lease)  # whoever took it over goes on; if nobody did, the next step does
    except FINAL as error:  # a person mends it and says so
        settle.block(lease, Hindrance.of(error))
    except PkiError as error:
        settle.block(lease, Hindrance(error.code, "an entry that is live cannot be read"))
    except CloudError as error:
        _pause(lease, Hindrance.of(error))
    # A fault of ours or of the database: give the lease back, then let the job say it.
    except Exception as error:
        _pause(lease, Hindrance("unexpected", type(error).__name__))
        raise
    else:
        _end(lease, seconds)


def _step(lease: Lease) -> float | None:
    """Seconds until the next step; None when there is nothing left to do."""
    trust_config = TrustConfig.objects.select_related("environment").get(pk=lease.trust_config_id)
    if trust_config.blocked_at is not None:
        return None
    unresolved = list(Publication.objects.unresolved(trust_config.pk))
    if unresolved:
        return _resolve(lease, trust_config, unresolved)
    if trust_config.state == TrustConfig.State.DRIFTED:
        return _resolve_drift(lease, trust_config)
    if trust_config.state != TrustConfig.State.READY:
        return None
    at = clock.now()
    due = ChangeRequest.objects.due(trust_config.pk).select_related("trust_config__environment")
    nap = _nap(
        [schedule.opens_at(change, at) for change in due if not schedule.has_lapsed(change, at)], at
    )
    return _write(lease, trust_config) if nap == AT_ONCE else nap


def _nap(opening: list[datetime | None], at: datetime) -> float | None:
    """Seconds until the first of these instants, at most a minute; None when none comes."""
    coming = [instant for instant in opening if instant is not None]
    return max(AT_ONCE, min((min(coming) - at).total_seconds(), LONGEST_NAP)) if coming else None


def _resolve(
    lease: Lease, trust_config: TrustConfig, unresolved: list[Publication]
) -> float | None:
    """Brings the writes that are under way, or may be, one step nearer to a known outcome."""
    if written := next(
        (p for p in reversed(unresolved) if p.state == Publication.State.WRITTEN), None
    ):
        return _read_back(lease, trust_config, written)
    if sent := next((p for p in reversed(unresolved) if p.state == Publication.State.SENT), None):
        return _poll(lease, trust_config, sent, unresolved)
    oldest = unresolved[0].intended_at
    if any(
        not status.is_done for status in publishing.operations_since(trust_config, oldest)
    ) and not _is_overdue(oldest):
        return _until_next_poll(oldest)
    return _settle_by_reading(lease, trust_config, unresolved)


def _poll(
    lease: Lease, trust_config: TrustConfig, sent: Publication, unresolved: list[Publication]
) -> float | None:
    assert sent.sent_at is not None
    try:
        status = publishing.operation(trust_config, sent.operation_name)
    except CloudMissing:  # Google has forgotten the operation: only live can tell
        return _settle_by_reading(lease, trust_config, unresolved)
    if not status.is_done:
        return (
            _settle_by_reading(lease, trust_config, unresolved)
            if _is_overdue(sent.sent_at)
            else _until_next_poll(sent.sent_at)
        )
    if not status.error:
        settle.note_written(lease, sent)
        return AT_ONCE
    why = Hindrance("operation-failed", status.error, rpc="UpdateTrustConfig")
    # A fence has no change to hold.
    if status.is_transient or sent.kind == Publication.Kind.FENCE:
        settle.fail(lease, sent, why)
        raise CloudUnavailable("UpdateTrustConfig", status.error)
    settle.refuse(lease, sent, why)
    return AT_ONCE


def _settle_by_reading(
    lease: Lease, trust_config: TrustConfig, unresolved: list[Publication]
) -> float | None:
    """Nothing runs, and the outcome is unknown: live carries the label of what took effect. If none did, fence it off."""
    live = publishing.read_live(trust_config)
    if took_effect := next((p for p in unresolved if p.label == live.label), None):
        found = publishing.operations_since(trust_config, took_effect.intended_at)
        name = next(
            (status.name for status in found if status.labels.get(LABEL) == took_effect.label), ""
        )
        settle.note_written(lease, took_effect, operation_name=name)
        return AT_ONCE
    if not settle.note_observation(lease, live) or intend.waits_for_an_admin(trust_config):
        return None
    fence = intend.intend_fence(lease, live)
    if fence is None:
        return AT_ONCE
    return _send(lease, trust_config, fence, live=live, additions={})


def _read_back(lease: Lease, trust_config: TrustConfig, written: Publication) -> float | None:
    """A read-back that differs never causes a write."""
    live = publishing.read_live(trust_config)
    if live.label == written.label and live.entries == written.entry_set:
        settle.note_verified(lease, written, live)
        return AT_ONCE
    assert written.written_at is not None
    # What was there before may be shown for long by a slow replica; anything else only while the write spreads.
    patience = (
        settings.OPERATION_SECONDS
        if is_as_observed(trust_config, live) and settings.PROPAGATION_SECONDS
        else settings.PROPAGATION_SECONDS
    )
    if clock.now() - written.written_at < timedelta(seconds=patience):
        return _until_next_poll(written.written_at)
    settle.note_other_outcome(lease, written, live)
    return None


def _write(lease: Lease, trust_config: TrustConfig) -> float | None:
    live = publishing.read_live(trust_config)
    if not settle.note_observation(lease, live):
        return None
    at = clock.now()
    due = [
        change
        for change in ChangeRequest.objects.due(trust_config.pk).select_related(
            "tenant", "trust_config__environment"
        )
        if schedule.may_go(change, at)
    ]
    publishing.require_room(trust_config)
    urgent = [change for change in due if change.is_urgent]
    if urgent and len(urgent) < len(
        due
    ):  # waits for nobody's original; what may go only on top of the others goes with them
        nothing = Opened()
        foreseen = foresee_all(urgent, live, nothing.pems, waits=False)
        if publication := intend.intend_changes(
            lease, live, urgent[: trust_config.batch_limit], nothing, foreseen, may_return=False
        ):
            return _send(lease, trust_config, publication, live=live, additions={})
    due = due[: trust_config.batch_limit]
    opened = open_additions(due, live)
    publication = intend.intend_changes(
        lease,
        live,
        due,
        opened,
        foresee_all(due, live, opened.pems, waits=not all(c.is_urgent for c in due)),
    )
    if (
        publication is None
    ):  # every due change was left out with its reason, or somebody else was faster
        return AT_ONCE
    return _send(lease, trust_config, publication, live=live, additions=opened.pems)


def _resolve_drift(lease: Lease, trust_config: TrustConfig) -> float | None:
    """While live is not as last observed, only the change that resolves the case goes on."""
    change = (
        ChangeRequest.objects.resolutions(trust_config.pk)
        .select_related("trust_config__environment")
        .first()
    )
    if change is None or schedule.has_lapsed(change, clock.now()):
        return None
    live = publishing.read_live(trust_config)
    if change.kind == ChangeRequest.Kind.ADOPTION:
        drift.adopt(lease, change.pk, live, actor=worker(lease.owner))
        return None
    try:
        additions = drift.originals(change)
    except (CertsError, *FINAL) as error:
        drift.hold(lease, change.pk, Hindrance.of(error), actor=worker(lease.owner))
        return AT_ONCE
    missing = [
        entry
        for entry in trust_config.observed
        if entry not in live.pems and entry.sha256_fingerprint not in additions
    ]
    if missing:
        why = Hindrance(NotRestorable.code, f"the originals of {len(missing)} entries are not kept")
        drift.hold(lease, change.pk, why, actor=worker(lease.owner))
        return AT_ONCE
    publishing.require_room(trust_config)
    publication = drift.intend_put_back(lease, change.pk, live, actor=worker(lease.owner))
    return (
        _send(lease, trust_config, publication, live=live, additions=additions)
        if publication
        else None
    )


def _send(
    lease: Lease,
    trust_config: TrustConfig,
    publication: Publication,
    *,
    live: Live,
    additions: dict[str, str],
) -> float | None:
    """Sends once. An unknown outcome leaves the intent as it is: the next step reads first."""
    publications.require_held(lease)
    try:
        operation_name = publishing.send(trust_config, publication, live=live, additions=additions)
    except CloudRejected as error:
        settle.refuse(lease, publication, Hindrance.of(error), fields=error.fields)
        if publication.kind == Publication.Kind.FENCE:
            raise
        return AT_ONCE
    # Without effect, and no fault of a change.
    except (CloudConflict, CloudUnavailable, CloudDenied, CloudMissing) as error:
        settle.fail(lease, publication, Hindrance.of(error))
        raise
    settle.note_sent(lease, publication, operation_name)
    return _until_next_poll(clock.now())


def _until_next_poll(since: datetime) -> float:
    """Soon at first, then in proportion to how long it has taken: an operation of seconds is seen at once, one of minutes costs few reads."""
    waited = (clock.now() - since).total_seconds()
    return float(settings.POLL_SECONDS) * min(10.0, max(0.4, 0.08 * waited))


def _is_overdue(since: datetime) -> bool:
    return clock.now() - since > timedelta(seconds=settings.OPERATION_SECONDS)


def _end(lease: Lease, seconds: float | None) -> None:
    with transaction.atomic(durable=True):
        publications.release(lease)
        if seconds is not None:
            _enqueue_next(lease, seconds)


def _look_later(lease: Lease) -> None:
    with transaction.atomic(durable=True):
        _enqueue_next(lease, float(settings.LEASE_SECONDS))


def _pause(lease: Lease, why: Hindrance) -> None:
    """Waits with a growing, jittered delay; pages show why."""
    with transaction.atomic(durable=True):
        count = publications.pause(lease, why)
        _enqueue_next(lease, min(60.0, 2.0 ** min(count - 1, 6)) * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, no secret)


def _enqueue_next(lease: Lease, seconds: float) -> None:
    queue = TrustConfig.objects.values_list("environment__queue", flat=True).get(
        pk=lease.trust_config_id
    )
    enqueue("publish", lease.trust_config_id, queue=queue, delay_seconds=seconds)
