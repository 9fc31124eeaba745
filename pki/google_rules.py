"""Google's rules for one certificate in one role (Mutual TLS overview; quotas and limits; custom headers)."""

from collections.abc import Iterable

from pki.facts import ANY_EXTENDED_KEY_USAGE, CertificateFacts
from pki.findings import Finding, Severity
from pki.roles import CA_ROLES, EKU_OF_PURPOSE, Purpose, TrustRole

MAXIMAL_PEM_BYTES = 5_000
MINIMAL_RSA_BITS, MAXIMAL_RSA_BITS = 2048, 4096
NAMED_RSA_BITS = frozenset({2048, 3072, 4096})
ACCEPTED_CURVES = frozenset({"secp256r1", "secp384r1"})
WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})
FORBIDDEN_USAGES = {
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
}
_PSS = "rsassaPss"
_ACCEPTED_SIGNATURES = frozenset(
    {f"sha{bits}WithRSAEncryption" for bits in (256, 384, 512)}
    | {f"ecdsa-with-SHA{bits}" for bits in (256, 384, 512)}
)
# Bytes of a client's fields that the load balancer passes on: the field's fact, its name, the limit and the error.
_HEADERS = (
    ("serial_byte_count", "serial number", 50, "client_cert_serial_number_exceeded_size_limit"),
    ("uri_byte_count", "URI names", 512, "client_cert_uri_sans_exceeded_size_limit"),
    ("dns_byte_count", "DNS names", 512, "client_cert_dnsname_sans_exceeded_size_limit"),
    ("issuer_byte_count", "issuer", 512, "client_cert_issuer_dn_exceeded_size_limit"),
    ("subject_byte_count", "subject", 512, "client_cert_subject_dn_exceeded_size_limit"),
)


def judge_google(facts: CertificateFacts, role: TrustRole, purpose: Purpose) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if facts.pem_byte_count > MAXIMAL_PEM_BYTES:
        yield Finding(
            "GCP-SIZE-01",
            Severity.BLOCKING,
            fingerprint,
            {"size": str(facts.pem_byte_count), "limit": str(MAXIMAL_PEM_BYTES)},
        )
    yield from _key(facts)
    yield from _signature(facts, role)
    if facts.extended_key_usage and (
        forbidden := [
            name for oid, name in FORBIDDEN_USAGES.items() if oid in facts.extended_key_usage
        ]
    ):
        yield Finding("GCP-EKU-06", Severity.WARNING, fingerprint, {"usages": ", ".join(forbidden)})
    yield from (
        _authority(facts, purpose, role) if role in CA_ROLES else _allowlisted(facts, purpose)
    )


def _key(facts: CertificateFacts) -> Iterable[Finding]:
    fingerprint, algorithm = facts.sha256_fingerprint, facts.key_algorithm
    if algorithm == "RSA":
        if facts.key_bits in NAMED_RSA_BITS:
            return
        is_between = MINIMAL_RSA_BITS <= facts.key_bits <= MAXIMAL_RSA_BITS
        code, severity = (
            ("GCP-KEY-06", Severity.WARNING) if is_between else ("GCP-KEY-02", Severity.BLOCKING)
        )
        yield Finding(code, severity, fingerprint, {"bits": str(facts.key_bits)})
    elif algorithm == "ECDSA" and facts.has_explicit_curve:
        yield Finding("GCP-KEY-04", Severity.BLOCKING, fingerprint)
    elif algorithm == "SM2":
        yield Finding("GCP-KEY-03", Severity.BLOCKING, fingerprint)
    elif algorithm == "RSA-PSS":
        yield Finding("GCP-KEY-05", Severity.BLOCKING, fingerprint)
    elif algorithm != "ECDSA" or facts.key_curve not in ACCEPTED_CURVES:
        yield Finding(
            "GCP-KEY-01",
            Severity.BLOCKING,
            fingerprint,
            {"key": f"{algorithm} {facts.key_curve}".strip()},
        )


def _signature(facts: CertificateFacts, role: TrustRole) -> Iterable[Finding]:
    """A self-signed anchor is trusted by being there: nobody checks its own signature."""
    if role is TrustRole.TRUST_ANCHOR and facts.is_self_signed:
        return
    severity = Severity.BLOCKING if role in CA_ROLES else Severity.WARNING
    fingerprint = facts.sha256_fingerprint
    if facts.signature_hash in WEAK_HASHES:
        yield Finding("GCP-SIG-01", severity, fingerprint, {"hash": facts.signature_hash.upper()})
    elif facts.signature_algorithm == _PSS:
        yield Finding("GCP-SIG-03", Severity.WARNING, fingerprint)
    elif not is_accepted_signature(facts):
        yield Finding("GCP-SIG-02", severity, fingerprint, {"algorithm": facts.signature_algorithm})


def is_accepted_signature(facts: CertificateFacts) -> bool:
    """RSA (also PSS) or ECDSA with SHA-256 or better."""
    is_pss = facts.signature_algorithm == _PSS and facts.signature_hash not in WEAK_HASHES
    return is_pss or facts.signature_algorithm in _ACCEPTED_SIGNATURES


def _authority(facts: CertificateFacts, purpose: Purpose, role: TrustRole) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if not facts.is_ca:
        yield Finding("GCP-CA-01", Severity.BLOCKING, fingerprint, {"role": role.value})
        return
    if facts.key_usage is None:
        yield Finding("GCP-CA-03", Severity.WARNING, fingerprint)
    elif "keyCertSign" not in facts.key_usage:
        yield Finding("GCP-CA-02", Severity.BLOCKING, fingerprint)
    yield from _authority_usage(facts, purpose)
    if not facts.subject_key_identifier:
        yield Finding("GCP-KID-01", Severity.WARNING, fingerprint)
    if not facts.authority_key_identifier and not facts.is_self_signed:
        yield Finding("GCP-KID-03", Severity.WARNING, fingerprint)


def _authority_usage(facts: CertificateFacts, purpose: Purpose) -> Iterable[Finding]:
    oid, name = EKU_OF_PURPOSE[purpose]
    fingerprint, usages = facts.sha256_fingerprint, facts.extended_key_usage
    if usages is None:
        code, severity = (
            ("GCP-EKU-04", Severity.BLOCKING)
            if facts.path_length == 0
            else ("GCP-EKU-02", Severity.WARNING)
        )
        yield Finding(code, severity, fingerprint, {"eku": name})
    elif oid not in usages:
        code, severity = (
            ("GCP-EKU-05", Severity.WARNING)
            if ANY_EXTENDED_KEY_USAGE in usages
            else ("GCP-EKU-01", Severity.BLOCKING)
        )
        yield Finding(code, severity, fingerprint, {"eku": name})


def _allowlisted(facts: CertificateFacts, purpose: Purpose) -> Iterable[Finding]:
    oid, name = EKU_OF_PURPOSE[purpose]
    fingerprint = facts.sha256_fingerprint
    if facts.is_ca:
        yield Finding("GCP-LEAF-01", Severity.WARNING, fingerprint)
    if not facts.allows(oid):
        yield Finding("GCP-EKU-03", Severity.WARNING, fingerprint, {"eku": name})
    for field, what, limit, error in _HEADERS:
        if (size := getattr(facts, field)) > limit:
            yield Finding(
                "GCP-HEAD-01",
                Severity.WARNING,
                fingerprint,
                {"what": what, "size": str(size), "limit": str(limit), "error": error},
            )
    yield Finding(
        "GCP-ALLOW-01", Severity.INFO, fingerprint, {"not_after": facts.not_after.isoformat()[:10]}
    )
