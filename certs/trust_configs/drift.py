"""Live against what was last observed: a difference that is not ours stops publishing and is a case for a person."""

from datetime import datetime
from enum import Enum

from django.db import connection

from certs.models import DriftCase, Publication, TrustConfig, entries_to_json
from certs.trust_configs.live import Live, is_ahead, is_as_observed


class Reading(Enum):
    """What a read of live tells."""

    EXPECTED = "expected"
    DRIFT = "drift"  # seen for the first time, by this read
    STOPPED = "stopped"  # the trust config takes no changes anyway


def open_case(trust_config: TrustConfig) -> DriftCase | None:
    return trust_config.drift_cases.filter(state=DriftCase.State.OPEN).first()


def note_live(trust_config: TrustConfig, live: Live, *, seen_by: str) -> Reading:
    """Notes a read of a locked trust config.

    A read that began before the last observation says nothing. While a write of ours is unresolved, its set may be
    live already.
    """
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    if trust_config.state != TrustConfig.State.READY:
        return Reading.STOPPED
    if trust_config.observed_at != live.basis:
        return Reading.EXPECTED
    if is_as_observed(trust_config, live):
        trust_config.observed_at, trust_config.observed_etag = live.at, live.etag
        trust_config.save(update_fields=["observed_at", "observed_etag"])
        return Reading.EXPECTED
    if is_ours(trust_config, live):
        return Reading.EXPECTED
    keep_case(trust_config, live, seen_by=seen_by)
    return Reading.DRIFT


def is_ours(trust_config: TrustConfig, live: Live) -> bool:
    """Whether live is what a write of ours that is not resolved yet would make of it."""
    unresolved = Publication.objects.unresolved(trust_config.pk)
    return any(
        publication.label == live.label and publication.entry_set == live.entries
        for publication in unresolved
    )


def is_as_seen(trust_config: TrustConfig, live: Live) -> bool:
    """Whether live is what a person last decided on: what was last observed or, while a case is open, what it shows."""
    case = open_case(trust_config)
    if case is None:
        return is_as_observed(trust_config, live)
    return live.entries == case.entry_set and live.label == case.label


def end_case(
    trust_config: TrustConfig,
    state: DriftCase.State,
    *,
    at: datetime,
    change_number: int | None = None,
    reason: str = "",
) -> None:
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    if case := open_case(trust_config):
        case.state, case.resolved_at, case.change_number, case.reason = (
            state,
            at,
            change_number,
            reason,
        )
        case.save(update_fields=["state", "resolved_at", "change_number", "reason"])
    trust_config.state = TrustConfig.State.READY
    trust_config.save(update_fields=["state"])


def is_of_older_database(trust_config: TrustConfig) -> bool:
    """Whether the open case is that Google carries a revision which this database does not know."""
    case = open_case(trust_config)
    return case is not None and case.unknown_revision is not None


def count_from(trust_config: TrustConfig, live: Live) -> None:
    """No revision that Google has seen is used again, whoever wrote it: another database of this installation, before a restore."""
    if is_ahead(trust_config, live):
        trust_config.last_revision = live.revision
        trust_config.save(update_fields=["last_revision"])


def keep_case(trust_config: TrustConfig, live: Live, *, seen_by: str) -> DriftCase:
    """Stops publishing and keeps what was found, with the facts of every entry, until it is resolved."""
    trust_config.state = TrustConfig.State.DRIFTED
    trust_config.save(update_fields=["state"])
    found: dict[str, object] = {
        "seen_at": live.at,
        "seen_by": seen_by[:120],
        "entries": entries_to_json(live.entries),
        "label": live.label[:63],
        "etag": live.etag,
        "facts": {fingerprint: facts.to_json() for fingerprint, facts in live.facts.items()},
    }
    if is_ahead(trust_config, live):
        found["unknown_revision"] = live.revision
        count_from(trust_config, live)
    first = {
        "found_at": live.at,
        "found_by": seen_by[:120],
        "last_expected_at": trust_config.observed_at,
        "expected_entries": trust_config.observed_entries,
    }
    case, _is_new = DriftCase.objects.update_or_create(
        trust_config=trust_config,
        state=DriftCase.State.OPEN,
        defaults=found,
        create_defaults={**first, **found},
    )
    return case
