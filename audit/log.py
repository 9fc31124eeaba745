"""Pure functions of the audit log: the exact bytes of an event and their leaf hash (RFC 8785, RFC 6962 §2.1)."""

import hashlib
import secrets
from datetime import UTC, datetime

import rfc8785

from audit.errors import NotRecordable

VERSION = 1
MAXIMAL_BYTES = 60_000  # a C2SP tlog-tiles entry has a 16 bit length

Json = dict[str, object]


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the one form of time in an event."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode(event: Json) -> bytes:
    """The canonical bytes (RFC 8785) of one event.

    :raises NotRecordable: for floats, integers of 2^53 and more, other types, and more than 60,000 bytes.
    """
    _refuse_floats(event)
    try:
        payload = rfc8785.dumps(event)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError as error:
        raise NotRecordable(str(error)) from error
    if len(payload) > MAXIMAL_BYTES:
        raise NotRecordable(f"the event has {len(payload)} bytes, {MAXIMAL_BYTES} are allowed")
    return payload


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise NotRecordable("an event holds no floating point numbers")
    if isinstance(value, dict):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)


def leaf_hash(payload: bytes) -> bytes:
    """RFC 6962 §2.1: SHA-256(0x00 ‖ payload), 32 bytes."""
    return hashlib.sha256(b"\x00" + payload).digest()


def personal_hash(salt: bytes, personal: Json) -> str:
    """What an event keeps of personal data: SHA-256(salt ‖ canonical JSON), lower hex. Without the salted row it says nothing."""
    return hashlib.sha256(salt + rfc8785.dumps(personal)).hexdigest()  # type: ignore[arg-type]


def nonce() -> str:
    """128 random bits, so that nobody guesses an event from its leaf hash."""
    return secrets.token_hex(16)
