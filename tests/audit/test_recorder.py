"""The audit: written with its fact or not at all, never changed, and readable without this portal."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from django.db import DatabaseError, connection, transaction

from audit import anonymous, log
from audit.errors import NotRecordable, OutsideTransaction
from audit.events import Actor, EventType, Scope, Subject
from audit.models import AnonymousRefusal, AuditEvent, AuditFingerprint, AuditPersonal
from audit.recorder import record
from tests import guard

pytestmark = pytest.mark.embedded

ACTOR = Actor("person", "7", "Wei Zhang", "wei@example.com", "192.0.2.1", "password", "abc")


@pytest.fixture
def event(db: None) -> AuditEvent:
    with transaction.atomic():
        return record(
            EventType.CHANGE_SUBMITTED,
            actor=ACTOR,
            subject=Subject("change", "1", label="#1"),
            scope=Scope(
                tenant_id=3,
                environment="dev",
                trust_config_id="t",
                change_number=1,
                sha256_fingerprints=("b" * 64, "a" * 64),
            ),
            after="submitted",
            reason="Neuer Partner 新",
            details={"n": 1, "list": ["x"]},
        )


def test_the_payload_is_canonical_json_and_the_leaf_is_rfc_6962(event: AuditEvent) -> None:
    payload = bytes(event.payload)
    assert rfc8785.dumps(json.loads(payload)) == payload
    assert bytes(event.leaf_hash) == hashlib.sha256(b"\x00" + payload).digest()


def test_the_payload_says_who_when_what_and_why_and_names_no_person(event: AuditEvent) -> None:
    facts = event.recorded
    assert (facts["type"], facts["after"], facts["reason"], facts["v"]) == (
        "change.submitted",
        "submitted",
        "Neuer Partner 新",
        1,
    )
    assert str(facts["at"]).endswith("Z")
    assert facts["actor"]["id"] == "7"
    assert facts["fingerprints"] == ["a" * 64, "b" * 64]
    assert len(str(facts["nonce"])) == 32
    for personal in (b"Wei", b"wei@", b"192.0"):
        assert personal not in bytes(event.payload)


def test_personal_data_can_be_erased_and_proven_while_it_is_there(event: AuditEvent) -> None:
    personal = AuditPersonal.objects.get(event=event)
    values: log.Json = {"name": personal.name, "email": personal.email, "ip": personal.ip}
    assert event.recorded["actor"]["personal"] == log.personal_hash(bytes(personal.salt), values)
    personal.delete()
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_each_event_names_the_one_before_of_the_same_object(event: AuditEvent) -> None:
    with transaction.atomic():
        second = record(
            EventType.CHANGE_APPROVED, actor=ACTOR, subject=Subject("change", "1"), scope=Scope()
        )
    assert second.recorded["prev_event"] == str(event.pk)


def test_nothing_is_recorded_outside_a_transaction(committed: None) -> None:
    with pytest.raises(OutsideTransaction):
        record(
            EventType.CHANGE_APPROVED, actor=ACTOR, subject=Subject("change", "1"), scope=Scope()
        )


@pytest.mark.parametrize(
    "details", [{"x": 1.5}, {"x": [{"y": 0.1}]}, {"x": 2**53}, {"x": "y" * 60_000}]
)
def test_what_canonical_json_cannot_hold_is_refused(db: None, details: Any) -> None:
    with pytest.raises(NotRecordable):
        record(
            EventType.CHANGE_APPROVED,
            actor=ACTOR,
            subject=Subject("change", "1"),
            scope=Scope(),
            details=details,
        )


@pytest.mark.parametrize("act", ["update", "delete", "fingerprint", "raw"])
def test_the_database_itself_refuses_change(event: AuditEvent, act: str) -> None:
    guard.guard()
    acts = {
        "update": lambda: AuditEvent.objects.filter(pk=event.pk).update(result="ok"),
        "delete": lambda: AuditEvent.objects.filter(pk=event.pk)._raw_delete("default"),
        "fingerprint": lambda: AuditFingerprint.objects.filter(event=event).update(
            sha256_fingerprint="c" * 64
        ),
        "raw": lambda: connection.cursor().execute("DELETE FROM audit_auditfingerprint"),
    }
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        acts[act]()


def test_anonymous_refusals_become_one_event_a_minute(db: None, time_machine: Any) -> None:
    from datetime import UTC, datetime

    time_machine.move_to(datetime(2026, 11, 24, 10, 0, 30, tzinfo=UTC), tick=False)
    for _ in range(3):
        anonymous.count("sign-in")
    anonymous.record_finished_minutes()
    assert not AuditEvent.objects.exists()
    time_machine.move_to(datetime(2026, 11, 24, 10, 1, 30, tzinfo=UTC), tick=False)
    anonymous.record_finished_minutes()
    event = AuditEvent.objects.get(type="sign_in.refused")
    assert event.recorded["details"] == {"minute": "2026-11-24T10:00:00+00:00", "count": 3}
    assert not AnonymousRefusal.objects.exists()


def _record(subject: Subject) -> AuditEvent:
    with transaction.atomic():
        return record(EventType.CHANGE_COMMENTED, actor=ACTOR, subject=subject, scope=Scope())


def test_an_event_names_the_one_before_it_about_the_same_subject(db: None) -> None:
    mine, other = Subject("change", "1"), Subject("change", "2")
    first = _record(mine)
    _record(other)
    second, third = _record(mine), _record(mine)
    assert first.recorded["prev_event"] is None
    assert second.recorded["prev_event"] == str(first.pk)
    assert third.recorded["prev_event"] == str(second.pk)


def test_an_event_is_found_by_the_fingerprint_of_its_subject(db: None) -> None:
    event = _record(Subject("golden_client", "1", sha256="c" * 64))
    assert [
        row.event_id for row in AuditFingerprint.objects.filter(sha256_fingerprint="c" * 64)
    ] == [event.pk]
