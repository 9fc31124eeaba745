"""Telling that bytes hold a private key, in whatever wrapping, so that they are refused whole and never kept."""

import re
from collections.abc import Iterable

from pki import der as der_reader
from pki.armor import as_text, bare_base64, base64_runs
from pki.caps import LARGEST_KEY_BYTES

_PRIVATE_KEY = re.compile(
    rb"PRIVATE[\W_]{0,8}KEY|PuTTY-User-Key-File|<RSAKeyValue>.{0,8000}<D>|openssh-key-v1|b3BlbnNzaC1rZXktdjE",
    re.IGNORECASE | re.DOTALL,
)
_JWK_KIND, _JWK_SECRET = (
    re.compile(rb"""["']kty["']\s{0,9}:"""),
    re.compile(rb"""["']d["']\s{0,9}:"""),
)
_PKCS12_OID = bytes.fromhex(
    "06092a864886f70d010701"
)  # 1.2.840.113549.1.7.1 inside a PFX (RFC 7292 §4)
_PKCS7_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_ENCRYPTION_OIDS = (
    bytes.fromhex("2a864886f70d0105"),
    bytes.fromhex("2a864886f70d010c01"),
)  # PKCS #5 and PKCS #12 encryption
_JAVA_KEYSTORES = {b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_INTEGER, _OCTETS, _OID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_FEWEST_NUMBERS = 5  # DSA keys have six integers, RSA keys nine; RSA public keys have two


def private_key_code(body: bytes, text: bytes) -> str | None:
    """The refusal's code when ``body`` (or ``text``, its form as ASCII with LF) holds a private key, else None."""
    if _PRIVATE_KEY.search(text) or (_JWK_KIND.search(text) and _JWK_SECRET.search(text)):
        return "IN-KEY-01"
    if body[:4] in _JAVA_KEYSTORES:
        return "IN-KEY-03"
    return _first_code([body.removeprefix(_BYTE_ORDER_MARK), bare_base64(text), *base64_runs(text)])


def _first_code(found: Iterable[bytes]) -> str | None:
    for inner in found:
        if inner[:5] == b"-----" and _PRIVATE_KEY.search(as_text(inner)):
            return "IN-KEY-01"
        if code := _code_of_der(inner):
            return code
    return None


def _code_of_der(body: bytes) -> str | None:
    if body[:1] != b"\x30":
        return None
    head = body[:64]
    if _PKCS12_OID in head and _PKCS7_SIGNED_DATA not in head[:24]:
        return "IN-KEY-02"
    return "IN-KEY-01" if is_private_key(body[:LARGEST_KEY_BYTES]) else None


def is_private_key(der: bytes) -> bool:
    """By its outer form, whatever the algorithm and whatever follows it.

    PKCS #8 (RFC 5958), encrypted PKCS #8, SEC 1 (RFC 5915), PKCS #1 (RFC 8017) and DSA keys.
    """
    try:
        header, size = der_reader.measure(der, 0)
        parts = der_reader.elements(der[header : header + size])
    except ValueError:
        return False
    tags = [tag for tag, _part in parts]
    if tags[:3] == [_INTEGER, _SEQUENCE, _OCTETS] and parts[1][1][2:3] == bytes([_OID]):
        return True
    if tags[:2] == [_SEQUENCE, _OCTETS]:
        return any(oid in parts[0][1][:20] for oid in _ENCRYPTION_OIDS)
    if tags[:2] == [_INTEGER, _OCTETS]:
        return parts[0][1] == b"\x02\x01\x01"
    return (
        len(tags) >= _FEWEST_NUMBERS
        and set(tags[:_FEWEST_NUMBERS]) == {_INTEGER}
        and parts[0][1] in {b"\x02\x01\x00", b"\x02\x01\x01"}
    )
