"""What mode B may decide by itself, and why it must ask a person."""

from collections.abc import Sequence

from approvals.causes import Cause, cause
from approvals.models import ChangeRequest
from jobs import clock
from pki.catalogue import is_answerable
from pki.findings import Finding, warnings
from pki.roles import CA_ROLES, TrustRole
from tenants.models import Mode, Tenant
from tenants.policies import in_force

# What mode B never does, whatever the tenant's limits are.
NEVER_BY_ITSELF = frozenset(
    {"limit-adoption", "limit-shared", "limit-last-anchor", "limit-revoked", "limit-answered"}
)


def policy_name(tenant: Tenant) -> str:
    return f"self-service@{tenant.policy_version}"


def decides_by_itself(change: ChangeRequest) -> bool:
    """Whether mode B is to look at the change at all."""
    return change.mode == Mode.SELF_SERVICE


def limits_exceeded(change: ChangeRequest, findings: Sequence[Finding]) -> list[Cause]:
    """Why mode B must ask a person; empty when the change lies inside the tenant's limits."""
    tenant, trust_config = change.tenant, change.trust_config
    most = in_force(tenant.pk, clock.now()).self_service
    items = [*change.items.all()]
    later = [row.role for row in change.later_removals.all()]
    codes = {finding.code for finding in findings}
    allowed_roles, item_count = (
        set(tenant.self_service_roles) & set(most.roles),
        min(tenant.self_service_item_count, most.item_count),
    )
    causes = [
        cause("limit-role", role=role)
        for role in sorted({*later, *(item.role for item in items)} - allowed_roles)
    ]
    if change.kind == ChangeRequest.Kind.ADOPTION:
        causes.append(cause("limit-adoption"))
    if (
        change.others_added
        or change.others_removed
        or (
            trust_config.is_shared
            and any(
                TrustRole(role) in CA_ROLES for role in (*later, *(item.role for item in items))
            )
        )
    ):
        causes.append(cause("limit-shared"))
    if (count := len(items) + len(later)) > item_count:
        causes.append(cause("limit-count", count=count, limit=item_count))
    if trust_config.environment.is_production and not (
        tenant.self_service_in_production and most.in_production
    ):
        causes.append(cause("limit-production"))
    if codes & {"EST-REVOKED-01", "EST-REVOKED-02"}:
        causes.append(cause("limit-revoked"))
    if any(is_answerable(finding.code) and "answer" in finding.evidence for finding in findings):
        causes.append(cause("limit-answered"))
    if "EST-LAST-01" in codes:
        causes.append(cause("limit-last-anchor"))
    if (found := warnings(findings)) and not (
        tenant.self_service_with_warnings and most.with_warnings
    ):
        causes.append(
            cause("limit-warnings", codes=", ".join(sorted({finding.code for finding in found})))
        )
    return causes
