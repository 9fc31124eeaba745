"""What must hold after every fault, asked of the records, of the audit and of what is live (reliability.md §2.3)."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from approvals.models import ChangeRequest
from audit.models import AuditEvent
from certs.models import Publication, TrustConfig, TrustEntry
from certs.trust_configs.drift import open_case
from certs.trust_configs.live import LABEL
from emulator import trust_config as emulated
from pki.plan import Entry, entries_of
from pki.roles import TrustRole

_ROLES = {
    "anchors": TrustRole.TRUST_ANCHOR,
    "intermediates": TrustRole.INTERMEDIATE_CA,
    "allowlisted": TrustRole.ALLOWLISTED,
}


def live_entries(emulator: Any, trust_config: TrustConfig) -> frozenset[Entry]:
    body = emulator.certificate_manager.look(trust_config.resource_name)
    return frozenset(
        Entry(role, emulated.fingerprint(pem)) for key, role in _ROLES.items() for pem in body[key]
    )


def broken(emulator: Any, trust_config_id: Any) -> list[str]:
    """Every invariant that does not hold for one trust config at rest, as sentences."""
    return [
        *_settled(TrustConfig.objects.get(pk=trust_config_id)),
        *unsound(emulator, trust_config_id),
    ]


def unsound(emulator: Any, trust_config_id: Any) -> list[str]:
    """The same while something waits; no write may be under way."""
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    return [
        *_live_is_desired(emulator, trust_config),
        *_written_once_and_in_order(emulator, trust_config),
        *_nothing_revoked(emulator, trust_config),
        *_moves_are_recorded_once(trust_config),
        *_publications_are_recorded_once(trust_config),
    ]


def _settled(trust_config: TrustConfig) -> list[str]:
    """I10: every approved change is applied or waits with a reason; nothing is under way any more."""
    said = [f"{p} is still {p.state}" for p in Publication.objects.unresolved(trust_config.pk)]
    waits = (
        trust_config.blocked_at is not None
        or trust_config.waiting_code
        or open_case(trust_config) is not None
    )
    for change in ChangeRequest.objects.filter(trust_config=trust_config, state="approved"):
        if not (change.held_code or waits or change.due_at or change.follows_id):
            said.append(f"#{change.number} is approved and waits without a reason")
    said += [
        f"#{c.number} was never checked"
        for c in ChangeRequest.objects.filter(trust_config=trust_config, state="submitted")
        if not (waits or c.awaits_answer)
    ]
    return said


def _live_is_desired(emulator: Any, trust_config: TrustConfig) -> list[str]:
    """I10, I5: live is what the portal's entries say, and what it last observed."""
    if open_case(trust_config) is not None:
        return []
    live = live_entries(emulator, trust_config)
    held = entries_of(TrustEntry.objects.filter(trust_config=trust_config).holdings())
    said = []
    if live != held:
        said.append(
            f"live has {len(live)} entries and the portal {len(held)}, {len(live ^ held)} of them differ"
        )
    if live != trust_config.observed:
        said.append("live is not what was last observed")
    return said


def _written_once_and_in_order(emulator: Any, trust_config: TrustConfig) -> list[str]:
    """I3, I4: no label took effect twice, and revisions that took effect only grow."""
    store = emulator.store
    with store.lock():
        done = [
            body
            for _name, body in store.all("operation")
            if body["target"] == trust_config.resource_name and body["verb"] == "update"
        ]
    written = [
        body["resource"]["labels"].get(LABEL, "")
        for body in sorted(done, key=lambda body: body.get("ended", 0))
        if body["done"] and not body["error"]
    ]
    said = [
        f"{label} was written {count} times"
        for label, count in Counter(written).items()
        if count > 1
    ]
    revisions = [int(label.partition("-")[0]) for label in written if label]
    if revisions != sorted(revisions):
        said.append(f"revisions took effect out of order: {revisions}")
    return said


def _nothing_revoked(emulator: Any, trust_config: TrustConfig) -> list[str]:
    """I2: what an applied change revoked is not live, unless a later change named the revocation."""
    live = {entry.sha256_fingerprint for entry in live_entries(emulator, trust_config)}
    said = []
    for change in ChangeRequest.objects.filter(
        trust_config=trust_config, state="applied", items__removal="revoked"
    ).distinct():
        for item in change.items.filter(removal="revoked", sha256_fingerprint__in=live):
            later = ChangeRequest.objects.filter(
                trust_config=trust_config, names_revocation=True, pk__gt=change.pk
            )
            if not later.filter(items__sha256_fingerprint=item.sha256_fingerprint).exists():
                said.append(
                    f"{item.sha256_fingerprint[:12]} is live although #{change.number} revoked it"
                )
    return said


def _moves_are_recorded_once(trust_config: TrustConfig) -> list[str]:
    """I7: each move of a change has one event, and its before is the after of the last one."""
    said = []
    for change in ChangeRequest.objects.filter(trust_config=trust_config):
        state = ""
        for payload in _payloads("change", str(change.pk)):
            before, after = payload.get("before"), payload.get("after")
            if payload["type"] in _MOVES:
                if (before or "") != state:
                    said.append(
                        f"#{change.number}: {payload['type']} says it was {before}, and it was {state or 'nothing'}"
                    )
                state = str(after)
        if state != change.state:
            said.append(f"#{change.number} is {change.state}, and the audit says {state}")
    return said


_MOVES = {
    f"change.{move}"
    for move in (
        "submitted",
        "validated",
        "approved",
        "returned",
        "rejected",
        "lapsed",
        "withdrawn",
        "applied",
        "rolled_back",
    )
}


def _publications_are_recorded_once(trust_config: TrustConfig) -> list[str]:
    """I5, I7: every write has one intent and one end in the audit; a verified one was read back, equal, after it was done."""
    said = []
    for publication in Publication.objects.filter(trust_config=trust_config):
        types = Counter(
            payload["type"] for payload in _payloads("publication", str(publication.pk))
        )
        tenants = max(
            1,
            len(
                {
                    change.tenant_id
                    for change in ChangeRequest.objects.filter(attempts__publication=publication)
                }
            ),
        )
        said += [
            f"{publication}: {count} × {name}" for name, count in types.items() if count != tenants
        ]
        ends = {
            name
            for name in types
            if name.rpartition(".")[2] in {"verified", "failed", "postponed", "voided"}
        }
        ended = "postponed" if publication.is_postponed else publication.state
        if publication.state not in Publication.UNRESOLVED and ends != {f"publication.{ended}"}:
            said.append(f"{publication} is {publication.state}, and the audit says {sorted(ends)}")
        said += [f"{publication}: {wrong}" for wrong in _times_that_differ(publication)]
        if publication.state == "verified" and not (
            publication.written_at
            and publication.etag_after
            and publication.verified_at >= publication.written_at
        ):
            said.append(f"{publication} is verified without evidence")
    return said


def _times_that_differ(publication: Publication) -> list[str]:
    """Fault 24: the audit and the records go by one clock, the database's, however wrong a worker's is."""
    known = {
        "intended": publication.intended_at,
        "sent": publication.sent_at,
        "written": publication.written_at,
        "verified": publication.verified_at,
    }
    said = []
    for payload in _payloads("publication", str(publication.pk)):
        at = known.get(payload["type"].rpartition(".")[2])
        if at is not None and abs(datetime.fromisoformat(payload["at"]) - at) > timedelta(
            seconds=30
        ):
            said.append(
                f"{payload['type']} is recorded at {payload['at']} and happened at {at.isoformat()}"
            )
    return said


def _payloads(kind: str, subject_id: str) -> list[dict[str, Any]]:
    rows = AuditEvent.objects.filter(subject_kind=kind, subject_id=subject_id).order_by("pk")
    return [json.loads(bytes(row.payload)) for row in rows]
