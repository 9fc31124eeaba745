"""What kind of key a certificate certifies, and whether it is known to be weak. Unknown kinds are named, not crashed on."""

import hashlib
from functools import reduce
from operator import mul
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

RSA_PSS = "1.2.840.113549.1.1.10"
_EC = "1.2.840.10045.2.1"
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_SM2 = bytes.fromhex("06082a811ccf55018301")
# Algorithms of keys (RFC 8410, FIPS 203–205, RFC 9215, GB/T 32918) that are named on pages instead of shown as OIDs.
_NAMES = {
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.10046.2.1": "DH",
    "1.2.643.2.2.19": "GOST R 34.10-2001",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012 (256)",
    "1.2.643.7.1.1.1.2": "GOST R 34.10-2012 (512)",
    "1.2.156.10197.1.301": "SM2",
    "2.16.840.1.101.3.4.3.17": "ML-DSA-44",
    "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
    "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}


class KeyFacts(NamedTuple):
    """``bits`` of modulus or field; ``exponent`` is RSA's as text; ``spki_sha256`` is of the DER as it was signed."""

    algorithm: str
    bits: int
    curve: str
    exponent: str
    is_roca: bool
    has_explicit_curve: bool
    spki_sha256: str


def describe(certificate: x509.Certificate, spki: bytes) -> KeyFacts:
    """:raises ValueError: never for a key; an unreadable one is called by its algorithm."""
    digest = hashlib.sha256(spki).hexdigest()
    oid = certificate.public_key_algorithm_oid.dotted_string
    head = spki[:64]
    if _SM2_CURVE in head or _SM2 in head:
        return KeyFacts(
            "SM2", 256, "", "", is_roca=False, has_explicit_curve=False, spki_sha256=digest
        )
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        name = "ECDSA" if oid == _EC else _NAMES.get(oid, f"OID {oid}")
        return KeyFacts(
            name,
            0,
            "",
            "",
            is_roca=False,
            has_explicit_curve=oid == _EC and not _has_named_curve(head),
            spki_sha256=digest,
        )
    if isinstance(key, rsa.RSAPublicKey):
        return _rsa(key, "RSA-PSS" if oid == RSA_PSS else "RSA", digest)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyFacts(
            "ECDSA",
            key.key_size,
            key.curve.name,
            "",
            is_roca=False,
            has_explicit_curve=not _has_named_curve(head),
            spki_sha256=digest,
        )
    name = _NAMES.get(oid, type(key).__name__.removesuffix("PublicKey").lstrip("_"))
    return KeyFacts(name, 0, "", "", is_roca=False, has_explicit_curve=False, spki_sha256=digest)


def _rsa(key: rsa.RSAPublicKey, algorithm: str, digest: str) -> KeyFacts:
    numbers = key.public_numbers()
    exponent = str(numbers.e) if numbers.e.bit_length() <= 64 else f"{numbers.e.bit_length()} bits"
    return KeyFacts(
        algorithm,
        key.key_size,
        "",
        exponent,
        is_roca=_is_roca(numbers.n),
        has_explicit_curve=False,
        spki_sha256=digest,
    )


def _has_named_curve(spki_head: bytes) -> bool:
    """Whether the parameters after id-ecPublicKey are an OBJECT IDENTIFIER (RFC 5480 §2.1.1) and not spelt out."""
    at = spki_head.find(bytes.fromhex("06072a8648ce3d0201"))
    return at >= 0 and spki_head[at + 9 : at + 10] == b"\x06"


def _powers(prime: int) -> frozenset[int]:
    """Everything that 65537 generates modulo a prime."""
    found, value = set(), 1
    while value not in found:
        found.add(value)
        value = value * 65_537 % prime
    return frozenset(found)


_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_ROCA_POWERS = [(prime, _powers(prime)) for prime in _ROCA_PRIMES]
_ROCA_PRODUCT = reduce(mul, _ROCA_PRIMES)


def _is_roca(modulus: int) -> bool:
    """CVE-2017-15361: such moduli are powers of 65537 modulo every small prime (Nemec et al., CCS 2017, §4.1)."""
    small = modulus % _ROCA_PRODUCT
    return all(small % prime in powers for prime, powers in _ROCA_POWERS)
