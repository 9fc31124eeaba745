"""The audit of a past that was written in bulk: payload, hash, the erasable part and fingerprints, as the recorder writes them."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from approvals.models import ChangeRequest
from audit import log
from audit.events import EventType
from audit.models import AuditEvent, AuditFingerprint, AuditPersonal
from certs.models import Certificate, TrustConfig
from tenants.models import Tenant, User

BATCH = 2_000
EVENTS_OF_A_CHANGE = (
    EventType.CHANGE_SUBMITTED,
    EventType.CHANGE_VALIDATED,
    EventType.VOTE_CAST,
    EventType.CHANGE_APPROVED,
    EventType.PUBLICATION_INTENDED,
    EventType.PUBLICATION_SENT,
    EventType.PUBLICATION_WRITTEN,
    EventType.PUBLICATION_VERIFIED,
    EventType.CHANGE_APPLIED,
    EventType.ENDPOINT_PROBED,
)


@dataclass(frozen=True)
class Place:
    tenant: Tenant
    trust_config: TrustConfig
    submitter: User
    reviewer: User


def write_events(
    place: Place, changes: list[ChangeRequest], certificates: list[Certificate]
) -> None:
    """All events of these changes, each with its certificate."""
    rows: list[AuditEvent] = []
    personal: list[AuditPersonal] = []
    pairs = list(zip(changes, certificates, strict=True))
    for change, certificate in pairs:
        for event_type in EVENTS_OF_A_CHANGE:
            row, person = _event(place, event_type, change, certificate)
            rows.append(row)
            personal.append(person)
    AuditEvent.objects.bulk_create(rows, batch_size=BATCH)
    for row, person in zip(rows, personal, strict=True):
        person.event = row
    AuditPersonal.objects.bulk_create(personal, batch_size=BATCH)
    submitted = rows[:: len(EVENTS_OF_A_CHANGE)]
    AuditFingerprint.objects.bulk_create(
        (
            AuditFingerprint(event=row, sha256_fingerprint=certificate.sha256_fingerprint)
            for row, (_change, certificate) in zip(submitted, pairs, strict=True)
        ),
        batch_size=BATCH,
    )


def _event(
    place: Place, event_type: EventType, change: ChangeRequest, certificate: Certificate
) -> tuple[AuditEvent, AuditPersonal]:
    by_person = event_type in {EventType.CHANGE_SUBMITTED, EventType.VOTE_CAST}
    who = place.submitter if event_type == EventType.CHANGE_SUBMITTED else place.reviewer
    kind, actor = ("person", str(who.pk)) if by_person else ("worker", "load@history")
    salt = b"load-history-row"
    name = who.full_name if by_person else ""
    facts: dict[str, Any] = {"name": name, "email": "", "ip": ""}
    payload = log.encode(
        {
            "v": log.VERSION,
            "type": event_type.value,
            "at": log.instant(change.submitted_at.astimezone(UTC)),
            "tenant": str(place.tenant.pk),
            "environment": "history",
            "trust_config": str(place.trust_config.pk),
            "change": str(change.number),
            "actor": {"kind": kind, "id": actor, "personal": log.personal_hash(salt, facts)},
            "subject": {"kind": "change", "id": str(change.pk), "sha256": "", "label": ""},
            "fingerprints": [certificate.sha256_fingerprint],
            "result": "ok",
            "reason": "",
            "details": {"loaded": True},
        }
    )
    row = AuditEvent(
        payload=payload,
        leaf_hash=log.leaf_hash(payload),
        at=change.submitted_at,
        type=event_type.value,
        tenant_id=place.tenant.pk,
        actor_kind=kind,
        actor_id=actor,
        subject_kind="change",
        subject_id=str(change.pk),
        environment="history",
        trust_config_id=str(place.trust_config.pk),
        change_number=change.number,
        result="ok",
    )
    return row, AuditPersonal(salt=salt, name=name)
