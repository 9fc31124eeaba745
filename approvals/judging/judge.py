"""Everything that is to be said of a stored change, with what its submitter has answered."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from approvals.judging.answers import evidence_digest
from approvals.models import ChangeRequest, Item
from pki import rules
from pki.answers import answered
from pki.catalogue import FINDINGS, is_answerable
from pki.estate import Estate
from pki.findings import Finding as Judgement
from pki.findings import Severity, once_each
from pki.plan import Action, Step, apply_steps
from pki.texts import Scope


def judge_change(
    change: ChangeRequest, estate: Estate, *, at: datetime, seen_by_worker: Iterable[Judgement] = ()
) -> list[Judgement]:
    """Everything that is to be said of a stored change, with what its submitter has answered.

    ``seen_by_worker`` is what only the originals can tell; without it what was last seen there is kept.
    """
    judged = [
        *rules.judge(estate, change.tenant_id, change.steps, at=at),
        *_judge_later(change, estate, at),
        *seen_by_worker,
    ]
    findings = once_each(judged)
    given = {(answer.code, answer.sha256_fingerprint): answer for answer in change.answers.all()}
    answers = {
        f.key: given[f.key].text
        for f in findings
        if f.key in given and given[f.key].evidence_sha256 == evidence_digest(f)
    }
    return answered(findings, answers)


def _judge_later(change: ChangeRequest, estate: Estate, at: datetime) -> list[Judgement]:
    """What the removal at the end of an overlap would mean then, so that one decision covers both."""
    later = list(change.later_removals.all())
    if not later:
        return []
    steps = [Step(Action.REMOVE, row.entry) for row in later]
    revoking = frozenset(
        row.sha256_fingerprint for row in later if row.removal == Item.Removal.REVOKED
    )
    then = replace(
        estate,
        holdings=apply_steps(estate.holdings, change.tenant_id, change.steps),
        revoking=revoking,
    )
    return list(rules.judge(then, change.tenant_id, steps, at=max(at, change.overlap_until or at)))


def last_seen_by_worker(change: ChangeRequest) -> list[Judgement]:
    """The stored findings that only a worker can make, as they were before any answer."""
    return [
        _unanswered(finding.judgement)
        for finding in change.findings.all()
        if FINDINGS[finding.code].scope is Scope.WORKER
    ]


def _unanswered(finding: Judgement) -> Judgement:
    if "answer" not in finding.evidence:
        return finding
    evidence = {name: value for name, value in finding.evidence.items() if name != "answer"}
    severity = Severity.BLOCKING if is_answerable(finding.code) else finding.severity
    return Judgement(finding.code, severity, finding.fingerprint, evidence)


def unseen(change: ChangeRequest, findings: Iterable[Judgement]) -> list[Judgement]:
    """Findings that would have mattered to the voters and were not shown to them: blocking ones, and new warnings."""
    seen = {(finding.code, finding.sha256_fingerprint) for finding in change.findings.all()}
    return [
        f
        for f in findings
        if f.severity is Severity.BLOCKING or (f.severity is Severity.WARNING and f.key not in seen)
    ]
