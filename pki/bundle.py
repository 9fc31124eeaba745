"""Whatever a person uploads → certificates and refusals. What is good stays; only what was refused is asked for again."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pki import archives
from pki.armor import as_text, bare_base64
from pki.caps import MAXIMAL_CERTIFICATES, MAXIMAL_UPLOAD_BYTES
from pki.certificate import UNREADABLE, ParsedCertificate, parse, sha256_fingerprint
from pki.der import is_like_a_certificate
from pki.errors import NotACertificate, PkiError, PrivateKeyPresented, TooLarge, TooManyCertificates
from pki.keys import private_key_code

_BEGIN = b"-----BEGIN "
_LABEL = re.compile(rb"([A-Z0-9 #]{1,64}?)-----")
_CERTIFICATE_LABELS = {
    b"CERTIFICATE",
    b"X509 CERTIFICATE",
    b"PKCS7",
    b"PKCS #7 SIGNED DATA",
    b"CMS",
}
_PKCS7_LABELS = {b"PKCS7", b"PKCS #7 SIGNED DATA", b"CMS"}
_REFUSED_LABELS = {
    b"CERTIFICATE REQUEST": "IN-CSR-01",
    b"NEW CERTIFICATE REQUEST": "IN-CSR-01",
    b"X509 CRL": "IN-CRL-01",
    b"TRUSTED CERTIFICATE": "IN-TRUSTED-01",
    b"PUBLIC KEY": "IN-PUBKEY-01",
    b"RSA PUBLIC KEY": "IN-PUBKEY-01",
}
_PKCS7_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


@dataclass(frozen=True)
class Refusal:
    """What was not taken from one source, with the code of its sentence and the values that it names."""

    source: str
    code: str
    evidence: dict[str, str]


@dataclass(frozen=True)
class Intake:
    """``duplicates`` are certificates (source, fingerprint) that were in the upload once more."""

    certificates: list[ParsedCertificate]
    refusals: list[Refusal]
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def read(sources: list[tuple[str, bytes]]) -> Intake:
    """Reads named sources (a file's name and bytes, or pasted text) and never raises for what they hold.

    Certificates come once each, in the order in which they were found.
    """
    if sum(len(body) for _name, body in sources) > MAXIMAL_UPLOAD_BYTES:
        return Intake([], [Refusal(sources[0][0], "IN-SIZE-01", {"limit": "5 MB"})])
    found: dict[str, ParsedCertificate] = {}
    refusals: list[Refusal] = []
    duplicates: list[tuple[str, str]] = []
    for name, certificates, errors in _read_all(sources):
        refusals += [Refusal(name, error.code, error.evidence) for error in errors]
        for certificate in certificates:
            fingerprint = certificate.facts.sha256_fingerprint
            if fingerprint in found:
                duplicates.append((name, fingerprint))
            found.setdefault(fingerprint, certificate)
        if len(found) > MAXIMAL_CERTIFICATES:
            return Intake(
                [],
                [
                    Refusal(
                        name,
                        "IN-COUNT-01",
                        {"count": str(len(found)), "limit": str(MAXIMAL_CERTIFICATES)},
                    )
                ],
            )
    return Intake(list(found.values()), refusals, duplicates)


def read_one(body: bytes) -> tuple[list[ParsedCertificate], list[PkiError]]:
    """The certificates of one file that is no archive, and why the rest of it was refused. A private key refuses the whole."""
    try:
        ders, errors = _ders(body)
    except PkiError as error:
        return [], [error]
    certificates = []
    for der in ders:
        try:
            certificates.append(parse(der))
        except PkiError as error:
            errors.append(error)
    return certificates, errors


_Read = tuple[str, list[ParsedCertificate], list[PkiError]]


def _read_all(sources: list[tuple[str, bytes]]) -> list[_Read]:
    """Each source, and each file of an archive, under its name."""
    results: list[_Read] = []
    for name, body in sources:
        results += _read_archive(name, body) if archives.is_zip(body) else [(name, *read_one(body))]
    return results


def _read_archive(name: str, body: bytes) -> list[_Read]:
    """A private key in it refuses all of it."""
    try:
        inside: list[_Read] = [
            (f"{name}/{member}", *read_one(content)) for member, content in archives.members(body)
        ]
    except PkiError as error:
        return [(name, [], [error])]
    keys: list[_Read] = [
        (where, [], errors)
        for where, _found, errors in inside
        if any(isinstance(error, PrivateKeyPresented) for error in errors)
    ]
    return keys or inside or [(name, [], [NotACertificate("IN-PARSE-01")])]


def _ders(body: bytes) -> tuple[list[bytes], list[PkiError]]:
    if len(body) > MAXIMAL_UPLOAD_BYTES:
        raise TooLarge("IN-SIZE-01", limit="5 MB")
    text = as_text(body)
    if not text.strip():
        raise NotACertificate("IN-EMPTY-01")
    if code := private_key_code(body, text):
        raise PrivateKeyPresented(code, format="Java keystore")
    if archives.is_zip(body) or archives.is_other_archive(body):
        raise NotACertificate("IN-ZIP-07")
    if _BEGIN in text:
        return _from_pem(text)
    if body[:1] == b"\x30":
        return _from_der(body), []
    if (decoded := bare_base64(text))[:1] == b"\x30":
        return _from_der(decoded), []
    raise NotACertificate("IN-PARSE-01")


def _from_pem(text: bytes) -> tuple[list[bytes], list[PkiError]]:
    """Reads block by block in one pass, so that a hostile file of a million BEGINs costs no more than its length."""
    ders: list[bytes] = []
    errors: list[PkiError] = []
    chunks = text.split(_BEGIN)[1:]
    if len(chunks) > MAXIMAL_CERTIFICATES:
        raise TooManyCertificates(
            "IN-COUNT-01", count=str(len(chunks)), limit=str(MAXIMAL_CERTIFICATES)
        )
    for chunk in chunks:
        try:
            ders += _from_chunk(chunk)
        except PkiError as error:
            errors.append(error)
    return ders, errors


def _from_chunk(chunk: bytes) -> list[bytes]:
    label = _LABEL.match(chunk)
    if label is None:
        raise NotACertificate("IN-TRUNCATED-01")
    end = chunk.find(b"-----END " + label.group(1) + b"-----")
    if end < 0:
        raise NotACertificate("IN-TRUNCATED-01")
    return _from_block(label.group(1), chunk[label.end() : end])


def _from_block(label: bytes, inner: bytes) -> list[bytes]:
    if label in _REFUSED_LABELS:
        raise NotACertificate(_REFUSED_LABELS[label])
    if label not in _CERTIFICATE_LABELS:
        raise NotACertificate("IN-LABEL-01", label=label.decode("ascii", errors="replace")[:40])
    kind = b"PKCS7" if label in _PKCS7_LABELS else b"CERTIFICATE"
    body = b"".join(inner.split())
    pem = b"-----BEGIN " + kind + b"-----\n" + body + b"\n-----END " + kind + b"-----\n"
    if kind == b"PKCS7":
        return _from_pkcs7(pkcs7.load_pem_pkcs7_certificates, pem)
    try:
        return [x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)]
    except UNREADABLE as error:
        if not _is_base64(body):
            raise NotACertificate("IN-TRUNCATED-01") from error
        raise _unreadable(base64.b64decode(body), error) from error


def _is_base64(body: bytes) -> bool:
    return len(body) % 4 == 0 and re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", body) is not None


def _from_der(body: bytes) -> list[bytes]:
    if _PKCS7_SIGNED_DATA in body[:24]:
        return _from_pkcs7(pkcs7.load_der_pkcs7_certificates, body)
    try:
        return [x509.load_der_x509_certificate(body).public_bytes(Encoding.DER)]
    except UNREADABLE as error:
        if _loads(x509.load_der_x509_csr, body):
            raise NotACertificate("IN-CSR-01") from error
        if _loads(x509.load_der_x509_crl, body):
            raise NotACertificate("IN-CRL-01") from error
        raise _unreadable(body, error) from error


def _unreadable(der: bytes, error: Exception) -> NotACertificate:
    """Names the fingerprint too, when the bytes have the form of a certificate."""
    evidence = {"sha256_fingerprint": sha256_fingerprint(der)} if is_like_a_certificate(der) else {}
    return NotACertificate("IN-PARSE-02", detail=type(error).__name__, **evidence)


def _from_pkcs7(load: Callable[[bytes], list[x509.Certificate]], body: bytes) -> list[bytes]:
    try:
        certificates = load(body)
    except UNREADABLE as error:
        raise NotACertificate("IN-PKCS7-01", detail=type(error).__name__) from error
    if not certificates:
        raise NotACertificate("IN-PKCS7-01", detail="empty")
    if len(certificates) > MAXIMAL_CERTIFICATES:
        raise TooManyCertificates(
            "IN-COUNT-01", count=str(len(certificates)), limit=str(MAXIMAL_CERTIFICATES)
        )
    return [certificate.public_bytes(Encoding.DER) for certificate in certificates]


def _loads(load: Callable[[bytes], object], body: bytes) -> bool:
    try:
        load(body)
    except UNREADABLE:
        return False
    return True
