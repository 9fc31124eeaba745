"""Who may do what with a change, and how many votes it takes. The only place where the two modes differ."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from approvals.causes import Cause, cause
from approvals.models import ChangeRequest, Vote
from approvals.states import State
from certs.models import TrustConfig
from jobs import clock
from pki.catalogue import is_answerable
from pki.findings import Finding, warnings
from pki.plan import Action
from pki.roles import CA_ROLES, TrustRole
from tenants.access import ALLOWED, ReviewerScope, Verdict, platform_roles, reviewer_scope, roles
from tenants.models import AccessRole, Environment, Mode, Tenant, User
from tenants.policies import in_force

# What mode B never does, whatever the tenant's limits are.
NEVER_BY_ITSELF = frozenset({"limit-adoption", "limit-shared", "limit-last-anchor", "limit-revoked", "limit-answered"})


def may_submit(user_id: int, tenant: Tenant, environment: Environment | None = None) -> Verdict:
    if AccessRole.SUBMITTER in roles(user_id, tenant, environment):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only submitters of this tenant may ask for changes."))


def uploaders(change: ChangeRequest) -> set[int]:
    """Everyone who submitted the change or first uploaded a certificate that it adds."""
    added = [item.certificate.uploaded_by_id for item in change.items.all() if item.action == Action.ADD]
    return {change.submitted_by_id, *(user_id for user_id in added if user_id is not None)}


def may_vote(user_id: int, change: ChangeRequest, *, scope: ReviewerScope | None = None) -> Verdict:
    """Whether this person's vote would count now, and why not. Lists read the person's ``scope`` once and hand it in."""
    if change.state != State.VALIDATED:
        return Verdict(is_allowed=False, reason=_("There is nothing to decide now: the change is %(state)s.") % {"state": State(change.state).label})
    if user_id == change.submitted_by_id:
        return Verdict(is_allowed=False, reason=_("You submitted this change, so somebody else must decide on it."))
    if user_id in uploaders(change):
        return Verdict(is_allowed=False, reason=_("You uploaded a certificate of this change, so somebody else must decide on it."))
    if not (scope or reviewer_scope(user_id)).covers(change.trust_config.environment):
        return Verdict(is_allowed=False, reason=_("Only security reviewers of the platform decide on changes in this environment."))
    if any(vote.voter_id == user_id and vote.change_digest == change.change_digest for vote in change.votes.all()):
        return Verdict(is_allowed=False, reason=_("You have voted on this plan already."))
    return ALLOWED


def is_self_approval(user_id: int, change: ChangeRequest) -> bool:
    return change.state == State.VALIDATED and user_id in uploaders(change)


def votes_needed(change: ChangeRequest) -> int:
    """What the environment asks for; undoing that only removes trust takes one."""
    if change.only_removes and is_undoing(change):
        return 1
    return change.trust_config.environment.votes_needed


def is_undoing(change: ChangeRequest) -> bool:
    """A rollback, or putting back what was changed outside the portal."""
    return change.kind == ChangeRequest.Kind.PUT_BACK or change.is_rollback


def has_votes(change: ChangeRequest) -> bool:
    """Whether the votes on the present plan suffice: one of the policy, or enough of people, and nobody declined.

    The policy's vote counts in mode B only: the brake ends it, wherever the change stands. What follows at the end of an
    overlap was decided with the change that it follows, until it comes back to its voters.
    """
    if change.follows is not None and change.voting_round == 1:
        return change.mode == change.follows.mode and change.follows.state in {State.APPROVED, State.APPLIED}
    votes = change.votes.filter(change_digest=change.change_digest)
    if votes.filter(decision=Vote.Decision.REJECT).exists():
        return False
    approvals = votes.filter(decision=Vote.Decision.APPROVE)
    if decides_by_itself(change) and approvals.exclude(policy="").exists():
        return True
    of_people = approvals.exclude(voter=None)
    if not requester_decides(change.submitted_by_id, change, ()):  # the brake ends what only mode B allowed
        of_people = of_people.exclude(voter=change.submitted_by_id)
    return of_people.count() >= votes_needed(change)


def rests_on_the_policy(change: ChangeRequest) -> bool:
    """Whether only the policy's vote carries it: then its limits are asked for again, since they may have been tightened."""
    if change.follows is not None and change.voting_round == 1:
        return rests_on_the_policy(change.follows)
    approvals = change.votes.filter(change_digest=change.change_digest, decision=Vote.Decision.APPROVE)
    return decides_by_itself(change) and approvals.exclude(voter=None).count() < votes_needed(change)


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
    later = [row[0] for row in change.later_removals]
    codes = {finding.code for finding in findings}
    allowed_roles, item_count = set(tenant.self_service_roles) & set(most.roles), min(tenant.self_service_item_count, most.item_count)
    causes = [cause("limit-role", role=role) for role in sorted({*later, *(item.role for item in items)} - allowed_roles)]
    if change.kind == ChangeRequest.Kind.ADOPTION:
        causes.append(cause("limit-adoption"))
    if (
        change.others_added
        or change.others_removed
        or (trust_config.is_shared and any(TrustRole(role) in CA_ROLES for role in (*later, *(item.role for item in items))))
    ):
        causes.append(cause("limit-shared"))
    if (count := len(items) + len(later)) > item_count:
        causes.append(cause("limit-count", count=count, limit=item_count))
    if trust_config.environment.is_production and not (tenant.self_service_in_production and most.in_production):
        causes.append(cause("limit-production"))
    if codes & {"EST-REVOKED-01", "EST-REVOKED-02"}:
        causes.append(cause("limit-revoked"))
    if any(is_answerable(finding.code) and "answer" in finding.evidence for finding in findings):
        causes.append(cause("limit-answered"))
    if "EST-LAST-01" in codes:
        causes.append(cause("limit-last-anchor"))
    if (found := warnings(findings)) and not (tenant.self_service_with_warnings and most.with_warnings):
        causes.append(cause("limit-warnings", codes=", ".join(sorted({finding.code for finding in found}))))
    return causes


def may_name_revocation(tenant: Tenant) -> bool:
    """Only a new change in mode A brings back what was revoked."""
    return tenant.mode == Mode.PLATFORM_MANAGED


def may_withdraw(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.is_open:
        return Verdict(is_allowed=False, reason=_("The change is %(state)s; there is nothing to withdraw.") % {"state": State(change.state).label})
    if user_id != change.submitted_by_id:
        return Verdict(is_allowed=False, reason=_("Only %(name)s, who submitted it, may withdraw this change.") % {"name": change.submitted_by})
    return ALLOWED


def may_answer(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.awaits_answer:
        return Verdict(is_allowed=False, reason=_("No finding waits for an answer."))
    if user_id != change.submitted_by_id:
        return Verdict(is_allowed=False, reason=_("Only %(name)s, who submitted it, may answer the findings.") % {"name": change.submitted_by})
    return ALLOWED


def may_prove(user_id: int, change: ChangeRequest) -> Verdict:
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be proven."))
    if AccessRole.SUBMITTER in roles(user_id, change.tenant, change.trust_config.environment):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only submitters of this tenant may put a receipt on its changes."))


def may_retry(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.held_code and (change.state != State.APPROVED or change.trust_config.blocked_at is None):
        return Verdict(is_allowed=False, reason=_("The change is not held; there is nothing to try again."))
    return _may_try_again(user_id, change.tenant, change.trust_config)


def may_retry_trust_config(user_id: int, tenant: Tenant, trust_config: TrustConfig) -> Verdict:
    if trust_config.blocked_at is None:
        return Verdict(is_allowed=False, reason=_("Google refuses nothing here; there is nothing to try again."))
    return _may_try_again(user_id, tenant, trust_config)


def _may_try_again(user_id: int, tenant: Tenant, trust_config: TrustConfig) -> Verdict:
    if roles(user_id, tenant, trust_config.environment) & {AccessRole.SUBMITTER, AccessRole.REVIEWER, AccessRole.PLATFORM_ADMIN}:
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only submitters and reviewers may try again."))


def may_roll_back(user_id: int, change: ChangeRequest) -> Verdict:
    """Submitters of the tenant and reviewers may ask for a rollback; how many votes it takes is another question."""
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be rolled back."))
    if AccessRole.SUBMITTER in roles(user_id, change.tenant, change.trust_config.environment):
        return ALLOWED
    if AccessRole.REVIEWER in platform_roles(user_id, change.trust_config.environment):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only submitters of this tenant and reviewers may roll a change back."))


def requester_decides(user_id: int, change: ChangeRequest, limits: Sequence[Cause]) -> bool:
    """Whether asking for this rollback is the one decision that it takes: it only removes trust, and the person may decide.

    In mode A that is a reviewer of the platform, in mode B also a submitter of the tenant; but what mode B never does
    (``limits``: the last anchor, anchors of a shared trust config) takes a reviewer here too.
    """
    if not (is_undoing(change) and change.only_removes):
        return False
    environment = change.trust_config.environment
    if AccessRole.REVIEWER in platform_roles(user_id, environment):
        return True
    if change.mode != Mode.SELF_SERVICE or {limit["code"] for limit in limits} & NEVER_BY_ITSELF:
        return False
    return AccessRole.SUBMITTER in roles(user_id, change.tenant, environment)


def may_resolve_drift(user_id: int, trust_config: TrustConfig) -> Verdict:
    """Reviewers, and submitters of the tenant to whom the trust config is entrusted, choose what becomes of a drift."""
    if trust_config.state != TrustConfig.State.DRIFTED:
        return Verdict(is_allowed=False, reason=_("Live is what was last observed; there is nothing to resolve."))
    if AccessRole.REVIEWER in platform_roles(user_id, trust_config.environment):
        return ALLOWED
    if AccessRole.SUBMITTER in roles(user_id, trust_config.custodian, trust_config.environment):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only security reviewers and submitters of the tenant that keeps the trust config may resolve this."))


def may_brake(user_id: int, tenant: Tenant) -> Verdict:
    """B→A is a brake: an admin of the tenant or platform, or a reviewer, pulls it alone."""
    if tenant.mode != Mode.SELF_SERVICE:
        return Verdict(is_allowed=False, reason=_("The tenant is in mode A already."))
    wanted = {AccessRole.TENANT_ADMIN, AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}
    if roles(user_id, tenant) & wanted:
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only admins and reviewers may switch a tenant to mode A."))


def may_propose_self_service(user_id: int) -> Verdict:
    if AccessRole.PLATFORM_ADMIN in platform_roles(user_id):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only platform admins may propose mode B."))


def may_decide_self_service(user_id: int, proposed_by: User) -> Verdict:
    """The second person of A→B: another platform admin, or a security reviewer of the platform."""
    if user_id == proposed_by.pk:
        return Verdict(is_allowed=False, reason=_("You proposed this switch, so somebody else must confirm it."))
    if platform_roles(user_id) & {AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}:
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only platform admins and security reviewers may confirm this switch."))
