"""Live against what was last observed: a difference that is not ours stops publishing and is kept for a person to see."""

from enum import Enum

from django.db import connection

from certs.live import Live, is_as_observed
from certs.models import Publication, TrustConfig, entries_from_json, entries_to_json
from pki.facts import CertificateFacts
from pki.plan import Entry


class Sight(Enum):
    """What a read of live tells."""

    EXPECTED = "expected"
    DRIFT = "drift"  # seen for the first time, by this read
    STOPPED = "stopped"  # the trust config takes no changes anyway


def note_live(trust_config: TrustConfig, live: Live) -> Sight:
    """Notes a read of a locked trust config.

    A read that began before the last observation says nothing. While a write of ours is unresolved, its set may be
    live already.
    """
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    if trust_config.state != TrustConfig.State.READY:
        return Sight.STOPPED
    if trust_config.observed_at != live.basis:
        return Sight.EXPECTED
    if is_as_observed(trust_config, live):
        trust_config.observed_at, trust_config.observed_etag = live.at, live.etag
        trust_config.save(update_fields=["observed_at", "observed_etag"])
        return Sight.EXPECTED
    unresolved = Publication.objects.unresolved(trust_config.pk)
    if any(publication.label == live.label and publication.entry_set == live.entries for publication in unresolved):
        return Sight.EXPECTED
    keep_drift(trust_config, live)
    return Sight.DRIFT


def look_again(trust_config: TrustConfig, live: Live) -> bool:
    """Brings a kept drift up to date; True when live is again what was last observed, and publishing may go on."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    if is_as_observed(trust_config, live):
        end_drift(trust_config)
        return True
    keep_drift(trust_config, live)
    return False


def end_drift(trust_config: TrustConfig) -> None:
    trust_config.state, trust_config.drift, trust_config.drift_found_at = TrustConfig.State.READY, {}, None
    trust_config.save(update_fields=["state", "drift", "drift_found_at"])


def keep_drift(trust_config: TrustConfig, live: Live) -> None:
    """Stops publishing and keeps what was found, with the facts of every entry, until a reviewer takes it over."""
    trust_config.state = TrustConfig.State.DRIFTED
    trust_config.drift_found_at = trust_config.drift_found_at or live.at
    trust_config.drift = {
        "entries": entries_to_json(live.entries),
        "label": live.label,
        "etag": live.etag,
        "facts": {fingerprint: facts.to_json() for fingerprint, facts in live.facts.items()},
    }
    trust_config.save(update_fields=["state", "drift_found_at", "drift"])


def drift_entries(trust_config: TrustConfig) -> frozenset[Entry]:
    return entries_from_json(trust_config.drift.get("entries", []))


def drift_facts(trust_config: TrustConfig) -> dict[str, CertificateFacts]:
    return {fingerprint: CertificateFacts.from_json(values) for fingerprint, values in trust_config.drift.get("facts", {}).items()}
