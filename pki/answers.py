"""What a submitter answers to findings: a blocking one that may be answered passes as a warning, with the reason beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pki.catalogue import is_answerable
from pki.findings import Finding, Severity, blocking, in_order


def answered(findings: Iterable[Finding], answers: Mapping[tuple[str, str], str]) -> list[Finding]:
    """``answers`` maps a finding's key (code, fingerprint) to what was said. Notes take no answer."""
    return in_order(_with_answer(finding, answers.get(finding.key, "")) for finding in findings)


def open_questions(findings: Iterable[Finding]) -> list[Finding]:
    """Blocking findings that wait for an answer."""
    return [finding for finding in blocking(findings) if is_answerable(finding.code)]


def final(findings: Iterable[Finding]) -> list[Finding]:
    """Blocking findings that no answer opens."""
    return [finding for finding in blocking(findings) if not is_answerable(finding.code)]


def _with_answer(finding: Finding, answer: str) -> Finding:
    if (
        not answer
        or finding.severity is Severity.INFO
        or (finding.severity is Severity.BLOCKING and not is_answerable(finding.code))
    ):
        return finding
    return replace(
        finding, severity=Severity.WARNING, evidence={**finding.evidence, "answer": answer}
    )
