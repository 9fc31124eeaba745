"""A finding is one judgement of one check: a code of the catalogue, a severity, and the values that its sentence names."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


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


def blocking(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.BLOCKING]


def warnings(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.WARNING]
