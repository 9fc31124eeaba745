"""Switching a tenant: B→A at once as a brake, A→B (with its limits) by a platform admin and a second person."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

import rfc8785
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import locks, policy
from approvals.causes import cause
from approvals.errors import BadChange
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import transitions
from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from certs.models import Role
from jobs import clock
from tenants.errors import NotAllowed, NotPossible, StaleDecision, UnknownObject
from tenants.locks import lock_tenant
from tenants.models import Mode, ModeSwitch, Tenant
from tenants.policies import in_force


@dataclass(frozen=True)
class Limits:
    """What mode B may do by itself; the defaults of a tenant that never had another."""

    roles: tuple[str, ...] = (Role.ALLOWLISTED.value,)
    item_count: int = 10
    in_production: bool = False
    with_warnings: bool = False


def brake(*, actor: Actor, tenant_id: int, reason: str) -> None:
    """Puts a tenant into mode A at once; every change of mode B that is not being written goes back to its voters.

    :raises NotAllowed: for people without that right, and in mode A.
    :raises BadChange: without a reason.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant = _lock(tenant_id, reason)
        if not (verdict := policy.may_brake(actor.user_id, tenant)):
            raise NotAllowed(verdict.reason)
        switch = ModeSwitch(
            tenant=tenant,
            to_mode=Mode.PLATFORM_MANAGED,
            state=ModeSwitch.State.DONE,
            reason=reason.strip(),
        )
        switch.proposed_by_id = switch.decided_by_id = actor.user_id
        switch.decided_at = at
        switch.save()
        ModeSwitch.objects.filter(tenant=tenant, state=ModeSwitch.State.PROPOSED).update(
            state=ModeSwitch.State.DECLINED, decided_at=at
        )
        _set_mode(tenant, Mode.PLATFORM_MANAGED, actor=actor, reason=reason)
        theirs = (
            ChangeRequest.objects.for_tenant(tenant_id)
            .open()
            .filter(mode=Mode.SELF_SERVICE)
            .order_by("trust_config_id", "pk")
        )
        for number in list(theirs.values_list("number", flat=True)):
            _back_to_voters(tenant_id, number, actor=actor)


def propose(*, actor: Actor, tenant_id: int, reason: str, limits: Limits) -> None:
    """Proposes mode B with these limits; nothing changes until a second person confirms.

    :raises NotAllowed: for everybody but platform admins.
    :raises NotPossible: while another proposal waits.
    :raises BadChange: without a reason, or with limits that make no sense.
    """
    if limits.item_count < 1 or not limits.roles or not set(limits.roles) <= set(Role.values):
        raise BadChange(_("Mode B needs at least one role and at least one item."))
    with transaction.atomic(durable=True):
        tenant = _lock(tenant_id, reason)
        if not (verdict := policy.may_propose_self_service(actor.user_id)):
            raise NotAllowed(verdict.reason)
        if tenant.mode_switches.filter(state=ModeSwitch.State.PROPOSED).exists():
            raise NotPossible(_("A switch to mode B waits for a second person already."))
        switch = ModeSwitch.objects.create(
            tenant=tenant,
            to_mode=Mode.SELF_SERVICE,
            reason=reason.strip(),
            proposed_by_id=actor.user_id,
            limits=_as_json(limits),
        )
        details: dict[str, object] = {"limits": _as_json(limits), "switch": switch.pk}
        _record(
            EventType.MODE_SWITCH_PROPOSED,
            tenant,
            actor=actor,
            before=tenant.mode,
            after=Mode.SELF_SERVICE,
            reason=reason,
            details=details,
        )


def shown_digest(switch: ModeSwitch, at: datetime) -> str:
    """SHA-256 over what the page of a proposal shows: the limits now and then, and the ceiling."""
    tenant = switch.tenant
    shown = {
        "switch": switch.pk,
        "reason": switch.reason,
        "limits": switch.limits,
        "mode": tenant.mode,
        "limits_now": _as_json(_limits_of(tenant)),
        "ceiling": _as_json(Limits(**asdict(in_force(tenant.pk, at).self_service))),
    }
    return hashlib.sha256(rfc8785.dumps(shown)).hexdigest()


def decide(
    *, actor: Actor, tenant_id: int, switch_id: int, digest: str, is_confirmed: bool
) -> None:
    """The second person's word on a proposed switch. Changes under way stay in mode A.

    ``digest`` is the :func:`shown_digest` of the page on which it was decided.

    :raises UnknownObject: when no such proposal waits.
    :raises NotAllowed: for the proposer, and for people without that right.
    :raises StaleDecision: when confirming would do something else than the page showed.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        waiting = ModeSwitch.objects.filter(tenant=tenant, state=ModeSwitch.State.PROPOSED)
        switch = waiting.filter(pk=switch_id).select_related("proposed_by", "tenant").first()
        if switch is None:
            raise UnknownObject
        if not (verdict := policy.may_decide_self_service(actor.user_id, switch.proposed_by)):
            raise NotAllowed(verdict.reason)
        if digest != shown_digest(switch, at):
            raise StaleDecision
        switch.state = ModeSwitch.State.DONE if is_confirmed else ModeSwitch.State.DECLINED
        switch.decided_by_id, switch.decided_at = actor.user_id, at
        switch.save()
        if not is_confirmed:
            _record(
                EventType.MODE_SWITCH_DECLINED,
                tenant,
                actor=actor,
                before=tenant.mode,
                after=tenant.mode,
                reason=switch.reason,
            )
            return
        limits = switch.limits
        tenant.self_service_roles = limits["roles"]
        tenant.self_service_item_count = limits["item_count"]
        tenant.self_service_in_production = limits["in_production"]
        tenant.self_service_with_warnings = limits["with_warnings"]
        _set_mode(
            tenant,
            Mode.SELF_SERVICE,
            actor=actor,
            reason=switch.reason,
            details={"limits": limits, "proposed_by": str(switch.proposed_by_id)},
        )


def _limits_of(tenant: Tenant) -> Limits:
    return Limits(
        tuple(tenant.self_service_roles),
        tenant.self_service_item_count,
        tenant.self_service_in_production,
        tenant.self_service_with_warnings,
    )


def _lock(tenant_id: int, reason: str) -> Tenant:
    if not reason.strip():
        raise BadChange(_("Say why the mode is switched. Auditors will read it."))
    return lock_tenant(tenant_id)


def _back_to_voters(tenant_id: int, number: int, *, actor: Actor) -> None:
    """In mode A the policy's vote counts no more. A write under way is left to end; if it is voided, the next check sends it back."""
    change = locks.lock_change(tenant_id, number)
    if not change.is_open:  # it followed one that went back a moment ago
        return
    change.mode = Mode.PLATFORM_MANAGED
    why = cause("returned-mode")
    if change.state == State.APPROVED and not locks.is_in_unresolved_publication(change):
        transitions.return_to_voters(change, [why], actor=actor, at=clock.now())
        return
    change.causes = [why]
    change.save()


def _set_mode(
    tenant: Tenant,
    mode: Mode,
    *,
    actor: Actor,
    reason: str,
    details: dict[str, object] | None = None,
) -> None:
    before = tenant.mode
    tenant.mode, tenant.mode_since = mode, clock.now()
    tenant.policy_version += 1
    tenant.save()
    _record(
        EventType.MODE_SWITCHED,
        tenant,
        actor=actor,
        before=before,
        after=mode,
        reason=reason,
        details=details,
    )


def _record(
    event: EventType,
    tenant: Tenant,
    *,
    actor: Actor,
    before: str,
    after: str,
    reason: str,
    details: dict[str, object] | None = None,
) -> None:
    record(
        event,
        actor=actor,
        subject=Subject("tenant", str(tenant.pk), label=tenant.slug),
        scope=Scope(tenant_id=tenant.pk),
        before=before,
        after=after,
        reason=reason.strip(),
        details={"policy_version": tenant.policy_version, **(details or {})},
    )


def _as_json(limits: Limits) -> dict[str, object]:
    return {**asdict(limits), "roles": list(limits.roles)}
