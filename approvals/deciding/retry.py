"""Trying again, after whoever could has mended what Google or the vault refused."""

from django.db import transaction

from approvals import locks, policy
from approvals.audit_events import record_trust_config
from approvals.states import State
from approvals.steps import transitions
from approvals.steps.cases import release_checks, resume
from audit.events import Actor, EventType
from certs.models import TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.anew import try_anew
from tenants.errors import NotAllowed, UnknownObject
from tenants.models import Tenant


def retry(*, actor: Actor, tenant_id: int, number: int) -> None:
    """Lets a held change be checked or take part in the next write, and the worker try again where Google refused it.

    :raises NotAllowed: when nothing holds it, or for people without a part in it.
    :raises WrongState: when it waits for people, or is over.
    """
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        locks.require_open(change, State.SUBMITTED, State.APPROVED)
        if not (verdict := policy.may_retry(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        if change.held_code and change.state == State.APPROVED:
            transitions.release(change, actor=actor)
        _resume(change.trust_config, actor)


def retry_trust_config(*, actor: Actor, tenant_id: int, trust_config_id: str) -> None:
    """Lets the worker try again where Google refused it.

    :raises NotAllowed: when nothing is refused, or for people without a part in it.
    :raises UnknownObject: when the trust config does not serve the tenant.
    """
    with transaction.atomic(durable=True):
        if not TrustConfig.objects.for_tenant(tenant_id).filter(pk=trust_config_id).exists():
            raise UnknownObject
        trust_config = locks.lock_trust_config(trust_config_id)
        if not (
            verdict := policy.may_retry_trust_config(
                actor.user_id, Tenant.objects.get(pk=tenant_id), trust_config
            )
        ):
            raise NotAllowed(verdict.reason)
        _resume(trust_config, actor)


def _resume(trust_config: TrustConfig, actor: Actor) -> None:
    release_checks(trust_config, actor=actor)
    if trust_config.blocked_at is None:
        return
    code = trust_config.waiting_code
    if trust_config.state == TrustConfig.State.UNREADABLE:
        try_anew(trust_config)
    else:
        publications.unblock(trust_config)
        resume(trust_config)
    record_trust_config(
        EventType.PUBLISHING_RESUMED, trust_config, actor=actor, details={"code": code}
    )
