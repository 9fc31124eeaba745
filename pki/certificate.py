"""One X.509 certificate as plain facts, read once; every lazy field of ``cryptography`` is forced here and nowhere else."""

import hashlib
import textwrap
from base64 import b64encode
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pki import der as der_reader
from pki import names
from pki.errors import NotACertificate, TooLarge

MAXIMAL_DER_BYTES = 64_000
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"

# Everything that ``cryptography`` raises for bytes that are no good certificate; InvalidVersion is no ValueError.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class CertificateFacts:
    """What the rules, the pages and the audit need of a certificate. Plain values only, so that it can be stored as JSON.

    ``serial_number`` is lower hex (RFC 5280 §4.1.2.2 allows 160 bits); names are RFC 4514 text made safe to show;
    ``extended_key_usage`` is None when the extension is absent, else OIDs; ``pem_byte_count`` is of the canonical PEM.
    """

    sha256_fingerprint: str
    spki_sha256: str
    serial_number: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_bits: int
    key_curve: str
    signature_algorithm: str
    signature_hash: str
    is_ca: bool
    path_length: int | None
    key_usage: tuple[str, ...] | None
    extended_key_usage: tuple[str, ...] | None
    subject_key_identifier: str
    authority_key_identifier: str
    subject_alternative_names: tuple[str, ...]
    name_constraint_count: int
    is_self_issued: bool
    is_self_signed: bool
    pem_byte_count: int

    @property
    def subject_spki(self) -> tuple[str, str]:
        """Google counts intermediates with the same subject and key together."""
        return self.subject, self.spki_sha256

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["not_before"], values["not_after"] = self.not_before.isoformat(), self.not_after.isoformat()
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "CertificateFacts":
        plain = dict(values)
        for name in ("not_before", "not_after"):
            plain[name] = datetime.fromisoformat(plain[name])
        for name in ("key_usage", "extended_key_usage", "subject_alternative_names"):
            plain[name] = None if plain[name] is None else tuple(plain[name])
        return cls(**plain)


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
    body = "\n".join(textwrap.wrap(b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


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
    """
    if len(der) > MAXIMAL_DER_BYTES:
        raise TooLarge("IN-SIZE-02", size=str(len(der)), limit=str(MAXIMAL_DER_BYTES))
    try:
        certificate = x509.load_der_x509_certificate(der)
        return ParsedCertificate(_facts(certificate, der), der)
    except UNREADABLE as error:
        raise NotACertificate("IN-PARSE-02", detail=type(error).__name__) from error


def _facts(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    extensions = certificate.extensions
    constraints = _value(extensions, x509.BasicConstraints)
    spki = der_reader.subject_public_key_info(certificate.tbs_certificate_bytes)
    algorithm, bits, curve = _key(certificate)
    subject, issuer = names.display(certificate.subject), names.display(certificate.issuer)
    is_self_issued = certificate.subject == certificate.issuer
    return CertificateFacts(
        sha256_fingerprint=sha256_fingerprint(der),
        spki_sha256=hashlib.sha256(spki).hexdigest(),
        serial_number=f"{certificate.serial_number:x}",
        subject=subject,
        issuer=issuer,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc.astimezone(UTC),
        key_algorithm=algorithm,
        key_bits=bits,
        key_curve=curve,
        signature_algorithm=_signature_name(certificate),
        signature_hash=_signature_hash(certificate),
        is_ca=bool(constraints and constraints.ca),
        path_length=constraints.path_length if constraints else None,
        key_usage=_key_usage(extensions),
        extended_key_usage=_extended_key_usage(extensions),
        subject_key_identifier=ski.digest.hex() if (ski := _value(extensions, x509.SubjectKeyIdentifier)) else "",
        authority_key_identifier=aki.key_identifier.hex() if (aki := _value(extensions, x509.AuthorityKeyIdentifier)) and aki.key_identifier else "",
        subject_alternative_names=_alternative_names(extensions),
        name_constraint_count=_name_constraint_count(extensions),
        is_self_issued=is_self_issued,
        is_self_signed=is_self_issued and _verifies_itself(certificate),
        pem_byte_count=len(canonical_pem(der)),
    )


def _value(extensions: x509.Extensions, kind: type[Extension]) -> Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _key(certificate: x509.Certificate) -> tuple[str, int, str]:
    """Algorithm, size in bits and curve. A key that ``cryptography`` cannot load is named by its OID, not crashed on."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"OID {certificate.public_key_algorithm_oid.dotted_string}", 0, ""
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size, ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ECDSA", key.key_size, key.curve.name
    return type(key).__name__.removesuffix("PublicKey").lstrip("_"), 0, ""


def _signature_name(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    known = getattr(oid, "_name", "")
    return known if known and known != "Unknown OID" else f"OID {oid.dotted_string}"


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return algorithm.name if algorithm else "none"


def _key_usage(extensions: x509.Extensions) -> tuple[str, ...] | None:
    usage = _value(extensions, x509.KeyUsage)
    if usage is None:
        return None
    wanted = {
        "digitalSignature": usage.digital_signature,
        "nonRepudiation": usage.content_commitment,
        "keyEncipherment": usage.key_encipherment,
        "dataEncipherment": usage.data_encipherment,
        "keyAgreement": usage.key_agreement,
        "keyCertSign": usage.key_cert_sign,
        "cRLSign": usage.crl_sign,
    }
    return tuple(name for name, is_set in wanted.items() if is_set)


def _extended_key_usage(extensions: x509.Extensions) -> tuple[str, ...] | None:
    usage = _value(extensions, x509.ExtendedKeyUsage)
    return None if usage is None else tuple(oid.dotted_string for oid in usage)


def _alternative_names(extensions: x509.Extensions) -> tuple[str, ...]:
    """At most 100 of them, each as ``kind:value``; what lies beyond is counted in a last entry."""
    alternatives = _value(extensions, x509.SubjectAlternativeName)
    if alternatives is None:
        return ()
    shown = [f"{type(name).__name__}:{names.safe(str(name.value), 255)}" for name, _ in zip(alternatives, range(100), strict=False)]
    rest = len(list(alternatives)) - len(shown)
    return (*shown, f"+{rest}") if rest else tuple(shown)


def _name_constraint_count(extensions: x509.Extensions) -> int:
    constraints = _value(extensions, x509.NameConstraints)
    if constraints is None:
        return 0
    return len(constraints.permitted_subtrees or []) + len(constraints.excluded_subtrees or [])


def _verifies_itself(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
