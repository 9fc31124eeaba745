"""The one table of rights: which roles may do what. Nothing else in the product names a role to decide something.

Flows, pages and ``docs/rights.md`` read it through :mod:`tenants.access`. What an act asks for besides the role (the state
of a change, a second person) stands with the act.
"""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import AccessRole, Mode

_ADMIN = AccessRole.PLATFORM_ADMIN
_AUDITOR = AccessRole.AUDITOR
_REVIEWER = AccessRole.REVIEWER
_SUBMITTER = AccessRole.SUBMITTER
_TENANT_ADMIN = AccessRole.TENANT_ADMIN


class Act(models.TextChoices):
    """Everything that a role decides, in the words of the document."""

    READ_TENANT = "read_tenant", _("Open the pages of a tenant")
    READ_PLATFORM = "read_platform", _("Open the queue, the environments and the platform's policy")
    READ_ALL_AUDIT = "read_all_audit", _("Read the audit of all tenants")
    COUNT_OTHERS = "count_others", _("See how many other tenants trust the same certificate")
    SEE_ALL_ENTRIES = "see_all_entries", _("See the entries of other tenants in a drift")
    SUBMIT = "submit", _("Ask for a change, or take one over")
    FOLLOW_UP = "follow_up", _("Withdraw one's own change, answer its findings")
    COMMENT = "comment", _("Comment on a change")
    VOTE = "vote", _("Decide on a change")
    STOP = "stop", _("Stop an approved change that is not written yet")
    TRY_AGAIN = "try_again", _("Try a held change or a blocked trust config again")
    PROVE = "prove", _("Put a receipt on an applied change")
    ROLL_BACK = "roll_back", _("Ask for a rollback")
    ROLL_BACK_ALONE = (
        "roll_back_alone",
        _("Decide a rollback that only removes trust by asking for it"),
    )
    RESOLVE_DRIFT = "resolve_drift", _("Choose what becomes of a drift")
    RESOLVE_OLDER_DATABASE = (
        "resolve_older_database",
        _("Choose what becomes of live after an older database was restored"),
    )
    KEEP_GOLDEN_CLIENTS = "keep_golden_clients", _("Keep golden clients and let them go")
    DECIDE_GOLDEN_REMOVAL = (
        "decide_golden_removal",
        _("Confirm that a golden client goes which a person must let go"),
    )
    BRAKE = "brake", _("Switch a tenant from mode B to mode A")
    PROPOSE_SELF_SERVICE = "propose_self_service", _("Propose mode B for a tenant")
    CONFIRM_SELF_SERVICE = "confirm_self_service", _("Confirm mode B as the second person")
    PROPOSE_POLICY = "propose_policy", _("Propose any policy")
    TIGHTEN_POLICY = "tighten_policy", _("Tighten the policy of one's own tenant")
    CONFIRM_POLICY = "confirm_policy", _("Confirm a looser policy as the second person")
    ADMINISTER = (
        "administer",
        _("Set windows and freezes, declare enforcement, make trust configs"),
    )
    OPERATE = "operate", _("Open the page for operators, try jobs again or give them up")


@dataclass(frozen=True)
class Right:
    """Who may do an act.

    ``tenant``: roles that count in the tenant in question, whether held there or platform-wide. ``platform``: roles that
    count when they are held platform-wide only. ``in_self_service``: roles of the tenant that count besides while a change
    goes by mode B. ``in_one_environment``: where no environment is in question, a role that holds in one of them is enough.
    ``refusal``: the sentence of the button and of the page for everybody else.
    """

    refusal: str | Promise
    tenant: frozenset[AccessRole] = frozenset()
    platform: frozenset[AccessRole] = frozenset()
    in_self_service: frozenset[AccessRole] = frozenset()
    in_one_environment: bool = False

    def tenant_roles(self, mode: Mode | None) -> frozenset[AccessRole]:
        return self.tenant | (self.in_self_service if mode == Mode.SELF_SERVICE else frozenset())


def _right(
    refusal: str | Promise,
    *,
    tenant: tuple[AccessRole, ...] = (),
    platform: tuple[AccessRole, ...] = (),
    in_self_service: tuple[AccessRole, ...] = (),
    in_one_environment: bool = False,
) -> Right:
    return Right(
        refusal,
        frozenset(tenant),
        frozenset(platform),
        frozenset(in_self_service),
        in_one_environment,
    )


RIGHTS: dict[Act, Right] = {
    Act.READ_TENANT: _right(
        _("Only people with a role in this tenant or on the platform open its pages."),
        tenant=tuple(AccessRole),
    ),
    Act.READ_PLATFORM: _right(
        _("Only reviewers, auditors and admins of the platform open this page."),
        platform=(_REVIEWER, _AUDITOR, _ADMIN),
        in_one_environment=True,
    ),
    Act.READ_ALL_AUDIT: _right(
        _("Only reviewers, auditors and admins of the whole platform read every tenant's audit."),
        platform=(_REVIEWER, _AUDITOR, _ADMIN),
    ),
    Act.COUNT_OTHERS: _right(
        _("Only people of the platform see how many other tenants trust a certificate."),
        platform=(_SUBMITTER, _REVIEWER, _AUDITOR, _ADMIN),
        in_one_environment=True,
    ),
    Act.SEE_ALL_ENTRIES: _right(
        _("Only security reviewers of the platform see other tenants' entries."),
        platform=(_REVIEWER,),
    ),
    Act.SUBMIT: _right(
        _("Only submitters of this tenant may ask for changes."), tenant=(_SUBMITTER,)
    ),
    # Reviewers ask for what they undo, and take care of it afterwards.
    Act.FOLLOW_UP: _right(
        _(
            "You have no role any more that asks for changes here. "
            "A submitter of the tenant can take this change over."
        ),
        tenant=(_SUBMITTER, _REVIEWER),
    ),
    Act.COMMENT: _right(
        _("Only people with a part in the change comment."),
        tenant=(_SUBMITTER, _REVIEWER, _TENANT_ADMIN, _ADMIN),
    ),
    Act.VOTE: _right(
        _("Only security reviewers of the platform decide on changes in this environment."),
        platform=(_REVIEWER,),
    ),
    Act.STOP: _right(
        _("Only security reviewers of the platform stop an approved change."),
        platform=(_REVIEWER,),
    ),
    Act.TRY_AGAIN: _right(
        _("Only submitters and reviewers may try again."), tenant=(_SUBMITTER, _REVIEWER, _ADMIN)
    ),
    Act.PROVE: _right(
        _("Only submitters of this tenant may put a receipt on its changes."), tenant=(_SUBMITTER,)
    ),
    Act.ROLL_BACK: _right(
        _("Only submitters of this tenant and reviewers may roll a change back."),
        tenant=(_SUBMITTER,),
        platform=(_REVIEWER,),
    ),
    Act.ROLL_BACK_ALONE: _right(
        _("A security reviewer must agree to this rollback."),
        platform=(_REVIEWER,),
        in_self_service=(_SUBMITTER,),
    ),
    # In question is the tenant to whom the trust config is entrusted.
    Act.RESOLVE_DRIFT: _right(
        _(
            "Only security reviewers and submitters of the tenant that keeps the trust config may resolve this."
        ),
        tenant=(_SUBMITTER,),
        platform=(_REVIEWER,),
    ),
    Act.RESOLVE_OLDER_DATABASE: _right(
        _(
            "Only admins of the platform resolve this: the database is older than Google's last write."
        ),
        platform=(_ADMIN,),
    ),
    Act.KEEP_GOLDEN_CLIENTS: _right(
        _("Only submitters of this tenant keep its golden clients."), tenant=(_SUBMITTER,)
    ),
    Act.DECIDE_GOLDEN_REMOVAL: _right(
        _("Only security reviewers of the platform decide that a golden client goes."),
        platform=(_REVIEWER,),
    ),
    Act.BRAKE: _right(
        _("Only admins and reviewers may switch a tenant to mode A."),
        tenant=(_TENANT_ADMIN, _ADMIN, _REVIEWER),
    ),
    Act.PROPOSE_SELF_SERVICE: _right(
        _("Only platform admins may propose mode B."), platform=(_ADMIN,)
    ),
    Act.CONFIRM_SELF_SERVICE: _right(
        _("Only platform admins and security reviewers may confirm this switch."),
        platform=(_ADMIN, _REVIEWER),
    ),
    Act.PROPOSE_POLICY: _right(
        _("Only platform admins may change the platform's policy."), platform=(_ADMIN,)
    ),
    Act.TIGHTEN_POLICY: _right(
        _("Only admins of this tenant or of the platform may change its policy."),
        tenant=(_TENANT_ADMIN,),
    ),
    Act.CONFIRM_POLICY: _right(
        _("Only platform admins and security reviewers may confirm a looser policy."),
        platform=(_ADMIN, _REVIEWER),
    ),
    Act.ADMINISTER: _right(_("Only platform admins may do this."), platform=(_ADMIN,)),
    Act.OPERATE: _right(_("Only admins of the platform operate it."), platform=(_ADMIN,)),
}

# Whom a fresh installation has first; who gives all other grants.
FIRST_ROLE = _ADMIN

# Where a grant of a role may stand. The database holds the same (constraints of ``Grant``).
PLATFORM_WIDE_ONLY = frozenset({_ADMIN})
TENANT_ONLY = frozenset({_TENANT_ADMIN})
