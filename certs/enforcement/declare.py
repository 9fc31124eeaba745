"""What stands behind a trust config, as platform admins know it: how load balancers enforce it, and which endpoint a worker checks."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType
from certs.models import TrustConfig
from certs.trust_configs.recording import record_registration
from jobs import clock
from jobs.queue import enqueue
from tenants.access import require
from tenants.errors import BadValue, UnknownObject
from tenants.rights import Act

Probe = TrustConfig.Probe


def declare_enforcement(
    *, actor: Actor, tenant_id: int, trust_config_id: str, enforcement: str, policy_name: str
) -> None:
    """Records what a platform admin knows of the ServerTlsPolicy that uses the trust config, with the date.

    :raises NotAllowed: for everybody but platform admins.
    :raises BadValue: for an unknown mode, or one that is declared without the policy's name.
    :raises UnknownObject: when the trust config does not serve the tenant.
    """
    name = policy_name.strip()
    if enforcement not in TrustConfig.Enforcement.values or (
        enforcement != TrustConfig.Enforcement.UNKNOWN and not name
    ):
        raise BadValue(_("Choose the mode, and name the ServerTlsPolicy that has it."))
    with transaction.atomic(durable=True):
        trust_config = _lock(actor, tenant_id, trust_config_id)
        before = trust_config.enforcement
        trust_config.enforcement, trust_config.enforcement_policy = enforcement, name[:200]
        trust_config.enforcement_by_id, trust_config.enforcement_at = actor.user_id, clock.now()
        trust_config.save(
            update_fields=["enforcement", "enforcement_policy", "enforcement_by", "enforcement_at"]
        )
        details: dict[str, object] = {"before": before, "after": enforcement, "policy": name[:200]}
        record_registration(
            EventType.ENFORCEMENT_DECLARED, trust_config, actor=actor, details=details
        )


def name_endpoint(*, actor: Actor, tenant_id: int, trust_config_id: str, endpoint: str) -> None:
    """Names the load balancer at which a worker checks that untrusted clients are refused; empty takes it away.

    :raises NotAllowed: for everybody but platform admins.
    :raises BadValue: for an endpoint that the platform does not allow (PROBE_ENDPOINTS).
    :raises UnknownObject: when the trust config does not serve the tenant.
    """
    if endpoint and endpoint not in settings.PROBE_ENDPOINTS:
        raise BadValue(
            _(
                "The platform does not allow this endpoint. It must be one of those in PROBE_ENDPOINTS."
            )
        )
    with transaction.atomic(durable=True):
        trust_config = _lock(actor, tenant_id, trust_config_id)
        before = trust_config.endpoint
        (
            trust_config.endpoint,
            trust_config.probe,
            trust_config.probe_detail,
            trust_config.probed_at,
        ) = endpoint, Probe.UNKNOWN, "", None
        trust_config.save(update_fields=["endpoint", "probe", "probe_detail", "probed_at"])
        record_registration(
            EventType.ENDPOINT_NAMED,
            trust_config,
            actor=actor,
            details={"before": before, "after": endpoint},
        )
        if endpoint:
            enqueue("probe_endpoint", trust_config.pk, queue=trust_config.environment.queue)


def _lock(actor: Actor, tenant_id: int, trust_config_id: str) -> TrustConfig:
    require(actor.user_id, Act.ADMINISTER)
    rows = TrustConfig.objects.for_tenant(tenant_id).select_for_update(of=("self",))
    trust_config = rows.filter(pk=trust_config_id).first()
    if trust_config is None:
        raise UnknownObject
    return trust_config
