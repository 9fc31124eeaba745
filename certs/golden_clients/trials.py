"""A worker's trial of golden clients against what is live."""

from django.db import transaction

from certs.golden_clients.standing import note_tried, try_all
from certs.models import TrustConfig
from certs.trust_configs.publishing import read_live
from jobs import clock
from jobs.queue import enqueue
from pki.plan import revision_digest


def try_clients(*, trust_config_id: str) -> None:
    """A worker's look: every golden client of the trust config against what is live.

    :raises gcp.errors.CloudError: when live cannot be read, or Cloud KMS does not answer; the job tries again.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    live = read_live(trust_config)
    at = clock.now()
    tried = try_all(trust_config, live.pems, at=at)
    with transaction.atomic(durable=True):
        note_tried(tried, digest=revision_digest(live.entries), at=at)


def ask_for_trial(trust_config: TrustConfig) -> None:
    """In the transaction in which another set became live: the answers for the old one say nothing of it."""
    if trust_config.golden_clients.exists():
        enqueue("try_golden_clients", trust_config.pk, queue=trust_config.environment.queue)


def try_everywhere() -> None:
    """Asks for another try of every trust config that has golden clients: their answer changes with the date."""
    with transaction.atomic(durable=True):
        for trust_config in (
            TrustConfig.objects.filter(golden_clients__isnull=False)
            .distinct()
            .select_related("environment")
        ):
            enqueue("try_golden_clients", trust_config.pk, queue=trust_config.environment.queue)
