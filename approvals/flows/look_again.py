"""A worker's second look at a trust config that was changed outside the portal: the drift is kept current, or is over."""

from django.db import transaction

from approvals import acts
from approvals.flows.resuming import resume
from approvals.flows.witness import record_drift, record_trust_config
from audit.events import EventType, worker
from certs.drift import drift_entries, look_again
from certs.models import TrustConfig
from certs.publishing import read_live
from jobs.worker import name as worker_name


def look(*, trust_config_id: str) -> None:
    """Reads a drifted trust config anew. When live is as last observed again, publishing goes on by itself.

    :raises gcp.errors.CloudError: when live cannot be read.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    if trust_config.state != TrustConfig.State.DRIFTED:
        return
    live = read_live(trust_config)
    actor = worker(worker_name())
    with transaction.atomic(durable=True):
        trust_config = acts.lock_trust_config(trust_config_id)
        if trust_config.state != TrustConfig.State.DRIFTED or trust_config.observed_at != live.basis:
            return
        before = (drift_entries(trust_config), trust_config.drift.get("label"))
        if not look_again(trust_config, live):
            if before != (live.entries, live.label):
                record_drift(trust_config, actor=actor)
            return
        record_trust_config(EventType.DRIFT_ENDED, trust_config, actor=actor)
        resume(trust_config)
