"""Who may do what with a change, and why not: the table of rights, and what the act asks of the change besides."""

from django.utils.translation import gettext_lazy as _

from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import TrustConfig
from certs.trust_configs.drift import is_of_older_database
from tenants.access import Verdict, may
from tenants.models import Environment, Mode, Tenant, User
from tenants.rights import Act


def may_submit(user_id: int, tenant: Tenant, environment: Environment | None = None) -> Verdict:
    return may(user_id, Act.SUBMIT, tenant=tenant, environment=environment)


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
    return bool(_still_asks(user_id, change))


def _still_asks(user_id: int, change: ChangeRequest) -> Verdict:
    """Who has lost the role has lost the change: somebody else takes it over."""
    return _may_here(user_id, Act.FOLLOW_UP, change)


def _may_here(user_id: int, act: Act, change: ChangeRequest) -> Verdict:
    environment = change.trust_config.environment
    return may(user_id, act, tenant=change.tenant, environment=environment)


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
    return _may_here(user_id, Act.STOP, change)


def may_comment(user_id: int, change: ChangeRequest) -> Verdict:
    """Everyone with a part in the change where it stands; auditors read."""
    return _may_here(user_id, Act.COMMENT, change)


def may_prove(user_id: int, change: ChangeRequest) -> Verdict:
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be proven."))
    return _may_here(user_id, Act.PROVE, change)


def may_retry(user_id: int, change: ChangeRequest) -> Verdict:
    if not change.held_code and (
        change.state != State.APPROVED or change.trust_config.blocked_at is None
    ):
        return Verdict(
            is_allowed=False, reason=_("The change is not held; there is nothing to try again.")
        )
    return _may_here(user_id, Act.TRY_AGAIN, change)


def may_retry_trust_config(user_id: int, tenant: Tenant, trust_config: TrustConfig) -> Verdict:
    if trust_config.blocked_at is None:
        return Verdict(
            is_allowed=False,
            reason=_("Google refuses nothing here; there is nothing to try again."),
        )
    return may(user_id, Act.TRY_AGAIN, tenant=tenant, environment=trust_config.environment)


def may_roll_back(user_id: int, change: ChangeRequest) -> Verdict:
    """Submitters of the tenant and reviewers may ask for a rollback; how many votes it takes is another question."""
    if change.state != State.APPLIED:
        return Verdict(is_allowed=False, reason=_("Only an applied change can be rolled back."))
    if change.kind == ChangeRequest.Kind.PUT_BACK:
        return Verdict(
            is_allowed=False,
            reason=_("It only put back what was on record, so there is nothing to undo."),
        )
    return _may_here(user_id, Act.ROLL_BACK, change)


def may_resolve_drift(user_id: int, trust_config: TrustConfig) -> Verdict:
    """Reviewers, and submitters of the tenant to whom the trust config is entrusted, choose what becomes of a drift.

    Where this database is older than Google's last write, an admin of the platform does: somebody must know what was lost.
    """
    if trust_config.state != TrustConfig.State.DRIFTED:
        return Verdict(
            is_allowed=False,
            reason=_("Live is what was last observed; there is nothing to resolve."),
        )
    if is_of_older_database(trust_config):
        return may(user_id, Act.RESOLVE_OLDER_DATABASE)
    keeper, environment = trust_config.custodian, trust_config.environment
    return may(user_id, Act.RESOLVE_DRIFT, tenant=keeper, environment=environment)


def may_brake(user_id: int, tenant: Tenant) -> Verdict:
    """B→A is a brake: an admin of the tenant or platform, or a reviewer, pulls it alone."""
    if tenant.mode != Mode.SELF_SERVICE:
        return Verdict(is_allowed=False, reason=_("The tenant is in mode A already."))
    return may(user_id, Act.BRAKE, tenant=tenant)


def may_propose_self_service(user_id: int) -> Verdict:
    return may(user_id, Act.PROPOSE_SELF_SERVICE)


def may_decide_self_service(user_id: int, proposed_by: User) -> Verdict:
    """The second person of A→B: another platform admin, or a security reviewer of the platform."""
    if user_id == proposed_by.pk:
        return Verdict(
            is_allowed=False,
            reason=_("You proposed this switch, so somebody else must confirm it."),
        )
    return may(user_id, Act.CONFIRM_SELF_SERVICE)
