"""DER in, facts out: every lazy field of ``cryptography`` is forced here and nowhere else, and its errors become ours."""

import hashlib
import warnings
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning

from pki import der as der_reader
from pki import extensions, names, public_cas, public_keys
from pki.caps import MAXIMAL_DER_BYTES
from pki.errors import NotACertificate, TooLarge
from pki.facts import CertificateFacts

# A serial number that is not positive is a finding here (X509-SER-01); six roots of Mozilla have one.
warnings.filterwarnings("ignore", "Parsed a serial number", CryptographyDeprecationWarning)
warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)


# Everything that ``cryptography`` raises for bytes that are no good certificate; InvalidVersion is no ValueError.
UNREADABLE = (
    ValueError,
    TypeError,
    IndexError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.AttributeNotFound,
)

_HEADER, _FOOTER = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"
_FIRST_GENERALIZED_YEAR = 2050  # RFC 5280 §4.1.2.5


@dataclass(frozen=True)
class ParsedCertificate:
    """A certificate's facts together with its DER; the DER is never stored in the clear."""

    facts: CertificateFacts
    der: bytes

    @property
    def pem(self) -> str:
        return canonical_pem(self.der)


def sha256_fingerprint(der: bytes) -> str:
    """Lower hex SHA-256 of the DER, the one identity of a certificate in this portal."""
    return hashlib.sha256(der).hexdigest()


def canonical_pem(der: bytes) -> str:
    """RFC 7468 text with 64 columns, LF and one trailing newline."""
    text = b64encode(der).decode("ascii")
    body = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"{_HEADER}{body}\n{_FOOTER}"


def canonical_pem_length(der_length: int) -> int:
    """Bytes of :func:`canonical_pem` for so many bytes of DER."""
    body = -(-der_length // 3) * 4
    return len(_HEADER) + body + -(-body // 64) + len(_FOOTER)


def der_of_pem(pem: str) -> bytes:
    """The DER of a text with one certificate, as a trust config holds it.

    :raises NotACertificate: when there is not exactly one.
    """
    try:
        return x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
    except UNREADABLE as error:
        raise NotACertificate("IN-PARSE-01", detail=type(error).__name__) from error


def parse(der: bytes) -> ParsedCertificate:
    """Reads every fact of one DER certificate.

    :raises TooLarge: beyond 64,000 bytes.
    :raises NotACertificate: when any field cannot be read; 17 % of zlint's test certificates load and raise only later.
        Its evidence has the fingerprint when the bytes are a certificate by their outside.
    """
    if len(der) > MAXIMAL_DER_BYTES:
        raise TooLarge(
            "IN-SIZE-02",
            size=str(len(der)),
            limit=str(MAXIMAL_DER_BYTES),
            sha256_fingerprint=sha256_fingerprint(der),
        )
    try:
        certificate = x509.load_der_x509_certificate(der)
    except UNREADABLE as error:
        raise NotACertificate("IN-PARSE-02", detail=type(error).__name__) from error
    try:
        return ParsedCertificate(_facts(certificate, der), der)
    except UNREADABLE as error:
        raise NotACertificate(
            "IN-PARSE-03", detail=type(error).__name__, sha256_fingerprint=sha256_fingerprint(der)
        ) from error


def _facts(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    raw = der_reader.fields(der)
    found = extensions.read(certificate.extensions)
    key = public_keys.describe(certificate, raw.spki)
    is_self_issued = raw.subject == raw.issuer
    subject = names.display(certificate.subject)
    fingerprint = sha256_fingerprint(der)
    return CertificateFacts(
        sha256_fingerprint=fingerprint,
        spki_sha256=key.spki_sha256,
        serial_number=f"{certificate.serial_number:x}",
        subject=subject,
        issuer=subject if is_self_issued else _issuer(raw.issuer, certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_algorithm=key.algorithm,
        key_bits=key.bits,
        key_curve=key.curve,
        signature_algorithm=_signature_name(certificate.signature_algorithm_oid),
        signature_hash=_signature_hash(certificate),
        is_ca=found.is_ca,
        path_length=found.path_length,
        key_usage=found.key_usage,
        extended_key_usage=found.extended_key_usage,
        subject_key_identifier=found.subject_key_identifier,
        authority_key_identifier=found.authority_key_identifier,
        subject_alternative_names=found.subject_alternative_names,
        name_constraint_count=found.name_constraint_count,
        is_self_issued=is_self_issued,
        is_self_signed=is_self_issued
        and found.authority_key_identifier in {"", found.subject_key_identifier},
        pem_byte_count=canonical_pem_length(len(der)),
        version=certificate.version.value + 1,
        name_constraints=found.name_constraints,
        certificate_policies=found.certificate_policies,
        critical_extensions=found.critical,
        subject_byte_count=len(raw.subject),
        issuer_byte_count=len(raw.issuer),
        uri_byte_count=found.uri_byte_count,
        dns_byte_count=found.dns_byte_count,
        rsa_exponent=key.exponent,
        is_roca=key.is_roca,
        has_explicit_curve=key.has_explicit_curve,
        has_other_inner_algorithm=raw.inner_algorithm != raw.outer_algorithm,
        has_unique_ids=raw.has_unique_ids,
        has_wrong_time_encoding=_has_wrong_time_encoding(certificate, raw.validity),
        public_trust=public_cas.trust_of(certificate, raw.issuer, key.spki_sha256, fingerprint)
        if found.is_ca
        else "",
    )


@lru_cache(maxsize=1024)
def _signature_name(oid: x509.ObjectIdentifier) -> str:
    known = getattr(oid, "_name", "")
    return known if known and known != "Unknown OID" else f"OID {oid.dotted_string}"


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return algorithm.name if algorithm else "none"


_issuers: dict[bytes, str] = {}


def _issuer(raw: bytes, certificate: x509.Certificate) -> str:
    """The issuer's text; a bundle names the same few issuers again and again."""
    text = _issuers.get(raw)
    if text is None:
        if len(_issuers) > 1024:
            _issuers.clear()
        text = _issuers[raw] = names.display(certificate.issuer)
    return text


def _has_wrong_time_encoding(certificate: x509.Certificate, validity: bytes) -> bool:
    """RFC 5280 §4.1.2.5: UTCTime through 2049, which GeneralizedTime must not say; UTCTime cannot say a later year."""
    first, second = validity[2], validity[4 + validity[3]]
    if first == second == der_reader.UTC_TIME:
        return False
    not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return any(
        tag == der_reader.GENERALIZED_TIME and at.year < _FIRST_GENERALIZED_YEAR
        for tag, at in ((first, not_before), (second, not_after))
    )
