"""What undoing a change would mean, judged before it is asked for, as the page shows it."""

from dataclasses import dataclass

from django.utils import timezone

from approvals.asking.undo import (
    later_changes,
    missing_originals,
    needs_name,
    plan_of_rollback,
    refuse_impossible,
)
from approvals.errors import ConflictingChange
from approvals.judging.estate import certificates_by_fingerprint, estate_of
from approvals.models import ChangeRequest
from certs.errors import NotRestorable
from certs.models import GoldenClient
from pages.changes.plan import PlanRow
from pki.findings import Finding, Severity
from pki.plan import Action, Step
from pki.rules import judge


@dataclass(frozen=True)
class Undoing:
    """``obstacle`` says why no rollback is possible; then nothing else matters.

    ``golden`` are the clients that must get in, each with what becomes of the way by which it gets in
    today: ``lost`` (its own entry goes), ``cut`` (a CA of its path goes, so a worker must look for
    another), ``kept`` (nothing of it goes) or ``unknown`` (it did not get in when it was last tried).
    """

    obstacle: str
    rows: list[PlanRow]
    later: list[ChangeRequest]
    missing: list[str]
    findings: list[Finding]
    golden: list[tuple[GoldenClient, str]]
    needs_name: bool
    only_removes: bool

    @property
    def is_blocked(self) -> bool:
        return any(finding.severity is Severity.BLOCKING for finding in self.findings)


def undoing_of(change: ChangeRequest) -> Undoing:
    later = later_changes(change)
    try:
        refuse_impossible(change, later)
    except (ConflictingChange, NotRestorable) as error:
        return Undoing(
            str(error.sentence), [], later, [], [], [], needs_name=False, only_removes=True
        )
    net = plan_of_rollback(change)
    at = timezone.now()
    certificates = certificates_by_fingerprint(
        change.tenant_id, {entry.sha256_fingerprint for entry in net}
    )
    facts = {fingerprint: one.as_facts() for fingerprint, one in certificates.items()}
    estate = estate_of(change.trust_config, tenant_id=change.tenant_id, facts=facts, at=at)
    steps = [Step(action, entry) for entry, action in sorted(net.items())]
    lost = {step.entry.sha256_fingerprint for step in steps if step.action is Action.REMOVE}
    kept = GoldenClient.objects.filter(
        tenant_id=change.tenant_id, trust_config_id=change.trust_config_id
    )
    return Undoing(
        obstacle="",
        rows=[
            PlanRow(
                step.action.value,
                step.entry.role.value,
                certificates[step.entry.sha256_fingerprint],
            )
            for step in steps
        ],
        later=later,
        missing=missing_originals(change),
        findings=list(judge(estate, change.tenant_id, steps, at=at)) if steps else [],
        golden=[(client, _way_after(client, lost)) for client in kept],
        needs_name=needs_name(change, net),
        only_removes=all(step.action is Action.REMOVE for step in steps),
    )


def _way_after(client: GoldenClient, lost: set[str]) -> str:
    if client.sha256_fingerprint in lost:
        return "lost"
    if not client.tried_path:
        return "unknown"
    return "cut" if lost & set(client.tried_path) else "kept"
