"""Publications as records: the lease, the intent, and each step's evidence. Acts in their caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certs.errors import LeaseLost
from certs.hindrance import NONE, Hindrance
from certs.models import Publication, TrustConfig, entries_to_json
from jobs import clock
from pki.plan import Action, Entry, difference, revision_digest
from pki.roles import TrustRole

KEEP_SET_EVERY = 50  # revisions; a row of a large trust config is 60 kB with its set


@dataclass(frozen=True)
class Lease:
    """The right to write one trust config, until its time is over or somebody else has a higher fence."""

    trust_config_id: str
    owner: str
    fence: int


def acquire_lease(trust_config_id: str, owner: str) -> Lease | None:
    """Takes the lease by database time; None while another worker holds it."""
    _assert_in_transaction()
    is_free = Q(lease_until=None) | Q(lease_until__lt=Now())
    until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    if not TrustConfig.objects.filter(is_free, pk=trust_config_id).update(
        lease_owner=owner, lease_until=until, fence=F("fence") + 1
    ):
        return None
    return Lease(trust_config_id, owner, TrustConfig.objects.get(pk=trust_config_id).fence)


def hold(lease: Lease) -> TrustConfig:
    """Locks the trust config, makes sure that nobody took the lease over, and begins its time anew.

    One that ran out and that nobody has taken is still ours: whoever takes it raises the fence.

    :raises LeaseLost: when it was taken over.
    """
    _assert_in_transaction()
    until = Now() + timedelta(seconds=settings.LEASE_SECONDS)
    if not TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence).update(
        lease_until=until
    ):
        raise LeaseLost(_("Another worker took this trust config over."))
    return (
        TrustConfig.objects.select_for_update(of=("self",))
        .select_related("environment")
        .get(pk=lease.trust_config_id)
    )


def require_held(lease: Lease) -> None:
    """The last look before a write leaves: a worker that was stopped for a while must not send.

    :raises LeaseLost: when the lease ran out or was taken over.
    """
    if not TrustConfig.objects.filter(
        pk=lease.trust_config_id, fence=lease.fence, lease_until__gt=Now()
    ).exists():
        raise LeaseLost(_("Another worker took this trust config over."))


def release(lease: Lease) -> None:
    """Gives the lease back after a step that went well."""
    _assert_in_transaction()
    mine = TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence)
    # Why it is blocked stays until a person tries again.
    mine.filter(blocked_at=None).update(**_columns(NONE), pause_count=0)
    mine.update(lease_until=None, lease_owner="")


def pause(lease: Lease, why: Hindrance) -> int:
    """Gives the lease back after a step that must be tried later; returns how many there were in a row."""
    _assert_in_transaction()
    mine = TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence)
    mine.filter(blocked_at=None).update(**_columns(why))
    mine.update(lease_until=None, lease_owner="", pause_count=F("pause_count") + 1)
    return TrustConfig.objects.get(pk=lease.trust_config_id).pause_count


def block(lease: Lease, why: Hindrance) -> None:
    """Gives the lease back after Google's final no to the worker itself; nothing is tried until a person says so."""
    _assert_in_transaction()
    mine = TrustConfig.objects.filter(pk=lease.trust_config_id, fence=lease.fence)
    mine.update(lease_until=None, lease_owner="", blocked_at=Now(), **_columns(why))


def block_without_lease(trust_config: TrustConfig, why: Hindrance) -> None:
    """The same for what a sweep or a first read has seen. The caller has locked the row."""
    _assert_in_transaction()
    trust_config.blocked_at = clock.now()
    _set(trust_config, why, "blocked_at")


def hindrance_of(trust_config: TrustConfig) -> Hindrance:
    """Why workers wait here; without a code when they do not."""
    return Hindrance(
        trust_config.waiting_code,
        trust_config.waiting_words,
        trust_config.waiting_rpc,
        trust_config.waiting_reason,
    )


def _columns(why: Hindrance) -> dict[str, str]:
    return {
        "waiting_code": why.code,
        "waiting_words": why.words[:1000],
        "waiting_rpc": why.rpc,
        "waiting_reason": why.reason,
    }


def _set(trust_config: TrustConfig, why: Hindrance, *besides: str) -> None:
    columns = _columns(why)
    for name, value in columns.items():
        setattr(trust_config, name, value)
    trust_config.save(update_fields=[*columns, *besides])


def unblock(trust_config: TrustConfig) -> None:
    """Lets the worker try again. The caller has locked the row."""
    _assert_in_transaction()
    trust_config.blocked_at, trust_config.pause_count = None, 0
    _set(trust_config, NONE, "blocked_at", "pause_count")


def limit_batch(trust_config: TrustConfig, change_count: int | None) -> None:
    _assert_in_transaction()
    trust_config.batch_limit = change_count
    trust_config.save(update_fields=["batch_limit"])


def open_intent(
    *,
    trust_config: TrustConfig,
    kind: Publication.Kind,
    base: frozenset[Entry],
    entries: frozenset[Entry],
    etag: str,
    worker: str,
    at: datetime,
) -> Publication:
    """Writes down what is about to be sent, under the next revision of this trust config.

    The whole set stays once in fifty revisions, and where it does not follow from the last verified one (somebody edited
    live between them); from there the steps lead to every other.
    """
    _assert_in_transaction()
    verified = trust_config.publications.filter(state=Publication.State.VERIFIED)
    last_digest = verified.values_list("revision_digest", flat=True).first()
    last_whole = verified.filter(entries__isnull=False).values_list("revision", flat=True).first()
    change, base_digest = difference(base, entries), revision_digest(base)
    trust_config.last_revision += 1
    trust_config.save(update_fields=["last_revision"])
    return Publication.objects.create(
        trust_config=trust_config,
        revision=trust_config.last_revision,
        kind=kind,
        base_digest=base_digest,
        revision_digest=revision_digest(entries),
        steps=[
            *([Action.ADD.value, *entry] for entry in sorted(change.added)),
            *([Action.REMOVE.value, *entry] for entry in sorted(change.removed)),
        ],
        entries=entries_to_json(entries),
        keeps_set=last_digest != base_digest
        or last_whole is None
        or trust_config.last_revision - last_whole >= KEEP_SET_EVERY,
        etag_before=etag,
        worker=worker,
        intended_at=at,
    )


def mark_sent(publication: Publication, *, operation_name: str, at: datetime) -> None:
    _move(publication, Publication.State.SENT, operation_name=operation_name, sent_at=at)


def mark_written(
    publication: Publication, *, at: datetime, operation_name: str | None = None
) -> None:
    _move(
        publication,
        Publication.State.WRITTEN,
        written_at=at,
        operation_name=operation_name or publication.operation_name,
    )


def mark_verified(publication: Publication, *, etag: str, at: datetime) -> None:
    _move(publication, Publication.State.VERIFIED, etag_after=etag, verified_at=at, ended_at=at)


def mark_failed(publication: Publication, why: Hindrance, *, at: datetime) -> None:
    _move(
        publication,
        Publication.State.FAILED,
        failure_code=why.code,
        failure=why.words,
        failure_rpc=why.rpc,
        failure_reason=why.reason,
        ended_at=at,
    )


def mark_voided(publication: Publication, *, failure: str, at: datetime) -> None:
    _move(
        publication, Publication.State.VOIDED, failure_code="voided", failure=failure, ended_at=at
    )


def observe(
    trust_config: TrustConfig, *, entries: frozenset[Entry], label: str, etag: str, at: datetime
) -> None:
    """Notes what a read has seen; from now on this is what live is expected to be."""
    _assert_in_transaction()
    trust_config.observed_entries = entries_to_json(entries)
    trust_config.observed_label = label
    trust_config.observed_etag = etag
    trust_config.observed_at = at
    trust_config.save(
        update_fields=["observed_entries", "observed_label", "observed_etag", "observed_at"]
    )


def set_of(publication: Publication) -> frozenset[Entry]:
    """What live held once this write was verified: the last set that is kept whole before it, and the steps since.

    :raises LookupError: when the steps do not lead to the digest that was verified.
    """
    verified = Publication.objects.filter(
        trust_config_id=publication.trust_config_id,
        state=Publication.State.VERIFIED,
        revision__lte=publication.revision,
    )
    since: list[Publication] = []
    for each in verified.order_by("-revision").iterator(chunk_size=KEEP_SET_EVERY):
        since.append(each)
        if each.entries is not None:
            break
    if not since or since[-1].entries is None:
        raise LookupError(f"no whole set is kept before {publication}")
    found = set(since[-1].entry_set)
    for each in reversed(since[:-1]):
        for action, role, fingerprint in each.steps or ():
            entry = Entry(TrustRole(role), fingerprint)
            found.add(entry) if action == Action.ADD else found.discard(entry)
    if revision_digest(found) != publication.revision_digest:
        raise LookupError(f"the steps do not lead to {publication}")
    return frozenset(found)


def _move(publication: Publication, state: Publication.State, **evidence: object) -> None:
    _assert_in_transaction()
    if state not in Publication.UNRESOLVED and not publication.keeps_set:
        evidence["entries"] = None
    publication.state = state
    for name, value in evidence.items():
        setattr(publication, name, value)
    publication.save(update_fields=["state", *evidence])


def _assert_in_transaction() -> None:
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
