"""Just enough DER (X.690) to cut one field out of a certificate as raw bytes, where ``cryptography`` re-encodes it."""


def elements(body: bytes) -> list[tuple[int, bytes]]:
    """The elements of a constructed value as (tag, whole encoding).

    :raises ValueError: when a length runs past the end.
    """
    found, position = [], 0
    while position < len(body):
        end = position + _header_length(body, position) + _content_length(body, position)
        if end > len(body):
            raise ValueError("DER length runs past the end")
        found.append((body[position], body[position:end]))
        position = end
    return found


def content(element: bytes) -> bytes:
    return element[_header_length(element, 0) :]


def subject_public_key_info(tbs_certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a TBSCertificate (RFC 5280 §4.1) exactly as it was signed."""
    fields = elements(content(tbs_certificate))
    first = 1 if fields[0][0] == 0xA0 else 0  # [0] version is absent in X.509 v1
    return fields[first + 5][1]


def _header_length(body: bytes, position: int) -> int:
    if position + 1 >= len(body):
        raise ValueError("DER ends inside a header")
    first = body[position + 1]
    return 2 if first < 0x80 else 2 + (first & 0x7F)


def _content_length(body: bytes, position: int) -> int:
    first = body[position + 1]
    if first < 0x80:
        return first
    return int.from_bytes(body[position + 2 : position + 2 + (first & 0x7F)], "big")
