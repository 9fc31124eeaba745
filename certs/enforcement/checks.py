"""Enforcement checks: a worker connects to a load balancer with a client certificate that nobody trusts."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.events import EventType, worker
from certs.models import TrustConfig
from certs.trust_configs.recording import record_registration
from gcp.handshake import ACCEPTED, REFUSED, shake_hands, untrusted_client
from jobs.queue import enqueue
from jobs.worker import name as worker_name

Probe = TrustConfig.Probe
_OUTCOMES = {REFUSED: Probe.REFUSED, ACCEPTED: Probe.ACCEPTED}


def probe_endpoint(*, trust_config_id: str) -> None:
    """Connects as a client that was made this moment and that nobody trusts. It must be refused.

    That says that enforcement holds; of a change it proves nothing.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    endpoint = trust_config.endpoint
    if endpoint not in settings.PROBE_ENDPOINTS:
        return
    ca_file = (
        settings.PROBE_CA_FILE
        if settings.PROBE_CA_FILE and Path(settings.PROBE_CA_FILE).exists()
        else ""
    )
    with untrusted_client() as (certificate, key):
        seen = shake_hands(
            f"https://{endpoint}/",
            certificate_file=certificate,
            key_file=key,
            ca_file=ca_file,
            timeout=settings.RPC_TIMEOUT_SECONDS,
        )
    outcome = _OUTCOMES.get(seen.outcome, Probe.UNREACHABLE)
    with transaction.atomic(durable=True):
        trust_config = (
            TrustConfig.objects.select_for_update(of=("self",))
            .select_related("environment")
            .get(pk=trust_config_id)
        )
        if trust_config.endpoint != endpoint:  # another one was named meanwhile
            return
        before = trust_config.probe
        trust_config.probe, trust_config.probe_detail, trust_config.probed_at = (
            outcome,
            seen.detail[:300],
            seen.at,
        )
        trust_config.save(update_fields=["probe", "probe_detail", "probed_at"])
        if before != outcome:
            details: dict[str, object] = {
                "before": before,
                "after": str(outcome),
                "endpoint": trust_config.endpoint,
                "detail": seen.detail[:300],
            }
            record_registration(
                EventType.ENDPOINT_PROBED,
                trust_config,
                actor=worker(worker_name()),
                details=details,
            )


def probe_endpoints() -> None:
    with transaction.atomic(durable=True):
        for trust_config in TrustConfig.objects.exclude(endpoint="").select_related("environment"):
            enqueue("probe_endpoint", trust_config.pk, queue=trust_config.environment.queue)
