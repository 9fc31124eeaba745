"""The only writer of the audit. It writes in the transaction of the fact itself: if the event fails, the fact fails."""

import secrets
from datetime import datetime

from django.db import connection

from audit import log
from audit.errors import OutsideTransaction
from audit.events import Actor, EventType, Scope, Subject
from audit.models import AuditEvent, AuditFingerprint, AuditPersonal
from jobs import clock, request_ids


def record(
    event: EventType,
    *,
    actor: Actor,
    subject: Subject,
    scope: Scope,
    before: str | None = None,
    after: str | None = None,
    reason: str = "",
    result: str = "ok",
    details: log.Json | None = None,
) -> AuditEvent:
    """Writes one event: who, when, what, on which object, from → to, why, its result, and details by name.

    :raises OutsideTransaction: when no transaction is open.
    :raises NotRecordable: when a detail is a float or too large; nothing of a fact may go unrecorded.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("An event is written in the transaction of its fact.")
    at = clock.now()
    salt = secrets.token_bytes(16)
    personal: log.Json = {"name": actor.name, "email": actor.email, "ip": actor.ip}
    facts = _facts(
        actor, subject, scope, at=at, event=event, personal_sha256=log.personal_hash(salt, personal)
    )
    payload = log.encode(
        {
            **facts,
            "before": before,
            "after": after,
            "reason": reason,
            "result": result,
            "details": details or {},
        }
    )
    row = AuditEvent.objects.create(
        payload=payload,
        leaf_hash=log.leaf_hash(payload),
        at=at,
        type=event.value,
        tenant_id=scope.tenant_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        subject_kind=subject.kind,
        subject_id=subject.id,
        environment=scope.environment,
        trust_config_id=scope.trust_config_id,
        change_number=scope.change_number,
        result=result,
    )
    AuditPersonal.objects.create(event=row, salt=salt, **personal)
    named = {*scope.sha256_fingerprints, *([subject.sha256] if subject.sha256 else [])}
    AuditFingerprint.objects.bulk_create(
        AuditFingerprint(event=row, sha256_fingerprint=value) for value in sorted(named)
    )
    return row


def _facts(
    actor: Actor,
    subject: Subject,
    scope: Scope,
    *,
    at: datetime,
    event: EventType,
    personal_sha256: str,
) -> log.Json:
    """Who, when, what and where, as the payload holds it; ids are text, so that no reader loses a digit."""
    previous = (
        AuditEvent.objects.filter(subject_kind=subject.kind, subject_id=subject.id)
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
    return {
        "v": log.VERSION,
        "type": event.value,
        "nonce": log.nonce(),
        "at": log.instant(at),
        "tenant": None if scope.tenant_id is None else str(scope.tenant_id),
        "environment": scope.environment,
        "trust_config": scope.trust_config_id,
        "change": None if scope.change_number is None else str(scope.change_number),
        "actor": {
            "kind": actor.kind,
            "id": actor.id,
            "authenticated_by": actor.authenticated_by,
            "session": actor.session,
            "personal": personal_sha256,
        },
        "subject": {
            "kind": subject.kind,
            "id": subject.id,
            "sha256": subject.sha256,
            "label": subject.label,
        },
        "request_id": request_ids.current(),
        "prev_event": None if previous is None else str(previous),
        "fingerprints": sorted(scope.sha256_fingerprints),
    }
