"""Switching a tenant: B→A at once as a brake, A→B (with its limits) by a platform admin and a second person."""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from approvals import acts, policy
from approvals.causes import cause
from approvals.checks import renew_digest
from approvals.errors import BadChange
from approvals.flows.following import withdraw_followers
from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from certs.models import Role
from jobs import clock
from tenants.errors import NotAllowed, NotPossible, UnknownObject
from tenants.models import Mode, ModeSwitch, Tenant


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
        switch = ModeSwitch(tenant=tenant, to_mode=Mode.PLATFORM_MANAGED, state=ModeSwitch.State.DONE, reason=reason.strip())
        switch.proposed_by_id = switch.decided_by_id = actor.user_id
        switch.decided_at = at
        switch.save()
        ModeSwitch.objects.filter(tenant=tenant, state=ModeSwitch.State.PROPOSED).update(state=ModeSwitch.State.DECLINED, decided_at=at)
        _set_mode(tenant, Mode.PLATFORM_MANAGED, actor=actor, reason=reason)
        theirs = ChangeRequest.objects.for_tenant(tenant_id).open().filter(mode=Mode.SELF_SERVICE).order_by("trust_config_id", "pk")
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
            tenant=tenant, to_mode=Mode.SELF_SERVICE, reason=reason.strip(), proposed_by_id=actor.user_id, limits=_as_json(limits)
        )
        details: dict[str, object] = {"limits": _as_json(limits), "switch": switch.pk}
        _record(EventType.MODE_SWITCH_PROPOSED, tenant, actor=actor, before=tenant.mode, after=Mode.SELF_SERVICE, reason=reason, details=details)


def decide(*, actor: Actor, tenant_id: int, switch_id: int, is_confirmed: bool) -> None:
    """The second person's word on a proposed switch. Changes under way stay in mode A.

    :raises UnknownObject: when no such proposal waits.
    :raises NotAllowed: for the proposer, and for people without that right.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        switch = ModeSwitch.objects.filter(pk=switch_id, tenant=tenant, state=ModeSwitch.State.PROPOSED).select_related("proposed_by").first()
        if switch is None:
            raise UnknownObject
        if not (verdict := policy.may_decide_self_service(actor.user_id, switch.proposed_by)):
            raise NotAllowed(verdict.reason)
        switch.state = ModeSwitch.State.DONE if is_confirmed else ModeSwitch.State.DECLINED
        switch.decided_by_id, switch.decided_at = actor.user_id, at
        switch.save()
        if not is_confirmed:
            _record(EventType.MODE_SWITCH_DECLINED, tenant, actor=actor, before=tenant.mode, after=tenant.mode, reason=switch.reason)
            return
        limits = switch.limits
        tenant.self_service_roles, tenant.self_service_item_count = limits["roles"], limits["item_count"]
        tenant.self_service_in_production, tenant.self_service_with_warnings = limits["in_production"], limits["with_warnings"]
        _set_mode(tenant, Mode.SELF_SERVICE, actor=actor, reason=switch.reason, details={"limits": limits, "proposed_by": str(switch.proposed_by_id)})


def _lock(tenant_id: int, reason: str) -> Tenant:
    if not reason.strip():
        raise BadChange(_("Say why the mode is switched. Auditors will read it."))
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def _back_to_voters(tenant_id: int, number: int, *, actor: Actor) -> None:
    """In mode A the policy's vote counts no more. A write under way is left to end; if it is voided, the next check sends it back."""
    change = acts.lock_change(tenant_id, number)
    if not change.is_open:  # it followed one that went back a moment ago
        return
    change.mode = Mode.PLATFORM_MANAGED
    change.causes = [cause("returned-mode")]
    if change.state == State.APPROVED and not acts.is_in_unresolved_publication(change):
        causes = [cause("returned-mode")]
        at = clock.now()
        change.mark_returned(at=at, causes=causes)
        withdraw_followers(change, cause("follower-returned", number=number), actor=actor, at=at)
        renew_digest(change)
        record_change(EventType.CHANGE_RETURNED, change, actor=actor, before=State.APPROVED, after=change.state, details={"causes": list(causes)})
    change.save()


def _set_mode(tenant: Tenant, mode: Mode, *, actor: Actor, reason: str, details: dict[str, object] | None = None) -> None:
    before = tenant.mode
    tenant.mode, tenant.mode_since = mode, clock.now()
    tenant.policy_version += 1
    tenant.save()
    _record(EventType.MODE_SWITCHED, tenant, actor=actor, before=before, after=mode, reason=reason, details=details)


def _record(event: EventType, tenant: Tenant, *, actor: Actor, before: str, after: str, reason: str, details: dict[str, object] | None = None) -> None:
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
