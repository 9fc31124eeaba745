"""What the checks say of files as plain data: the one source of ``countersign inspect`` and of its JSON (docs/inspect.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pki import public_cas
from pki.bundle import Intake, Refusal, read
from pki.catalogue import text_of
from pki.certificate import ParsedCertificate
from pki.chain import Chain, build
from pki.estate import Estate
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity, blocking, in_order, once_each
from pki.plan import Action, Entry, Step
from pki.policy import Policy
from pki.roles import Purpose, TrustRole
from pki.rules import judge, proposed_role, role_reason
from pki.signatures import judge_signatures

SCHEMA = "countersign-inspect-1"
_ANYBODY = 1


@dataclass(frozen=True)
class Inspection:
    """``roles`` are by fingerprint; ``findings`` include those on the whole set, whose fingerprint is empty."""

    intake: Intake
    roles: dict[str, TrustRole]
    findings: list[Finding]
    chain: Chain
    purpose: Purpose
    at: datetime

    @property
    def facts(self) -> list[CertificateFacts]:
        return [certificate.facts for certificate in self.intake.certificates]

    @property
    def exit_code(self) -> int:
        """0 without blocking findings, 1 with one or with something refused, 2 when there is no certificate at all."""
        if not self.intake.certificates:
            return 2
        return 1 if blocking(self.findings) or self.intake.refusals else 0

    def findings_of(self, fingerprint: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.fingerprint == fingerprint]


def inspect(
    sources: list[tuple[str, bytes]],
    *,
    role: TrustRole | None,
    purpose: Purpose,
    policies: tuple[Policy, ...] = (Policy(),),
    at: datetime,
) -> Inspection:
    """Judges files as if all their certificates were to be added to an empty trust config; a role that is not given is proposed."""
    intake = read(sources)
    certificates = {
        certificate.facts.sha256_fingerprint: certificate for certificate in intake.certificates
    }
    facts = {fingerprint: certificate.facts for fingerprint, certificate in certificates.items()}
    roles = {fingerprint: role or proposed_role(one) for fingerprint, one in facts.items()}
    steps = [Step(Action.ADD, Entry(chosen, fingerprint)) for fingerprint, chosen in roles.items()]
    estate = Estate("–", purpose, frozenset(), facts, policies=policies)
    findings = judge(estate, _ANYBODY, steps, at=at) if steps else []
    findings += judge_signatures(certificates.values(), certificates, policies)
    return Inspection(intake, roles, in_order(once_each(findings)), build(facts), purpose, at)


def as_json(inspection: Inspection, names: Sequence[str], language: str) -> dict[str, Any]:
    """The stable form; fields are only ever added to it."""
    intake, roots_and_intermediates = inspection.intake, public_cas.list_dates()
    refused = [
        refusal.evidence["sha256_fingerprint"]
        for refusal in intake.refusals
        if "sha256_fingerprint" in refusal.evidence
    ]
    return {
        "schema": SCHEMA,
        "at": inspection.at.isoformat(),
        "purpose": inspection.purpose.value,
        "public_lists": dict(zip(("roots", "intermediates"), roots_and_intermediates, strict=True)),
        "files": list(names),
        "exit_code": inspection.exit_code,
        "counts": {
            severity.value: sum(finding.severity is severity for finding in inspection.findings)
            for severity in Severity
        },
        "fingerprints": sorted(
            {*(facts.sha256_fingerprint for facts in inspection.facts), *refused}
        ),
        "certificates": [
            _certificate(inspection, certificate, language) for certificate in intake.certificates
        ],
        "findings": [_said(finding, language) for finding in inspection.findings_of("")],
        "duplicates": [
            {"file": source, "sha256_fingerprint": fingerprint}
            for source, fingerprint in intake.duplicates
        ],
        "refusals": [
            {"file": refusal.source, **_said(refusal, language)} for refusal in intake.refusals
        ],
    }


def _certificate(
    inspection: Inspection, certificate: ParsedCertificate, language: str
) -> dict[str, Any]:
    facts = certificate.facts
    fingerprint, chain = facts.sha256_fingerprint, inspection.chain
    return {
        **facts.to_json(),
        "role": inspection.roles[fingerprint].value,
        "role_reason": role_reason(facts).in_language(language, {}),
        "issued_by": list(chain.issuers.get(fingerprint, ())),
        "missing_issuer": chain.missing_issuer(fingerprint),
        "same_key": list(chain.same_key(fingerprint)),
        "findings": [_said(finding, language) for finding in inspection.findings_of(fingerprint)],
    }


def _said(one: Finding | Refusal, language: str) -> dict[str, Any]:
    text = text_of(one.code)
    parts = {
        part: getattr(text, part).in_language(language, one.evidence)
        for part in ("title", "sentence", "why", "fix")
    }
    severity = {"severity": one.severity.value} if isinstance(one, Finding) else {}
    return {"code": one.code, **severity, **parts, "source": text.source, "evidence": one.evidence}


def as_text(inspection: Inspection, language: str) -> str:
    """What a person reads: each certificate with its role and its findings, then the set, then what was refused."""
    lines = []
    for facts in inspection.facts:
        fingerprint = facts.sha256_fingerprint
        lines += [
            facts.subject or "(empty subject)",
            f"  sha256     {fingerprint}",
            f"  issuer     {facts.issuer}",
        ]
        lines += [f"  valid      {facts.not_before:%Y-%m-%d} – {facts.not_after:%Y-%m-%d}"]
        lines += [
            f"  role       {inspection.roles[fingerprint].value}: {role_reason(facts).in_language(language, {})}"
        ]
        if missing := inspection.chain.missing_issuer(fingerprint):
            lines.append(f"  not here   {missing}")
        lines += [*_finding_lines(inspection.findings_of(fingerprint), language), ""]
    if found := inspection.findings_of(""):
        lines += [*_finding_lines(found, language), ""]
    for refusal in inspection.intake.refusals:
        text = text_of(refusal.code)
        lines += [
            f"refused {refusal.source}: {refusal.code} {text.sentence.in_language(language, refusal.evidence)}"
        ]
        lines += [f"  {text.fix.in_language(language, refusal.evidence)}"]
    return "\n".join(lines).rstrip("\n")


def _finding_lines(findings: Sequence[Finding], language: str) -> list[str]:
    lines = []
    for finding in findings:
        text = text_of(finding.code)
        lines.append(
            f"  {finding.severity.value:<10} {finding.code} {text.sentence.in_language(language, finding.evidence)}"
        )
        if finding.severity is not Severity.INFO:
            lines.append(f"             {text.fix.in_language(language, finding.evidence)}")
    return lines
