"""What a policy says of one certificate in one role. Several policies are asked one after the other; each line speaks once."""

from collections.abc import Iterable
from datetime import datetime

from pki import public_cas
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.names import common_name
from pki.policy import USAGES, Policy, matches
from pki.roles import CA_ROLES, Purpose, TrustRole

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384"}


def judge_policies(
    policies: Iterable[Policy],
    facts: CertificateFacts,
    role: TrustRole,
    purpose: Purpose,
    *,
    at: datetime,
    issuer_keys: frozenset[str],
) -> list[Finding]:
    """``issuer_keys`` are the SPKI hashes of those that may have issued it, as far as they are at hand.

    A public CA passes only when every policy allows it.
    """
    found: dict[str, Finding] = {}
    for policy in policies:
        for finding in [
            *_public(policy, facts, role, purpose),
            *_lines(policy, facts, role, at),
            *_issuer(policy, facts, issuer_keys),
        ]:
            found.setdefault(finding.code, finding)
    return list(found.values())


def _public(
    policy: Policy, facts: CertificateFacts, role: TrustRole, purpose: Purpose
) -> Iterable[Finding]:
    if (
        facts.public_trust
        and role in CA_ROLES
        and purpose is Purpose.MTLS_CLIENT
        and not policy.allows_public_cas
    ):
        roots, intermediates = public_cas.list_dates()
        code, listed = (
            ("POL-PUBLIC-01", roots)
            if facts.public_trust == "root"
            else ("POL-PUBLIC-02", intermediates)
        )
        yield _blocking(code, facts, name=common_name(facts.subject), listed=listed)


def _lines(
    policy: Policy, facts: CertificateFacts, role: TrustRole, at: datetime
) -> Iterable[Finding]:
    if role.value not in policy.roles:
        yield _blocking("POL-ROLE-01", facts, role=role.value, allowed=", ".join(policy.roles))
    if policy.keys and (key := key_name(facts)) not in policy.keys:
        yield _blocking("POL-KEY-01", facts, key=key, allowed=", ".join(policy.keys))
    if (limit := policy.longest_days.get(role)) and facts.validity_days > limit:
        yield _blocking(
            "POL-VAL-01", facts, days=str(facts.validity_days), limit=str(limit), role=role.value
        )
    if (limit := policy.days_left.get(role)) and (left := (facts.not_after - at).days) < limit:
        yield _blocking("POL-LEFT-01", facts, days=str(left), limit=str(limit))
    if role not in CA_ROLES:
        yield from _end_entity(policy, facts)


def _issuer(
    policy: Policy, facts: CertificateFacts, issuer_keys: frozenset[str]
) -> Iterable[Finding]:
    """A self-signed certificate is its own issuer. A subject alone is a claim; a key is known only where the issuer is at hand."""
    keys = {facts.spki_sha256} if facts.is_self_signed else issuer_keys
    if not policy.is_from_allowed_issuer(facts.issuer, keys):
        yield _blocking(
            "POL-ISSUER-01", facts, issuer=facts.issuer, allowed=", ".join(policy.issuers)[:500]
        )


def _end_entity(policy: Policy, facts: CertificateFacts) -> Iterable[Finding]:
    if missing := [
        name for name in policy.usages if USAGES[name] not in (facts.extended_key_usage or ())
    ]:
        yield _blocking("POL-EKU-01", facts, missing=", ".join(missing))
    if policy.names:
        names = facts.subject_alternative_names or ("–",)
        strange = next(
            (name for name in names if not any(matches(pattern, name) for pattern in policy.names)),
            None,
        )
        if strange is not None:
            yield _blocking(
                "POL-SAN-01", facts, name=strange, patterns=", ".join(policy.names)[:500]
            )


def key_name(facts: CertificateFacts) -> str:
    """As policies name it: ``RSA-2048``, ``P-256``, else the algorithm."""
    if facts.key_algorithm == "RSA":
        return f"RSA-{facts.key_bits}"
    return _CURVES.get(facts.key_curve, f"{facts.key_algorithm} {facts.key_curve}".strip())


def _blocking(code: str, facts: CertificateFacts, **evidence: str) -> Finding:
    return Finding(code, Severity.BLOCKING, facts.sha256_fingerprint, evidence)
