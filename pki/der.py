"""Just enough DER (X.690) to cut fields out of a certificate as raw bytes, where ``cryptography`` re-encodes or hides them."""

from typing import NamedTuple

_CONTEXT_0, _CONTEXT_1, _CONTEXT_2 = 0xA0, 0x81, 0x82
_SEQUENCE = 0x30
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class Fields(NamedTuple):
    """The parts of a certificate (RFC 5280 §4.1) as they were signed, each a whole encoding with its tag and length."""

    inner_algorithm: bytes
    outer_algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    spki: bytes
    has_unique_ids: bool


def fields(certificate: bytes) -> Fields:
    """:raises ValueError: when a length runs past the end, or a part is missing."""
    start = measure(certificate, 0)[0]
    header, size = measure(certificate, start)
    parts = elements(certificate[start + header : start + header + size])
    outer_algorithm = start + header + size
    end = outer_algorithm + sum(measure(certificate, outer_algorithm))
    first = 1 if parts[0][0] == _CONTEXT_0 else 0  # [0] version is absent in X.509 v1
    _serial, algorithm, issuer, validity, subject, spki = (
        part for _tag, part in parts[first : first + 6]
    )
    has_unique_ids = any(tag in {_CONTEXT_1, _CONTEXT_2} for tag, _part in parts[first + 6 :])
    return Fields(
        algorithm, certificate[outer_algorithm:end], issuer, validity, subject, spki, has_unique_ids
    )


def is_like_a_certificate(body: bytes) -> bool:
    """Whether bytes have the outer form of an X.509 certificate, even if a field in it is beyond reading."""
    try:
        found = fields(body)
        return found.spki[0] == found.validity[0] == _SEQUENCE and content(found.validity)[0] in {
            UTC_TIME,
            GENERALIZED_TIME,
        }
    except (ValueError, IndexError):
        return False


def elements(body: bytes) -> list[tuple[int, bytes]]:
    """The elements of a constructed value as (tag, whole encoding).

    :raises ValueError: when a length runs past the end.
    """
    found, position, length = [], 0, len(body)
    while position < length:
        header, size = measure(body, position)
        end = position + header + size
        if end > length:
            raise ValueError("DER length runs past the end")
        found.append((body[position], body[position:end]))
        position = end
    return found


def content(element: bytes) -> bytes:
    """:raises ValueError: when the header is cut off."""
    return element[measure(element, 0)[0] :]


def measure(body: bytes, position: int) -> tuple[int, int]:
    """Bytes of the header and of the content of the element at a position."""
    try:
        first = body[position + 1]
    except IndexError:
        raise ValueError("DER ends inside a header") from None
    if first < 0x80:
        return 2, first
    count = first & 0x7F
    return 2 + count, int.from_bytes(body[position + 2 : position + 2 + count], "big")
