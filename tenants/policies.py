"""Which policies are in force: the platform's floor and the tenant's tightening, both held against every change."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pki.policy import Policy, SelfService, loosened
from tenants.access import Verdict, may
from tenants.models import PolicyVersion, Tenant
from tenants.rights import Act


@dataclass(frozen=True)
class InForce:
    """``label`` names the versions, as decisions keep them; it is empty where nobody has written a policy yet."""

    floor: PolicyVersion | None
    own: PolicyVersion | None

    @property
    def label(self) -> str:
        return " ".join(str(version) for version in (self.floor, self.own) if version)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All that hold. Without a floor the defaults of :class:`pki.policy.Policy` are one: no public CAs."""
        floor = self.floor.policy if self.floor else Policy()
        return (floor, self.own.policy) if self.own else (floor,)

    @property
    def self_service(self) -> SelfService:
        """The most that mode B may do under all of them."""
        limits = [policy.self_service for policy in self.policies]
        return SelfService(
            roles=tuple(
                role for role in limits[0].roles if all(role in limit.roles for limit in limits)
            ),
            item_count=min(limit.item_count for limit in limits),
            in_production=all(limit.in_production for limit in limits),
            with_warnings=all(limit.with_warnings for limit in limits),
        )


def version_in_force(tenant_id: int | None, at: datetime) -> PolicyVersion | None:
    """The version of the platform (without a tenant) or of a tenant that holds at an instant."""
    of_whom = Q(tenant_id=tenant_id) if tenant_id else Q(tenant=None)
    decided = PolicyVersion.objects.filter(
        of_whom, state=PolicyVersion.State.DECIDED, effective_from__lte=at
    )
    return decided.select_related("tenant").order_by("-effective_from", "-number").first()


def in_force(tenant_id: int, at: datetime) -> InForce:
    return InForce(version_in_force(None, at), version_in_force(tenant_id, at))


@dataclass(frozen=True)
class Loosening:
    """What confirming a version would loosen, as of now: what the page shows and the second person
    decides on.

    ``digest`` is SHA-256 over all of it (RFC 8785).
    """

    version: PolicyVersion
    before: PolicyVersion | None
    lines: list[str]

    @property
    def digest(self) -> str:
        shown = {
            "version": str(self.version),
            "document": self.version.document,
            "reason": self.version.reason,
            "effective_from": self.version.effective_from.isoformat(),
            "before": str(self.before or ""),
            "loosens": self.lines,
        }
        return hashlib.sha256(rfc8785.dumps(shown)).hexdigest()


def loosening_of(version: PolicyVersion, at: datetime) -> Loosening:
    """Held against what will be in force when the version begins, and not what was when it was proposed."""
    before = version_in_force(version.tenant_id, max(version.effective_from, at))
    lines = loosened(before.policy if before else Policy(), version.policy)
    return Loosening(version, before, lines)


def may_propose(user_id: int, tenant: Tenant | None, *, is_loosening: bool) -> Verdict:
    """A tenant's admins may tighten their own policy; everything else is the platform's."""
    of_platform = may(user_id, Act.PROPOSE_POLICY)
    if of_platform or tenant is None:
        return of_platform
    of_tenant = may(user_id, Act.TIGHTEN_POLICY, tenant=tenant)
    if of_tenant and is_loosening:
        return Verdict(
            is_allowed=False,
            reason=_(
                "A tenant may only tighten its policy. Ask a platform admin to loosen it; a second person must confirm that."
            ),
        )
    return of_tenant


def may_decide(user_id: int, version: PolicyVersion) -> Verdict:
    """The second person of a loosening: another platform admin, or a security reviewer of the platform."""
    if user_id == version.proposed_by_id:
        return Verdict(
            is_allowed=False,
            reason=_("You proposed this policy, so somebody else must confirm it."),
        )
    return may(user_id, Act.CONFIRM_POLICY)
