"""One trust config as the emulator keeps it, its etag, and the rules that Certificate Manager holds it against."""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from google.cloud.certificate_manager_v1 import TrustConfig

from emulator.errors import invalid
from emulator.store import Document, Store
from emulator.switches import switches

UPDATABLE = (
    "description",
    "labels",
    "trust_stores",
    "allowlisted_certificates",
    "spiffe_trust_stores",
)
MAXIMAL_PEM_BYTES = 5_000
TRUST_CONFIG, PREVIOUS, SERVED = "trust_config", "previous_trust_config", "served_trust_config"


def from_message(message: TrustConfig) -> Document:
    """:raises Refused: for what Certificate Manager does not take; each violation names its field."""
    if message.spiffe_trust_stores:
        raise invalid("trust_config.spiffe_trust_stores", "the emulator has no SPIFFE trust stores")
    if len(message.trust_stores) > 1:
        raise invalid("trust_config.trust_stores", "only one trust store is currently allowed")
    body: Document = {
        "description": message.description,
        "labels": dict(message.labels),
        "anchors": [
            anchor.pem_certificate
            for store in message.trust_stores
            for anchor in store.trust_anchors
        ],
        "intermediates": [
            ca.pem_certificate for store in message.trust_stores for ca in store.intermediate_cas
        ],
        "allowlisted": [item.pem_certificate for item in message.allowlisted_certificates],
    }
    check(body)
    return body


def check(body: Document) -> None:
    """:raises Refused: INVALID_ARGUMENT for counts, sizes, labels and texts that are no certificate."""
    if len(body["anchors"]) + len(body["intermediates"]) > 200:
        raise invalid(
            "trust_config.trust_stores",
            "at most 200 trust anchors and intermediate CAs are allowed",
        )
    if len(body["intermediates"]) > 100:
        raise invalid("trust_config.trust_stores", "at most 100 intermediate CAs are allowed")
    if len(body["allowlisted"]) > 500:
        raise invalid(
            "trust_config.allowlisted_certificates",
            "at most 500 allowlisted certificates are allowed",
        )
    fields = (
        ("trust_config.trust_stores[0].trust_anchors", "anchors"),
        ("trust_config.trust_stores[0].intermediate_cas", "intermediates"),
        ("trust_config.allowlisted_certificates", "allowlisted"),
    )
    for field, key in fields:
        for index, pem in enumerate(body[key]):
            _check_pem(f"{field}[{index}].pem_certificate", pem)
    for key, value in body["labels"].items():
        if (
            not key
            or not key[0].islower()
            or len(key) > 63
            or len(value) > 63
            or not set(key + value) <= _LABEL_CHARACTERS
        ):
            raise invalid("trust_config.labels", f"label {key!r} is malformed")


_LABEL_CHARACTERS = set("abcdefghijklmnopqrstuvwxyz0123456789_-")


def _check_pem(field: str, pem: str) -> None:
    if len(pem.encode()) > MAXIMAL_PEM_BYTES:
        raise invalid(field, "a certificate has at most 5000 bytes")
    if pem.count("-----BEGIN ") != 1:
        raise invalid(field, "exactly one PEM certificate is expected")
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise invalid(field, "not a parseable X.509 certificate") from None


def etag(body: Document) -> str:
    """Unpadded base64url of SHA-256 over every field but the etag and the times."""
    covered = {
        key: value
        for key, value in body.items()
        if not key.endswith("_time") and (switches.etag_covers_labels or key != "labels")
    }
    digest = hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def merged(old: Document, new: Document, paths: list[str]) -> Document:
    """The resource after an update with this mask; repeated fields are replaced whole.

    :raises Refused: for a path that may not be updated.
    """
    if not paths or paths == ["*"]:
        paths = list(UPDATABLE)
    if refused := [path for path in paths if path not in UPDATABLE]:
        raise invalid("updateMask", f"paths not permitted to be updated: {', '.join(refused)}")
    keys = {
        "trust_stores": ("anchors", "intermediates"),
        "allowlisted_certificates": ("allowlisted",),
        "spiffe_trust_stores": (),
    }
    result = dict(old)
    for path in paths:
        for key in keys.get(path, (path,)):
            result[key] = new[key]
    return result


def to_message(name: str, body: Document) -> TrustConfig:
    store = TrustConfig.TrustStore(
        trust_anchors=[TrustConfig.TrustAnchor(pem_certificate=pem) for pem in body["anchors"]],
        intermediate_cas=[
            TrustConfig.IntermediateCA(pem_certificate=pem) for pem in body["intermediates"]
        ],
    )
    return TrustConfig(
        name=name,
        create_time=datetime.fromtimestamp(body["create_time"], UTC),
        update_time=datetime.fromtimestamp(body["update_time"], UTC),
        labels=body["labels"],
        description=body["description"],
        etag=etag(body),
        trust_stores=[store] if body["anchors"] or body["intermediates"] else [],
        allowlisted_certificates=[
            TrustConfig.AllowlistedCertificate(pem_certificate=pem) for pem in body["allowlisted"]
        ],
    )


def put(store: Store, name: str, body: Document, *, propagation_seconds: float) -> None:
    """Makes this the resource. Load balancers serve the old one for a while; a stale read shows it once more."""
    now, old = time.time(), store.get(TRUST_CONFIG, name)
    if old is not None:
        store.put(PREVIOUS, name, old)
    store.put(
        SERVED,
        name,
        {"old": served(store, name, now), "new": body, "since": now + propagation_seconds},
    )
    store.put(TRUST_CONFIG, name, body)


def served(store: Store, name: str, now: float) -> Document | None:
    """What load balancers go by at this moment; None before anything has reached them."""
    found = store.get(SERVED, name)
    if found is None:
        return None
    body: Document | None = found["new"] if now >= found["since"] else found["old"]
    return body


def fingerprints(message: TrustConfig) -> set[str]:
    """SHA-256 of the DER of every certificate in it that can be read."""
    body = from_message(message)
    return {
        fingerprint(pem) for key in ("anchors", "intermediates", "allowlisted") for pem in body[key]
    }


def fingerprint(pem: str) -> str:
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex()
