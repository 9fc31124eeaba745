"""Whether the signatures among certificates at hand hold. Needs their bytes, so it runs on uploads and in workers."""

from collections.abc import Iterable, Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from pki.certificate import ParsedCertificate
from pki.chain import build
from pki.findings import Finding, Severity
from pki.names import common_name
from pki.policy import Policy

_SLOWEST_KEY_BITS = 16_384
MOST_CANDIDATES = 10  # Google's limit of intermediates with one subject and key
MOST_VERIFICATIONS = 2_000


class Signatures:
    """The issuers at hand of some certificates, each tried once. Beyond the caps an answer is None: it cannot be told."""

    def __init__(
        self, added: Iterable[ParsedCertificate], at_hand: Mapping[str, ParsedCertificate]
    ) -> None:
        self.added = list(added)
        self._known = {**at_hand, **{one.facts.sha256_fingerprint: one for one in self.added}}
        self._chain = build({fingerprint: one.facts for fingerprint, one in self._known.items()})
        self._loaded: dict[str, x509.Certificate] = {}
        self._count = 0
        self.answers = {one.facts.sha256_fingerprint: self._answers(one) for one in self.added}

    def issuer_keys(self, fingerprint: str) -> frozenset[str]:
        """SPKI hashes of the issuers whose signature holds."""
        return frozenset(
            self._known[issuer].facts.spki_sha256
            for issuer, holds in self.answers[fingerprint].items()
            if holds
        )

    def _answers(self, child: ParsedCertificate) -> dict[str, bool | None]:
        facts = child.facts
        issuers = (
            (facts.sha256_fingerprint,)
            if facts.is_self_signed
            else self._chain.issuers.get(facts.sha256_fingerprint, ())
        )
        return {
            issuer: self._is_signed_by(child, self._known[issuer])
            for issuer in issuers[:MOST_CANDIDATES]
        }

    def _is_signed_by(self, child: ParsedCertificate, issuer: ParsedCertificate) -> bool | None:
        """None when it cannot be told: an algorithm that is not there, or what would take a hostile time."""
        self._count += 1
        if (
            self._count > MOST_VERIFICATIONS
            or issuer.facts.key_bits > _SLOWEST_KEY_BITS
            or issuer.facts.rsa_exponent.endswith("bits")
        ):
            return None
        try:
            self._load(child).verify_directly_issued_by(self._load(issuer))
        except InvalidSignature:
            return False
        except (UnsupportedAlgorithm, ValueError, TypeError):
            return None
        return True

    def _load(self, certificate: ParsedCertificate) -> x509.Certificate:
        fingerprint = certificate.facts.sha256_fingerprint
        if fingerprint not in self._loaded:
            self._loaded[fingerprint] = x509.load_der_x509_certificate(certificate.der)
        return self._loaded[fingerprint]


def judge_signatures(
    added: Iterable[ParsedCertificate],
    at_hand: Mapping[str, ParsedCertificate],
    policies: Iterable[Policy] = (),
) -> list[Finding]:
    """Certificates that no issuer at hand has signed although one of its name and key identifier is there, and those that a
    policy wants from certain keys when none of these is seen to have signed them.

    ``at_hand`` maps fingerprints to everything that could be an issuer.
    """
    signatures, policies = Signatures(added, at_hand), list(policies)
    findings = []
    for certificate in signatures.added:
        facts = certificate.facts
        answers = list(signatures.answers[facts.sha256_fingerprint].values())
        is_rollover = (
            facts.is_self_signed and not facts.authority_key_identifier
        )  # it may be another key of the same name's
        if answers and all(answer is False for answer in answers) and not is_rollover:
            findings.append(
                Finding(
                    "X509-SIG-02",
                    Severity.BLOCKING,
                    facts.sha256_fingerprint,
                    {"issuer": common_name(facts.issuer)},
                )
            )
        keys = signatures.issuer_keys(facts.sha256_fingerprint)
        for policy in policies:
            if not policy.is_from_allowed_issuer(facts.issuer, keys):
                evidence = {"issuer": facts.issuer, "allowed": ", ".join(policy.issuers)[:500]}
                findings.append(
                    Finding("POL-ISSUER-01", Severity.BLOCKING, facts.sha256_fingerprint, evidence)
                )
                break
    return findings
