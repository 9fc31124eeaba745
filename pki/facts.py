"""One X.509 certificate as plain values: what the rules, the pages and the audit need of it, and never its bytes."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
_OLD_KINDS = {
    "DNSName:": "DNS:",
    "UniformResourceIdentifier:": "URI:",
    "IPAddress:": "IP:",
    "RFC822Name:": "email:",
}


@dataclass(frozen=True)
class CertificateFacts:
    """Plain values only, so that they can be stored as JSON.

    ``serial_number`` is lower hex, with a minus when negative (RFC 5280 §4.1.2.2 allows 160 bits); names are RFC 4514
    text made safe to show; OIDs are dotted text; ``key_usage`` and ``extended_key_usage`` are None when the extension is
    absent; ``subject_alternative_names`` are ``DNS:``, ``URI:``, ``IP:``, ``email:`` and so on, at most 100 of them;
    ``is_self_signed`` goes by names and key identifiers, the signature itself is verified by :mod:`pki.chain`;
    ``*_byte_count`` of names are of their DER; ``pem_byte_count`` is of the canonical PEM; ``public_trust`` is ``root`` or
    ``intermediate`` for a CA that browsers trust, else empty (see :mod:`pki.public_cas`).
    What has a default came later: facts that were stored before read as if it were absent.
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
    version: int = 3
    name_constraints: tuple[str, ...] = ()
    certificate_policies: tuple[str, ...] = ()
    critical_extensions: tuple[str, ...] = ()
    subject_byte_count: int = 0
    issuer_byte_count: int = 0
    uri_byte_count: int = 0
    dns_byte_count: int = 0
    rsa_exponent: str = ""
    is_roca: bool = False
    has_explicit_curve: bool = False
    has_other_inner_algorithm: bool = False
    has_unique_ids: bool = False
    has_wrong_time_encoding: bool = False
    public_trust: str = ""

    @property
    def subject_spki(self) -> tuple[str, str]:
        """Google counts intermediates with the same subject and key together."""
        return self.subject, self.spki_sha256

    @property
    def serial_byte_count(self) -> int:
        """Bytes of the serial number's DER content."""
        return int(self.serial_number, 16).bit_length() // 8 + 1

    @property
    def validity_days(self) -> int:
        """Days from not before to not after, begun ones counted."""
        return -(-int((self.not_after - self.not_before).total_seconds()) // 86_400)

    def allows(self, usage_oid: str) -> bool:
        """Whether the extended key usage is absent or names this one (or any)."""
        return (
            self.extended_key_usage is None
            or usage_oid in self.extended_key_usage
            or ANY_EXTENDED_KEY_USAGE in self.extended_key_usage
        )

    def to_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["not_before"], values["not_after"] = (
            self.not_before.isoformat(),
            self.not_after.isoformat(),
        )
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "CertificateFacts":
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        plain["not_before"], plain["not_after"] = (
            datetime.fromisoformat(values["not_before"]),
            datetime.fromisoformat(values["not_after"]),
        )
        plain["subject_alternative_names"] = tuple(
            _renamed(name) for name in values["subject_alternative_names"]
        )
        return cls(**plain)


def _renamed(name: str) -> str:
    kind, separator, rest = name.partition(":")
    return _OLD_KINDS.get(kind + separator, kind + separator) + rest
