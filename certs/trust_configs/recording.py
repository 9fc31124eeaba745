"""How a trust config looks in the audit: one event for each tenant that it serves."""

from audit.events import Actor, EventType, Scope, Subject
from audit.log import Json
from audit.recorder import record
from certs.models import TrustConfig


def record_registration(
    event: EventType, trust_config: TrustConfig, *, actor: Actor, details: Json, result: str = "ok"
) -> None:
    for tenant_id in trust_config.tenants.values_list("pk", flat=True):
        record(
            event,
            actor=actor,
            subject=Subject("trust_config", str(trust_config.pk), label=trust_config.name),
            scope=Scope(
                tenant_id=tenant_id,
                environment=trust_config.environment.slug,
                trust_config_id=str(trust_config.pk),
            ),
            after=trust_config.state,
            result=result,
            details=details,
        )
