"""Who may do what with a change, and why not."""

from django.utils.translation import gettext_lazy as _

from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import TrustConfig
from tenants.access import (
    ALLOWED,
    Verdict,
    platform_roles,
    reviewer_scope,
    roles,
)
from tenants.models import AccessRole, Environment, Mode, Tenant, User

# Roles that ask for changes: submitters of the tenant, and reviewers for what they undo.
_ASKING = frozenset({AccessRole.SUBMITTER, AccessRole.REVIEWER})


def may_submit(user_id: int, tenant: Tenant, environment: Environment | None = None) -> Verdict:
    if AccessRole.SUBMITTER in roles(user_id, tenant, environment):
        return ALLOWED
    return Verdict(
        is_allowed=False, reason=_("Only submitters of this tenant may ask for changes.")
    )


def may_name_revocation(tenant: Tenant) -> bool:
    """Only a new change in mode A brings back what was revoked."""
    return tenant.mode == Mode.PLATFORM_MANAGED


def may_withdraw(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.is_open:
        return Verdict(
            is_allowed=False,
            reason=_("The change is %(state)s; there is nothing to withdraw.")
            % {"state": State(change.state).label},
        )
    if user_id != change.responsible.pk:
        return Verdict(
            is_allowed=False,
            reason=_("Only %(name)s, who asks for it, may withdraw this change.")
            % {"name": change.responsible},
        )
    return _still_asks(user_id, change)


def may_answer(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.awaits_answer:
        return Verdict(is_allowed=False, reason=_("No finding waits for an answer."))
    if user_id != change.responsible.pk:
        return Verdict(
            is_allowed=False,
            reason=_("Only %(name)s, who asks for it, may answer the findings.")
            % {"name": change.responsible},
        )
    return _still_asks(user_id, change)


def may_ask_here(user_id: int, change: ChangeRequest) -> bool:
    """Whether the person has a role that asks for changes where this one stands."""
    environment = change.trust_config.environment
    return bool(roles(user_id, change.tenant, environment) & _ASKING)


def _still_asks(user_id: int, change: ChangeRequest) -> Verdict:
    """Who has lost the role has lost the change: somebody else takes it over."""
    if may_ask_here(user_id, change):
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_(
            "You have no role any more that asks for changes here. "
            "A submitter of the tenant can take this change over."
        ),
    )


def may_take_over(user_id: int, change: ChangeRequest) -> Verdict:
    """A submitter of the tenant becomes responsible for a change whose asker has lost the role."""
    if not change.is_open:
        return Verdict(is_allowed=False, reason=_("The change is over; nobody needs to take it."))
    if may_ask_here(change.responsible.pk, change):
        return Verdict(
            is_allowed=False,
            reason=_("%(name)s still takes care of this change.") % {"name": change.responsible},
        )
    return may_submit(user_id, change.tenant, change.trust_config.environment)


def may_stop(user_id: int, change: ChangeRequest) -> Verdict:
    """A reviewer takes an approved change back from the writer, whatever waits: window or freeze.

    Stopping takes no second person, and whoever asked for the change may do it too.
    """
    if change.state != State.APPROVED:
        return Verdict(
            is_allowed=False,
            reason=_("Only an approved change that is not written yet can be stopped."),
        )
    if reviewer_scope(user_id).covers(change.trust_config.environment):
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_("Only security reviewers of the platform stop an approved change."),
    )


def may_comment(user_id: int, change: ChangeRequest) -> Verdict:
    """Everyone with a part in the change where it stands; auditors read."""
    if roles(user_id, change.tenant, change.trust_config.environment) - {AccessRole.AUDITOR}:
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only people with a part in the change comment."))


def may_prove(user_id: int, change: ChangeRequest) -> Verdict:
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be proven."))
    if AccessRole.SUBMITTER in roles(user_id, change.tenant, change.trust_config.environment):
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_("Only submitters of this tenant may put a receipt on its changes."),
    )


def may_retry(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.held_code and (
        change.state != State.APPROVED or change.trust_config.blocked_at is None
    ):
        return Verdict(
            is_allowed=False, reason=_("The change is not held; there is nothing to try again.")
        )
    return _may_try_again(user_id, change.tenant, change.trust_config)


def may_retry_trust_config(user_id: int, tenant: Tenant, trust_config: TrustConfig) -> Verdict:
    if trust_config.blocked_at is None:
        return Verdict(
            is_allowed=False,
            reason=_("Google refuses nothing here; there is nothing to try again."),
        )
    return _may_try_again(user_id, tenant, trust_config)


def _may_try_again(user_id: int, tenant: Tenant, trust_config: TrustConfig) -> Verdict:
    if roles(user_id, tenant, trust_config.environment) & {
        AccessRole.SUBMITTER,
        AccessRole.REVIEWER,
        AccessRole.PLATFORM_ADMIN,
    }:
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only submitters and reviewers may try again."))


def may_roll_back(user_id: int, change: ChangeRequest) -> Verdict:
    """Submitters of the tenant and reviewers may ask for a rollback; how many votes it takes is another question."""
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be rolled back."))
    if change.kind == ChangeRequest.Kind.PUT_BACK:
        return Verdict(
            is_allowed=False,
            reason=_("It only put back what was on record, so there is nothing to undo."),
        )
    if AccessRole.SUBMITTER in roles(user_id, change.tenant, change.trust_config.environment):
        return ALLOWED
    if AccessRole.REVIEWER in platform_roles(user_id, change.trust_config.environment):
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_("Only submitters of this tenant and reviewers may roll a change back."),
    )


def may_resolve_drift(user_id: int, trust_config: TrustConfig) -> Verdict:
    """Reviewers, and submitters of the tenant to whom the trust config is entrusted, choose what becomes of a drift."""
    if trust_config.state != TrustConfig.State.DRIFTED:
        return Verdict(
            is_allowed=False,
            reason=_("Live is what was last observed; there is nothing to resolve."),
        )
    if AccessRole.REVIEWER in platform_roles(user_id, trust_config.environment):
        return ALLOWED
    if AccessRole.SUBMITTER in roles(user_id, trust_config.custodian, trust_config.environment):
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_(
            "Only security reviewers and submitters of the tenant that keeps the trust config may resolve this."
        ),
    )


def may_brake(user_id: int, tenant: Tenant) -> Verdict:
    """B→A is a brake: an admin of the tenant or platform, or a reviewer, pulls it alone."""
    if tenant.mode != Mode.SELF_SERVICE:
        return Verdict(is_allowed=False, reason=_("The tenant is in mode A already."))
    wanted = {AccessRole.TENANT_ADMIN, AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}
    if roles(user_id, tenant) & wanted:
        return ALLOWED
    return Verdict(
        is_allowed=False, reason=_("Only admins and reviewers may switch a tenant to mode A.")
    )


def may_propose_self_service(user_id: int) -> Verdict:
    if AccessRole.PLATFORM_ADMIN in platform_roles(user_id):
        return ALLOWED
    return Verdict(is_allowed=False, reason=_("Only platform admins may propose mode B."))


def may_decide_self_service(user_id: int, proposed_by: User) -> Verdict:
    """The second person of A→B: another platform admin, or a security reviewer of the platform."""
    if user_id == proposed_by.pk:
        return Verdict(
            is_allowed=False,
            reason=_("You proposed this switch, so somebody else must confirm it."),
        )
    if platform_roles(user_id) & {AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}:
        return ALLOWED
    return Verdict(
        is_allowed=False,
        reason=_("Only platform admins and security reviewers may confirm this switch."),
    )
