"""Whether the signatures among certificates at hand hold. Needs their bytes, so it runs on uploads and in workers."""

from collections.abc import Iterable, Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from pki.certificate import ParsedCertificate
from pki.chain import build
from pki.findings import Finding, Severity
from pki.names import common_name

_SLOWEST_KEY_BITS = 16_384


def judge_signatures(added: Iterable[ParsedCertificate], at_hand: Mapping[str, ParsedCertificate]) -> list[Finding]:
    """Certificates that no issuer at hand has signed, although one of its name and key identifier is there.

    ``at_hand`` maps fingerprints to everything that could be an issuer, the added ones included.
    """
    added = list(added)
    known = {fingerprint: certificate.facts for fingerprint, certificate in at_hand.items()}
    chain = build(known | {c.facts.sha256_fingerprint: c.facts for c in added})
    findings = []
    for certificate in added:
        fingerprint, facts = certificate.facts.sha256_fingerprint, certificate.facts
        issuers = [certificate] if facts.is_self_signed else [at_hand[issuer] for issuer in chain.issuers.get(fingerprint, ()) if issuer in at_hand]
        answers = [_is_signed_by(certificate, issuer) for issuer in issuers]
        if answers and all(answer is False for answer in answers):
            findings.append(Finding("X509-SIG-02", Severity.BLOCKING, fingerprint, {"issuer": common_name(facts.issuer)}))
    return findings


def _is_signed_by(child: ParsedCertificate, issuer: ParsedCertificate) -> bool | None:
    """None when it cannot be told: an algorithm that is not there, or a key that would take a hostile time."""
    if issuer.facts.key_bits > _SLOWEST_KEY_BITS or issuer.facts.rsa_exponent.endswith("bits"):
        return None
    try:
        x509.load_der_x509_certificate(child.der).verify_directly_issued_by(x509.load_der_x509_certificate(issuer.der))
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    return True
