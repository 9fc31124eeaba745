"""What undoing a change would mean, judged before it is asked for, as the page shows it."""

from dataclasses import dataclass

from django.utils import timezone

from approvals.asking.undo import (
    later_changes,
    missing_originals,
    needs_name,
    net_of,
    refuse_impossible,
)
from approvals.errors import ConflictingChange
from approvals.judging.estate import certificates_by_fingerprint, estate_of
from approvals.models import ChangeRequest
from certs.errors import NotRestorable
from certs.models import GoldenClient, TrustEntry
from pages.changes.plan import PlanRow
from pki.findings import Finding, Severity
from pki.plan import Action, Step, apply_steps, entries_of, revision_digest
from pki.roles import CA_ROLES, TrustRole
from pki.rules import judge


@dataclass(frozen=True)
class Undoing:
    """``obstacle`` says why no rollback is possible; then nothing else matters.

    ``golden`` are the clients that must get in, each with what becomes of the way by which it gets in
    today: ``lost`` (its own entry goes), ``cut`` (a CA of its path goes, so a worker must look for
    another), ``kept`` (nothing of it goes) or ``unknown`` (it was not tried with what is live now, or did
    not get in).
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
    net = net_of([change, *later])
    at = timezone.now()
    certificates = certificates_by_fingerprint(
        change.tenant_id, {entry.sha256_fingerprint for entry in net}
    )
    facts = {fingerprint: one.as_facts() for fingerprint, one in certificates.items()}
    estate = estate_of(change.trust_config, tenant_id=change.tenant_id, facts=facts, at=at)
    steps = [Step(action, entry) for entry, action in sorted(net.items())]
    kept = GoldenClient.objects.filter(
        tenant_id=change.tenant_id, trust_config_id=change.trust_config_id
    ).select_related("trust_config")
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
        missing=missing_originals(change, net),
        findings=list(judge(estate, change.tenant_id, steps, at=at)) if steps else [],
        golden=[(client, _way_after(client, *_left(change, steps))) for client in kept],
        needs_name=needs_name(change, net),
        only_removes=all(step.action is Action.REMOVE for step in steps),
    )


def _left(change: ChangeRequest, steps: list[Step]) -> tuple[set[str], set[str]]:
    """Of what the rollback removes: allowlisted certificates, and CAs, that the tenant holds in no such role any more.

    Other tenants' entries are not looked at, or the page would tell what they trust.
    """
    rows = TrustEntry.objects.for_tenant(change.tenant_id).filter(
        trust_config_id=change.trust_config_id
    )
    before = rows.holdings()
    after = entries_of(apply_steps(before, change.tenant_id, steps))
    gone = entries_of(before) - after

    def left(roles: frozenset[TrustRole]) -> set[str]:
        kept = {entry.sha256_fingerprint for entry in after if entry.role in roles}
        return {e.sha256_fingerprint for e in gone if e.role in roles} - kept

    return left(frozenset({TrustRole.ALLOWLISTED})), left(CA_ROLES)


def _way_after(client: GoldenClient, listed: set[str], cas: set[str]) -> str:
    if client.sha256_fingerprint in listed:
        return "lost"
    is_current = client.tried_digest == revision_digest(client.trust_config.observed)
    if not client.tried_path or not is_current:
        return "unknown"
    return "cut" if cas & set(client.tried_path) else "kept"
