"""Sealing originals to a vault key (HPKE, RFC 9180). Needs only the public half: the web tier can seal and never open."""

import hashlib
import uuid
from datetime import datetime

import rfc8785
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certs.errors import VaultClosed
from certs.models import SealedCertificate, TrustConfig, VaultKey
from jobs.queue import last_error
from pki.certificate import sha256_fingerprint

FORMAT_VERSION = 1
# Kinds of sealed texts.
GOLDEN_CLIENT, SIMULATION = "golden-client", "simulation"


def suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def new_key_pair() -> tuple[bytes, bytes]:
    """A fresh P-256 key pair as (SubjectPublicKeyInfo DER, PKCS#8 DER); the second is for Cloud KMS to wrap, at once."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    public = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public, private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def key_context(tenant_id: int, environment_id: int, purpose: str, identifier: uuid.UUID) -> bytes:
    """What the wrap of a vault key is bound to (AAD of Cloud KMS): canonical JSON."""
    return rfc8785.dumps(
        {
            "tenant": str(tenant_id),
            "environment": str(environment_id),
            "purpose": purpose,
            "vault_key": str(identifier),
        }
    )


def certificate_context(vault_key: VaultKey, fingerprint: str) -> bytes:
    """What a sealed original is bound to (HPKE ``info``): canonical JSON."""
    return rfc8785.dumps(
        {
            "tenant": str(vault_key.tenant_id),
            "environment": str(vault_key.environment_id),
            "purpose": vault_key.purpose,
            "vault_key": str(vault_key.identifier),
            "sha256": fingerprint,
            "format": FORMAT_VERSION,
        }
    )


def text_context(vault_key: VaultKey, kind: str, content_sha256: str) -> bytes:
    """What a sealed text (a golden client's chain, a simulation's question) is bound to: canonical JSON."""
    return rfc8785.dumps(
        {
            "tenant": str(vault_key.tenant_id),
            "environment": str(vault_key.environment_id),
            "purpose": vault_key.purpose,
            "vault_key": str(vault_key.identifier),
            "kind": kind,
            "sha256": content_sha256,
            "format": FORMAT_VERSION,
        }
    )


def seal_text(
    *, tenant_id: int, trust_config: TrustConfig, kind: str, text: bytes
) -> tuple[VaultKey, str, bytes]:
    """Seals a text of the tenant; returns the vault key, the text's SHA-256 and the sealed bytes.

    :raises VaultClosed: when no vault key serves this tenant, environment and purpose.
    """
    vault_key = require_vault_key(tenant_id, trust_config)
    public_key = load_der_public_key(bytes(vault_key.public_key))
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    digest = hashlib.sha256(text).hexdigest()
    return (
        vault_key,
        digest,
        suite().encrypt(text, public_key, info=text_context(vault_key, kind, digest)),
    )


def current_vault_key(tenant_id: int, environment_id: int, purpose: str) -> VaultKey | None:
    keys = VaultKey.objects.filter(
        tenant_id=tenant_id, environment_id=environment_id, purpose=purpose, serves_until__gt=Now()
    )
    return keys.order_by("-serves_until").first()


def require_vault_key(tenant_id: int, trust_config: TrustConfig) -> VaultKey:
    """The vault key that serves.

    :raises VaultClosed: when there is none; says why it could not be made, where the worker has tried.
    """
    vault_key = current_vault_key(tenant_id, trust_config.environment_id, trust_config.purpose)
    if vault_key is not None:
        return vault_key
    if words := last_error(
        "make_vault_key", f"{tenant_id}:{trust_config.environment_id}:{trust_config.purpose}"
    ):
        raise VaultClosed(
            _(
                "The vault of this tenant and environment is closed: its key could not be made. %(words)s The worker tries again by itself."
            )
            % {"words": words}
        )
    raise VaultClosed(
        _(
            "The vault of this tenant and environment is not open yet. Its key is being made; try again in a minute."
        )
    )


def seal(
    *, tenant_id: int, trust_config: TrustConfig, change_id: int, der: bytes
) -> SealedCertificate:
    """Keeps one original for one change, sealed with a fresh content key; kept once, however often it is asked for.

    :raises VaultClosed: when no vault key serves this tenant, environment and purpose.
    """
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    fingerprint = sha256_fingerprint(der)
    vault_key = require_vault_key(tenant_id, trust_config)
    public_key = load_der_public_key(bytes(vault_key.public_key))
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    sealed = suite().encrypt(der, public_key, info=certificate_context(vault_key, fingerprint))
    row, _is_new = SealedCertificate.objects.get_or_create(
        change_id=change_id,
        sha256_fingerprint=fingerprint,
        defaults={
            "tenant_id": tenant_id,
            "trust_config": trust_config,
            "vault_key": vault_key,
            "sealed": sealed,
        },
    )
    return row


def kept(
    tenant_id: int | None, trust_config_id: uuid.UUID, fingerprint: str
) -> SealedCertificate | None:
    """The sealed original of a certificate, if any change of this tenant (or, without one, of any) keeps it still."""
    rows = SealedCertificate.objects.filter(
        trust_config_id=trust_config_id, sha256_fingerprint=fingerprint
    )
    if tenant_id is not None:
        rows = rows.filter(tenant_id=tenant_id)
    return (
        rows.filter(Q(keep_until=None) | Q(keep_until__gt=Now()))
        .select_related("vault_key")
        .order_by("-pk")
        .first()
    )


def keep_until(change_id: int, until: datetime) -> None:
    """Starts the rollback window of everything that a change keeps."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    SealedCertificate.objects.filter(change_id=change_id).update(keep_until=until)


def forget(change_id: int) -> int:
    """Deletes at once what a change keeps; returns how many originals that were."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    return SealedCertificate.objects.filter(change_id=change_id).delete()[0]
