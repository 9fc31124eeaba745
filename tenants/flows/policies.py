"""New versions of a policy: what tightens holds at once or from its date, what loosens waits for a second person."""

import hashlib
from datetime import datetime

import rfc8785
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from jobs import clock
from pki.policy import Policy, loosened
from tenants import policies
from tenants.errors import BadValue, NotAllowed, NotPossible, StaleDecision, UnknownObject
from tenants.locks import lock_tenant
from tenants.models import PolicyVersion, Tenant
from web.texts import listed


def propose(
    *,
    actor: Actor,
    tenant_id: int | None,
    policy: Policy,
    effective_from: datetime | None,
    reason: str,
) -> int:
    """Writes a new version for a tenant or, without one, for the platform; returns its primary key.

    :raises BadValue: without a reason, or when it says what is in force already.
    :raises NotAllowed: for people without that right; for a tenant's admin also when it loosens anything.
    :raises NotPossible: while another version waits for a second person.
    """
    if not reason.strip():
        raise BadValue(_("Say why the policy is changed. Auditors will read it."))
    now = clock.now()
    begins = max(effective_from or now, now)
    with transaction.atomic(durable=True):
        tenant = _lock(tenant_id)
        before = policies.version_in_force(tenant_id, begins)
        lines = loosened(before.policy if before else Policy(), policy)
        if before and before.policy == policy:
            raise BadValue(_("This is what the policy says already."))
        if not (verdict := policies.may_propose(actor.user_id, tenant, is_loosening=bool(lines))):
            raise NotAllowed(verdict.reason)
        own = PolicyVersion.objects.filter(Q(tenant_id=tenant_id) if tenant_id else Q(tenant=None))
        if own.filter(state=PolicyVersion.State.PROPOSED).exists():
            raise NotPossible(
                _("Another version of this policy waits for a second person already.")
            )
        _refuse_to_be_undone(own, policy, begins)
        version = PolicyVersion(
            tenant=tenant,
            number=(own.aggregate(top=Max("number"))["top"] or 0) + 1,
            document=policy.to_json(),
        )
        version.loosened, version.is_loosening, version.effective_from, version.reason = (
            lines,
            bool(lines),
            begins,
            reason.strip(),
        )
        version.proposed_by_id = actor.user_id
        version.state = PolicyVersion.State.PROPOSED
        if not lines:
            version.state, version.decided_at = PolicyVersion.State.DECIDED, now
        version.save()
        _record(
            EventType.POLICY_PROPOSED if lines else EventType.POLICY_DECIDED,
            version,
            actor=actor,
            before=before,
        )
    return version.pk


def decide(*, actor: Actor, version_id: int, digest: str, is_confirmed: bool) -> PolicyVersion:
    """The second person's word on a version that loosens something.

    ``digest`` is that of the :class:`~tenants.policies.Loosening` that the page showed.

    :raises UnknownObject: when no such version waits.
    :raises NotAllowed: for the proposer, and for people without that right.
    :raises StaleDecision: when confirming would do something else than the page showed.
    """
    with transaction.atomic(durable=True):
        waiting = PolicyVersion.objects.select_for_update(of=("self",)).select_related("tenant")
        version = waiting.filter(pk=version_id, state=PolicyVersion.State.PROPOSED).first()
        if version is None:
            raise UnknownObject
        if not (verdict := policies.may_decide(actor.user_id, version)):
            raise NotAllowed(verdict.reason)
        now = clock.now()
        shown = policies.loosening_of(version, now)
        if digest != shown.digest:
            raise StaleDecision
        if is_confirmed:
            own = PolicyVersion.objects.filter(
                Q(tenant_id=version.tenant_id) if version.tenant_id else Q(tenant=None)
            )
            _refuse_to_be_undone(own, version.policy, max(version.effective_from, now))
        version.state = (
            PolicyVersion.State.DECIDED if is_confirmed else PolicyVersion.State.DECLINED
        )
        version.decided_by_id, version.decided_at = actor.user_id, now
        version.effective_from = max(version.effective_from, now)
        version.loosened = shown.lines
        version.save()
        event = EventType.POLICY_DECIDED if is_confirmed else EventType.POLICY_DECLINED
        _record(event, version, actor=actor, before=shown.before)
    return version


def _refuse_to_be_undone(own: QuerySet[PolicyVersion], policy: Policy, begins: datetime) -> None:
    """:raises NotPossible: when a version that is to follow would let pass again what this one stops, without a second person."""
    for later in own.filter(state=PolicyVersion.State.DECIDED, effective_from__gt=begins):
        if policies.version_in_force(later.tenant_id, later.effective_from) == later and (
            lines := loosened(policy, later.policy)
        ):
            raise NotPossible(
                _(
                    "Version %(version)s, in force from %(date)s, would loosen this again: %(lines)s. Record its successor from that date first."
                )
                % {
                    "version": later,
                    "date": f"{later.effective_from:%Y-%m-%d}",
                    "lines": listed(lines),
                }
            )


def _lock(tenant_id: int | None) -> Tenant | None:
    """One new version at a time: a tenant's under its row, the platform's under the first tenant's.

    :raises UnknownObject: when there is no such tenant.
    """
    if tenant_id is not None:
        return lock_tenant(tenant_id)
    if first := Tenant.objects.order_by("pk").first():
        lock_tenant(first.pk)
    return None


def _record(
    event: EventType, version: PolicyVersion, *, actor: Actor, before: PolicyVersion | None
) -> None:
    details: dict[str, object] = {
        "document_sha256": hashlib.sha256(rfc8785.dumps(version.document)).hexdigest(),
        "changed": _changed(before.document if before else Policy().to_json(), version.document),
        "loosened": version.loosened,
        "effective_from": version.effective_from.isoformat(),
    }
    record(
        event,
        actor=actor,
        subject=Subject("policy", str(version.pk), label=str(version)),
        scope=Scope(tenant_id=version.tenant_id),
        before=str(before or ""),
        after=str(version),
        reason=version.reason,
        details=details,
    )


def _changed(before: dict[str, object], after: dict[str, object]) -> list[object]:
    return [line for line in after if before.get(line) != after[line]]
