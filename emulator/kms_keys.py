"""Key material of each algorithm that the emulated Cloud KMS has, and what is computed with it."""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from emulator.errors import Refused, invalid

SYMMETRIC, ECDSA, ED25519, HMAC = (
    "GOOGLE_SYMMETRIC_ENCRYPTION",
    "EC_SIGN_P256_SHA256",
    "EC_SIGN_ED25519",
    "HMAC_SHA256",
)
PURPOSES = {
    SYMMETRIC: "ENCRYPT_DECRYPT",
    ECDSA: "ASYMMETRIC_SIGN",
    ED25519: "ASYMMETRIC_SIGN",
    HMAC: "MAC",
}


def new_material(algorithm: str) -> str:
    """Fresh key material as base64: 32 random bytes, or a PKCS#8 key."""
    if algorithm not in PURPOSES:
        raise invalid("algorithm", f"one of {', '.join(PURPOSES)}")
    if algorithm == ECDSA:
        return _private(ec.generate_private_key(ec.SECP256R1()))
    if algorithm == ED25519:
        return _private(ed25519.Ed25519PrivateKey.generate())
    return base64.b64encode(os.urandom(32)).decode()


def public_pem(algorithm: str, material: str) -> str:
    key = _signing_key(algorithm, material)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def sign(algorithm: str, material: str, *, digest: bytes, data: bytes) -> bytes:
    """ECDSA signs a SHA-256 digest (or hashes the data itself), Ed25519 the data.

    :raises Refused: when the key does not sign or the wrong one of the two was sent.
    """
    key = _signing_key(algorithm, material)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        if not data:
            raise invalid("data", "EC_SIGN_ED25519 signs data and no digest")
        return key.sign(data)
    digest = digest or hashlib.sha256(data).digest()
    if len(digest) != 32:
        raise invalid("digest", "a SHA-256 digest has 32 bytes")
    return key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def mac_of(algorithm: str, material: str, data: bytes) -> bytes:
    if algorithm != HMAC:
        raise Refused(
            "FAILED_PRECONDITION", f"The key's algorithm is {algorithm}, which makes no MAC."
        )
    return hmac.new(base64.b64decode(material), data, hashlib.sha256).digest()


def _private(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(der).decode()


def _signing_key(
    algorithm: str, material: str
) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if algorithm not in {ECDSA, ED25519}:
        raise Refused(
            "FAILED_PRECONDITION", f"The key's algorithm is {algorithm}, which signs nothing."
        )
    key = serialization.load_der_private_key(base64.b64decode(material), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey)
    return key
