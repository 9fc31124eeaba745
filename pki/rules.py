"""The judgement of a change: pure functions over facts. Everything wrong is said at once; time is an argument."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pki.certificate import ANY_EXTENDED_KEY_USAGE, CertificateFacts
from pki.findings import Finding, Severity
from pki.limits import count_findings
from pki.plan import Action, Entry, Holding, Step, apply_steps, entries_of
from pki.roles import CA_ROLES, EKU_OF_PURPOSE, Purpose, TrustRole

MAXIMAL_PEM_BYTES = 5_000
MINIMAL_RSA_BITS, MAXIMAL_RSA_BITS = 2048, 4096
ACCEPTED_CURVES = frozenset({"secp256r1", "secp384r1"})
WEAK_HASHES = frozenset({"md4", "md5", "sha1"})
EXPIRES_SOON_DAYS = 30


@dataclass(frozen=True)
class Estate:
    """What a change meets: who holds what now (approved changes included), and what is known of it.

    ``facts`` covers every entry of the projected set; ``submitted`` are steps of other changes that are not approved
    yet; ``revoked`` maps a fingerprint to the number of the change that revoked it; ``elsewhere`` names other places
    of the same tenant that trust the same certificate.
    """

    trust_config: str
    purpose: Purpose
    holdings: frozenset[Holding]
    facts: Mapping[str, CertificateFacts]
    submitted: tuple[tuple[int, Step], ...] = ()
    revoked: Mapping[str, int] = field(default_factory=dict)
    names_revocation: bool = False
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def proposed_role(facts: CertificateFacts) -> TrustRole:
    """A CA that signed itself is an anchor, another CA an intermediate, everything else goes on the allowlist."""
    if not facts.is_ca:
        return TrustRole.ALLOWLISTED
    return TrustRole.TRUST_ANCHOR if facts.is_self_signed else TrustRole.INTERMEDIATE_CA


def judge(estate: Estate, tenant_id: int, steps: Iterable[Step], *, at: datetime) -> list[Finding]:
    """All findings of a tenant's change against the estate at an instant, blocking ones first."""
    steps = list(steps)
    findings: list[Finding] = []
    for step in steps:
        facts = estate.facts[step.entry.sha256_fingerprint]
        if step.action is Action.ADD:
            findings += judge_certificate(facts, step.entry.role, estate.purpose, at=at)
        findings += _judge_step(estate, tenant_id, step)
    findings += _judge_set(estate, tenant_id, steps)
    order = list(Severity)
    return sorted(findings, key=lambda finding: (order.index(finding.severity), finding.code, finding.fingerprint))


def judge_certificate(facts: CertificateFacts, role: TrustRole, purpose: Purpose, *, at: datetime) -> list[Finding]:
    """What is to be said of one certificate in one role, whatever else is trusted."""
    findings = [*_size(facts), *_key(facts), *_signature(facts, role), *_validity(facts, at)]
    findings += _authority(facts, role, purpose) if role in CA_ROLES else _allowlisted(facts, purpose)
    return findings


def checked_codes(steps: Iterable[Step]) -> set[str]:
    """Codes of every check that these steps go through, so that a page can also say what passed."""
    steps = list(steps)
    codes = {"EST-LAST-01", "EST-LAST-02", "EST-PEND-01", *(f"GCP-COUNT-0{n}" for n in range(1, 7))}
    for step in steps:
        if step.action is Action.REMOVE:
            codes |= {"EST-GONE-01"}
            continue
        codes |= {"GCP-SIZE-01", "GCP-KEY-01", "GCP-KEY-02", "GCP-SIG-01", "X509-VAL-01", "X509-VAL-02"}
        codes |= {"EST-EXP-01", "EST-DUP-01", "EST-DUP-02", "EST-REVOKED-01"}
        codes |= {"GCP-CA-01", "GCP-CA-02", "GCP-EKU-01", "GCP-EKU-02"} if step.entry.role in CA_ROLES else {"GCP-EKU-03"}
    return codes


def _size(facts: CertificateFacts) -> Iterable[Finding]:
    if facts.pem_byte_count > MAXIMAL_PEM_BYTES:
        yield _blocking("GCP-SIZE-01", facts, size=str(facts.pem_byte_count), limit=str(MAXIMAL_PEM_BYTES))


def _key(facts: CertificateFacts) -> Iterable[Finding]:
    if facts.key_algorithm == "RSA":
        if not MINIMAL_RSA_BITS <= facts.key_bits <= MAXIMAL_RSA_BITS:
            yield _blocking("GCP-KEY-02", facts, bits=str(facts.key_bits))
    elif facts.key_algorithm != "ECDSA" or facts.key_curve not in ACCEPTED_CURVES:
        yield _blocking("GCP-KEY-01", facts, key=f"{facts.key_algorithm} {facts.key_curve}".strip())


def _signature(facts: CertificateFacts, role: TrustRole) -> Iterable[Finding]:
    """A self-signed anchor is trusted by being there: nobody checks its own signature."""
    if facts.signature_hash in WEAK_HASHES and not (role is TrustRole.TRUST_ANCHOR and facts.is_self_signed):
        severity = Severity.BLOCKING if role in CA_ROLES else Severity.WARNING
        yield Finding("GCP-SIG-01", severity, facts.sha256_fingerprint, {"hash": facts.signature_hash.upper()})


def _validity(facts: CertificateFacts, at: datetime) -> Iterable[Finding]:
    days = (facts.not_after - at).days
    if facts.not_after <= at:
        yield _blocking("X509-VAL-01", facts, not_after=_date(facts.not_after))
    elif days < EXPIRES_SOON_DAYS:
        yield _warning("EST-EXP-01", facts, not_after=_date(facts.not_after), days=str(days))
    if facts.not_before > at:
        yield _warning("X509-VAL-02", facts, not_before=_date(facts.not_before))


def _authority(facts: CertificateFacts, role: TrustRole, purpose: Purpose) -> Iterable[Finding]:
    oid, name = EKU_OF_PURPOSE[purpose]
    if not facts.is_ca:
        yield _blocking("GCP-CA-01", facts, role=role.value)
        return
    if facts.key_usage is not None and "keyCertSign" not in facts.key_usage:
        yield _blocking("GCP-CA-02", facts)
    if facts.extended_key_usage is None:
        yield _warning("GCP-EKU-02", facts, eku=name)
    elif oid not in facts.extended_key_usage and ANY_EXTENDED_KEY_USAGE not in facts.extended_key_usage:
        yield _blocking("GCP-EKU-01", facts, eku=name)


def _allowlisted(facts: CertificateFacts, purpose: Purpose) -> Iterable[Finding]:
    oid, name = EKU_OF_PURPOSE[purpose]
    if facts.extended_key_usage is not None and oid not in facts.extended_key_usage and ANY_EXTENDED_KEY_USAGE not in facts.extended_key_usage:
        yield _warning("GCP-EKU-03", facts, eku=name)


def _judge_step(estate: Estate, tenant_id: int, step: Step) -> Iterable[Finding]:
    role, fingerprint = step.entry
    facts = estate.facts[fingerprint]
    is_held = Holding(tenant_id, step.entry) in estate.holdings
    if step.action is Action.REMOVE:
        if not is_held:
            yield _blocking("EST-GONE-01", facts, role=role.value, trust_config=estate.trust_config)
        return
    if is_held:
        yield _blocking("EST-DUP-01", facts, role=role.value, trust_config=estate.trust_config)
    if places := estate.elsewhere.get(fingerprint):
        yield Finding("EST-DUP-02", Severity.INFO, fingerprint, {"places": ", ".join(places)})
    if number := estate.revoked.get(fingerprint):
        if estate.names_revocation:
            yield _warning("EST-REVOKED-02", facts, number=str(number))
        else:
            yield _blocking("EST-REVOKED-01", facts, number=str(number))


def _judge_set(estate: Estate, tenant_id: int, steps: list[Step]) -> Iterable[Finding]:
    before = entries_of(estate.holdings)
    holdings = apply_steps(estate.holdings, tenant_id, steps)
    after = entries_of(holdings)
    yield from count_findings(before, after, estate.facts)
    crowd = holdings
    for other_tenant, step in estate.submitted:
        if step.action is Action.ADD:
            crowd = apply_steps(crowd, other_tenant, [step])
    yield from count_findings(after, entries_of(crowd), estate.facts, as_warning=True)
    if before and not after:
        yield Finding("EST-LAST-02", Severity.WARNING, "", {"trust_config": estate.trust_config})
    if _anchors(before) and not _anchors(after):
        yield Finding("EST-LAST-01", Severity.WARNING, "", {"trust_config": estate.trust_config})


def _anchors(entries: frozenset[Entry]) -> bool:
    return any(entry.role is TrustRole.TRUST_ANCHOR for entry in entries)


def _blocking(code: str, facts: CertificateFacts, **evidence: str) -> Finding:
    return Finding(code, Severity.BLOCKING, facts.sha256_fingerprint, evidence)


def _warning(code: str, facts: CertificateFacts, **evidence: str) -> Finding:
    return Finding(code, Severity.WARNING, facts.sha256_fingerprint, evidence)


def _date(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
