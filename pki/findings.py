"""A finding is one judgement of one check: a code of the catalogue, a severity, and the values that its sentence names."""

from collections.abc import Iterable
from dataclasses import dataclass, field
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
    return sorted(
        findings, key=lambda finding: (_ORDER[finding.severity], finding.code, finding.fingerprint)
    )


def once_each(findings: Iterable[Finding]) -> list[Finding]:
    """What was found by facts and again by bytes is said once."""
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        found.setdefault((*finding.key, str(sorted(finding.evidence.items()))), finding)
    return list(found.values())


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.BLOCKING]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.WARNING]
