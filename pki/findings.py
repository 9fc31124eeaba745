"""A finding is one judgement of one check: a code of the catalogue, a severity, and the values that its sentence names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Severity(StrEnum):
    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


_ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Finding:
    """``fingerprint`` is empty when the judgement is about the trust config and not about one certificate."""

    code: str
    severity: Severity
    fingerprint: str = ""
    evidence: dict[str, str] = field(default_factory=dict, hash=False, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.fingerprint


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Blocking ones first, then by code and certificate."""
    return sorted(findings, key=lambda finding: (_ORDER[finding.severity], finding.code, finding.fingerprint))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.BLOCKING]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.WARNING]


def answered(findings: Iterable[Finding], answers: Mapping[tuple[str, str], str]) -> list[Finding]:
    """What blocks and may be answered becomes a warning where the submitter has said why it is right.

    ``answers`` maps a finding's key to what was said; whether a code may be answered is for the caller to ask
    :func:`pki.catalogue.is_answerable`.
    """
    return in_order(
        replace(finding, severity=Severity.WARNING, evidence={**finding.evidence, "answer": answers[finding.key]})
        if finding.severity is Severity.BLOCKING and finding.key in answers
        else finding
        for finding in findings
    )
