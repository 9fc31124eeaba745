"""The stored plan of a change and the digest over it that is voted on."""

from collections.abc import Iterable
from datetime import datetime

from approvals.models import ChangeRequest, Finding
from pki.findings import Finding as Judgement
from pki.findings import warnings as warnings_of
from pki.plan import change_digest
from tenants.policies import in_force


def store_plan(
    change: ChangeRequest, findings: Iterable[Judgement], *, at: datetime, etag: str
) -> None:
    """Replaces the stored findings and computes the digest that is voted on. Saves nothing of the change itself."""
    findings = list(findings)
    change.findings.all().delete()
    Finding.objects.bulk_create(
        Finding(
            change=change,
            code=f.code,
            severity=f.severity.value,
            sha256_fingerprint=f.fingerprint,
            evidence=f.evidence,
        )
        for f in findings
    )
    change.planned_at, change.planned_etag = at, etag
    change.policies = in_force(change.tenant_id, at).label
    renew_digest(change)


def renew_digest(change: ChangeRequest) -> None:
    """Computes the digest that is voted on from the change as it is and its stored findings. Saves nothing."""
    change.change_digest = change_digest(
        trust_config=str(change.trust_config_id),
        change=f"{change.tenant_id}/{change.number}/{change.voting_round}",
        steps=change.steps,
        not_before=change.due_at,
        policy_version=f"{change.tenant_id}@{change.policy_version} {change.policies}".strip(),
        warning_codes=[
            finding.code
            for finding in warnings_of([finding.judgement for finding in change.findings.all()])
        ],
        besides=_besides(change),
    )


def _besides(change: ChangeRequest) -> dict[str, object]:
    """What the digest binds of changes that are more than their items."""
    found: dict[str, object] = {}
    if change.schedule != ChangeRequest.Schedule.AT_ONCE:
        found["schedule"] = str(change.schedule)
    later = list(change.later_removals.all())
    if later and change.overlap_until:
        found |= {
            "later": sorted([row.role, row.sha256_fingerprint, row.removal] for row in later),
            "overlap_until": change.overlap_until.isoformat(),
        }
    if change.drift_case is not None:
        found |= {
            "kind": str(change.kind),
            "live": change.live_digest,
            "expected": change.drift_case.expected_entries,
        }
        found["others"] = [change.others_added, change.others_removed]
    return found
