"""Whether a CA is one that browsers trust: a trust anchor of that kind lets in anyone who buys a certificate from it.

Roots are recognised by their key (SPKI) against the Mozilla set that ``certifi`` carries, so that a cross-signed root is
found too; intermediates by fingerprint against Mozilla's preloaded list, or because a public root made their signature.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from pki import der as der_reader

_LIST = Path(__file__).with_name("data") / "public_intermediates.txt"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})")


class _Roots(NamedTuple):
    keys: frozenset[str]
    by_subject: dict[bytes, list[x509.Certificate]]


@cache
def _roots() -> _Roots:
    keys, by_subject = set(), dict[bytes, list[x509.Certificate]]()
    for root in x509.load_pem_x509_certificates(certifi.contents().encode("ascii")):
        raw = der_reader.fields(root.public_bytes(Encoding.DER))
        keys.add(hashlib.sha256(raw.spki).hexdigest())
        by_subject.setdefault(raw.subject, []).append(root)
    return _Roots(frozenset(keys), by_subject)


@cache
def _intermediates() -> tuple[str, frozenset[str]]:
    head, *fingerprints = _LIST.read_text("ascii").split("\n")
    day = _DAY.search(head)
    return day.group() if day else "", frozenset(fingerprints)


def list_dates() -> tuple[str, str]:
    """The dates (ISO) of the lists of public roots and of public intermediates, to be said beside a judgement."""
    from importlib import metadata  # dear to load, and only wanted where a date is shown

    release = _RELEASE.match(metadata.version("certifi"))
    roots = (
        "-".join(part.zfill(2) for part in release.groups())
        if release
        else metadata.version("certifi")
    )
    return roots, _intermediates()[0]


def load() -> None:
    """Loads both lists, so that no check waits for them."""
    _roots()
    _intermediates()


def trust_of(
    certificate: x509.Certificate, issuer: bytes, spki_sha256: str, fingerprint: str
) -> str:
    """``root``, ``intermediate`` or empty; ``issuer`` is the raw name in the certificate."""
    roots = _roots()
    if spki_sha256 in roots.keys:
        return "root"
    if fingerprint in _intermediates()[1] or any(
        _is_signed_by(certificate, root) for root in roots.by_subject.get(issuer, ())
    ):
        return "intermediate"
    return ""


def _is_signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
