"""Opening sealed originals: for workers only, since it needs Cloud KMS. The web tier never loads this module."""

import hashlib
import time
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from certs.errors import WrongOriginal
from certs.models import SealedCertificate, VaultKey
from certs.vault.sealing import certificate_context, key_context, suite, text_context
from gcp import clients
from gcp.interfaces import Wrapped
from pki.certificate import sha256_fingerprint

CACHE_SECONDS = 300.0
_cache: dict[uuid.UUID, tuple[float, ec.EllipticCurvePrivateKey]] = {}


def kms_key_name(purpose: str) -> str:
    """One KMS key for each purpose, in the ring that settings name."""
    return f"{settings.KMS_KEY_RING}/cryptoKeys/key-{purpose}"


def wrap(
    tenant_id: int, environment_id: int, purpose: str, identifier: uuid.UUID, private_key: bytes
) -> Wrapped:
    """Has Cloud KMS wrap the private half of a new vault key.

    :raises gcp.errors.CloudError: when Cloud KMS does not.
    """
    return clients().keys.wrap(
        kms_key_name(purpose),
        private_key,
        key_context(tenant_id, environment_id, purpose, identifier),
    )


def open_sealed(sealed: SealedCertificate) -> bytes:
    """The DER of one original; it is always compared with the fingerprint that was voted on.

    :raises gcp.errors.CloudError: when Cloud KMS does not unwrap the vault key.
    :raises WrongOriginal: when what comes out is not that certificate.
    """
    info = certificate_context(sealed.vault_key, sealed.sha256_fingerprint)
    try:
        der = suite().decrypt(bytes(sealed.sealed), _private_key(sealed.vault_key), info=info)
    except (InvalidTag, ValueError) as error:
        raise WrongOriginal(
            _("The sealed original cannot be opened: it is damaged or belongs to another place.")
        ) from error
    if sha256_fingerprint(der) != sealed.sha256_fingerprint:
        raise WrongOriginal(_("The sealed original is not the certificate that was voted on."))
    return der


def open_text(vault_key: VaultKey, kind: str, content_sha256: str, sealed: bytes) -> bytes:
    """A text that was sealed for the tenant; it is always compared with its SHA-256.

    :raises gcp.errors.CloudError: when Cloud KMS does not unwrap the vault key.
    :raises WrongOriginal: when what comes out is not that text.
    """
    try:
        text = suite().decrypt(
            sealed, _private_key(vault_key), info=text_context(vault_key, kind, content_sha256)
        )
    except (InvalidTag, ValueError) as error:
        raise WrongOriginal(
            _("The sealed text cannot be opened: it is damaged or belongs to another place.")
        ) from error
    if hashlib.sha256(text).hexdigest() != content_sha256:
        raise WrongOriginal(_("The sealed text is not the one that was sealed here."))
    return text


def _private_key(vault_key: VaultKey) -> ec.EllipticCurvePrivateKey:
    """Unwrapped keys stay in this process's memory for minutes, and nowhere else."""
    now = time.monotonic()
    for identifier in [identifier for identifier, (until, _key) in _cache.items() if until < now]:
        _cache.pop(identifier, None)
    if cached := _cache.get(vault_key.identifier):
        return cached[1]
    aad = key_context(
        vault_key.tenant_id, vault_key.environment_id, vault_key.purpose, vault_key.identifier
    )
    plaintext = clients().keys.unwrap(
        kms_key_name(vault_key.purpose), bytes(vault_key.wrapped_private_key), aad
    )
    private_key = load_der_private_key(plaintext, password=None)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    _cache[vault_key.identifier] = (now + CACHE_SECONDS, private_key)
    return private_key
