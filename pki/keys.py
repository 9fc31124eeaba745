"""Telling that bytes hold a private key, in whatever wrapping, so that they are refused whole and never kept."""

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from pki.armor import bare_base64
from pki.caps import LARGEST_KEY_BYTES

_PRIVATE_KEY = re.compile(rb"PRIVATE\s+KEY|PuTTY-User-Key-File", re.IGNORECASE)
_JWK = re.compile(rb'"kty"\s*:.*"d"\s*:|"d"\s*:.*"kty"\s*:', re.DOTALL)
_PKCS12_OID = bytes.fromhex("06092a864886f70d010701")  # 1.2.840.113549.1.7.1 inside a PFX (RFC 7292 §4)
_PKCS7_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_JAVA_KEYSTORES = {b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"}


def private_key_code(body: bytes, text: bytes) -> str | None:
    """The refusal's code when ``body`` (or ``text``, its form as ASCII with LF) holds a private key, else None."""
    if _PRIVATE_KEY.search(text) or _JWK.search(text[:LARGEST_KEY_BYTES]):
        return "IN-KEY-01"
    if body[:4] in _JAVA_KEYSTORES:
        return "IN-KEY-03"
    return _code_of_der(body) or _code_of_der(bare_base64(text))


def _code_of_der(body: bytes) -> str | None:
    if body[:1] != b"\x30":
        return None
    head = body[:64]
    if _PKCS12_OID in head and _PKCS7_SIGNED_DATA not in head[:24]:
        return "IN-KEY-02"
    return "IN-KEY-01" if len(body) <= LARGEST_KEY_BYTES and _is_private_key(body) else None


def _is_private_key(der: bytes) -> bool:
    try:
        load_der_private_key(der, password=None)
    except TypeError:  # it asks for a password: an encrypted PKCS#8
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True
