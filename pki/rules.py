"""The judgement of a change: pure functions over facts. Everything wrong is said at once; time is an argument."""

from collections.abc import Iterable
from datetime import datetime

from pki.catalogue import FINDINGS
from pki.estate import Estate, Projection
from pki.estate_rules import judge_set, judge_step
from pki.facts import CertificateFacts
from pki.findings import Finding, in_order
from pki.google_rules import judge_google
from pki.plan import Action, Step
from pki.policy_rules import judge_policies
from pki.roles import CA_ROLES, Purpose, TrustRole
from pki.texts import Said, Scope
from pki.x509_rules import judge_x509


def proposed_role(facts: CertificateFacts) -> TrustRole:
    """A CA that signed itself is an anchor, another CA an intermediate, everything else goes on the allowlist."""
    if not facts.is_ca:
        return TrustRole.ALLOWLISTED
    return TrustRole.TRUST_ANCHOR if facts.is_self_signed else TrustRole.INTERMEDIATE_CA


def role_reason(facts: CertificateFacts) -> Said:
    """Why that role is proposed."""
    if not facts.is_ca:
        return Said("it is no CA, so it can only speak for itself", "它不是 CA，只能代表自身")
    if facts.is_self_signed:
        return Said("it is a CA that signed itself", "它是自签名的 CA")
    return Said("it is a CA that another CA issued", "它是由其他 CA 签发的 CA")


def judge(estate: Estate, tenant_id: int, steps: Iterable[Step], *, at: datetime) -> list[Finding]:
    """All findings of a tenant's change against the estate at an instant, blocking ones first."""
    projection = Projection(estate, tenant_id, steps)
    findings: list[Finding] = []
    for step in projection.steps:
        if step.action is Action.ADD:
            role, fingerprint = step.entry
            facts = estate.facts[fingerprint]
            findings += judge_certificate(facts, role, estate.purpose, at=at)
            issuers = (
                issuer
                for issuer in projection.chain.issuers.get(fingerprint, ())
                if issuer in projection.listed
            )
            keys = frozenset(estate.facts[issuer].spki_sha256 for issuer in issuers)
            findings += judge_policies(
                estate.policies, facts, role, estate.purpose, at=at, issuer_keys=keys
            )
        findings += judge_step(projection, step, at=at)
    findings += judge_set(projection)
    return in_order(findings)


def judge_certificate(
    facts: CertificateFacts, role: TrustRole, purpose: Purpose, *, at: datetime
) -> list[Finding]:
    """What is to be said of one certificate in one role, whatever else is trusted."""
    return [*judge_google(facts, role, purpose), *judge_x509(facts, role, at=at)]


def checked_codes(steps: Iterable[Step]) -> set[str]:
    """Codes of every check that these steps go through, so that a page can also say what passed."""
    scopes = {Scope.SET, Scope.WORKER}
    for step in steps:
        if step.action is Action.REMOVE:
            scopes.add(Scope.REMOVED)
        else:
            scopes |= {
                Scope.ADDED,
                Scope.AUTHORITY if step.entry.role in CA_ROLES else Scope.ALLOWLISTED,
            }
    return {code for code, check in FINDINGS.items() if check.scope in scopes}
