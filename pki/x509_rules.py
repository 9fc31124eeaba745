"""RFC 5280 and good practice for one certificate: dates, serial numbers, critical flags, weak keys, encoding."""

from collections.abc import Iterable
from datetime import datetime

from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.names import has_unsafe_characters
from pki.roles import CA_ROLES, TrustRole

EXPIRES_SOON_DAYS = 30
MAXIMAL_SERIAL_BYTES = 20
GOOD_EXPONENT = 65_537
_BASIC_CONSTRAINTS, _NAME_CONSTRAINTS = "2.5.29.19", "2.5.29.30"
_LAST_YEAR, _NO_END = (
    9999,
    "9999-12-31",
)  # RFC 5280 §4.1.2.5: the date for "no well-defined expiration"
# Extensions that path validation (RFC 5280 §6.1) or TLS processes; any other one must not be critical.
PROCESSED_EXTENSIONS = frozenset(
    f"2.5.29.{number}" for number in (14, 15, 17, 18, 19, 30, 31, 32, 33, 35, 36, 37, 54)
)


def judge_x509(facts: CertificateFacts, role: TrustRole, *, at: datetime) -> Iterable[Finding]:
    yield from _validity(facts, at)
    yield from _serial_number(facts)
    yield from _key(facts)
    yield from _form(facts)
    yield from _authority(facts) if role in CA_ROLES else _end_entity(facts)


def _validity(facts: CertificateFacts, at: datetime) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if facts.not_after < facts.not_before:
        yield Finding(
            "X509-VAL-03",
            Severity.BLOCKING,
            fingerprint,
            {"not_before": _date(facts.not_before), "not_after": _date(facts.not_after)},
        )
    days = (facts.not_after - at).days
    if facts.not_after <= at:
        yield Finding(
            "X509-VAL-01", Severity.BLOCKING, fingerprint, {"not_after": _date(facts.not_after)}
        )
    elif days < EXPIRES_SOON_DAYS:
        yield Finding(
            "EST-EXP-01",
            Severity.WARNING,
            fingerprint,
            {"not_after": _date(facts.not_after), "days": str(days)},
        )
    if facts.not_before > at:
        yield Finding(
            "X509-VAL-02", Severity.WARNING, fingerprint, {"not_before": _date(facts.not_before)}
        )
    if facts.not_after.year == _LAST_YEAR and _date(facts.not_after) == _NO_END:
        yield Finding("X509-VAL-04", Severity.WARNING, fingerprint)


def _serial_number(facts: CertificateFacts) -> Iterable[Finding]:
    if facts.serial_number.startswith("-") or facts.serial_number == "0":
        yield Finding(
            "X509-SER-01",
            Severity.WARNING,
            facts.sha256_fingerprint,
            {"serial": facts.serial_number[:80]},
        )
    if (
        len(facts.serial_number) >= 2 * MAXIMAL_SERIAL_BYTES
        and facts.serial_byte_count > MAXIMAL_SERIAL_BYTES
    ):
        yield Finding(
            "X509-SER-02",
            Severity.WARNING,
            facts.sha256_fingerprint,
            {"size": str(facts.serial_byte_count)},
        )


def _key(facts: CertificateFacts) -> Iterable[Finding]:
    if facts.rsa_exponent.isdecimal() and (exponent := int(facts.rsa_exponent)) != GOOD_EXPONENT:
        if exponent == 1 or exponent % 2 == 0:
            yield Finding(
                "X509-KEY-01",
                Severity.BLOCKING,
                facts.sha256_fingerprint,
                {"exponent": facts.rsa_exponent},
            )
        elif exponent < GOOD_EXPONENT:
            yield Finding(
                "X509-KEY-02",
                Severity.WARNING,
                facts.sha256_fingerprint,
                {"exponent": facts.rsa_exponent},
            )
    if facts.is_roca:
        yield Finding("X509-KEY-03", Severity.BLOCKING, facts.sha256_fingerprint)


def _form(facts: CertificateFacts) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if not PROCESSED_EXTENSIONS.issuperset(facts.critical_extensions):
        unknown = [oid for oid in facts.critical_extensions if oid not in PROCESSED_EXTENSIONS]
        yield Finding(
            "X509-CRIT-01", Severity.BLOCKING, fingerprint, {"oids": ", ".join(unknown)[:500]}
        )
    if facts.has_other_inner_algorithm:
        yield Finding("X509-SIG-01", Severity.BLOCKING, fingerprint)
    if facts.has_unique_ids:
        yield Finding("X509-UID-01", Severity.WARNING, fingerprint)
    if facts.has_wrong_time_encoding:
        yield Finding("X509-ENC-01", Severity.WARNING, fingerprint)
    if hidden := [
        name
        for name in (facts.subject, facts.issuer, *facts.subject_alternative_names)
        if has_unsafe_characters(name)
    ]:
        yield Finding(
            "X509-ENC-02", Severity.WARNING, fingerprint, {"names": "; ".join(hidden)[:500]}
        )
    if facts.version != 3:
        yield Finding("X509-VER-01", Severity.WARNING, fingerprint, {"version": str(facts.version)})
    if facts.path_length is not None and not facts.is_ca:
        yield Finding("X509-PATH-01", Severity.WARNING, fingerprint)


def _authority(facts: CertificateFacts) -> Iterable[Finding]:
    if not facts.is_ca:
        return
    fingerprint = facts.sha256_fingerprint
    if _BASIC_CONSTRAINTS not in facts.critical_extensions:
        yield Finding("X509-CRIT-02", Severity.WARNING, fingerprint)
    if facts.name_constraint_count and _NAME_CONSTRAINTS not in facts.critical_extensions:
        yield Finding("X509-CRIT-03", Severity.WARNING, fingerprint)
    if not facts.subject:
        yield Finding("X509-NAME-01", Severity.BLOCKING, fingerprint)


def _end_entity(facts: CertificateFacts) -> Iterable[Finding]:
    if not facts.subject and not facts.subject_alternative_names:
        yield Finding("X509-NAME-02", Severity.WARNING, facts.sha256_fingerprint)
    if facts.key_usage is not None and "digitalSignature" not in facts.key_usage:
        yield Finding("X509-KU-01", Severity.WARNING, facts.sha256_fingerprint)


def _date(at: datetime) -> str:
    return at.isoformat()[:10]
