"""What workers see of live without being asked: a sweep of each location, and a second look at what has drifted."""

from django.db import transaction

from approvals import locks
from approvals.audit_events import record_drift, record_trust_config
from approvals.steps.cases import end_by_itself, keep_observation
from audit.events import Actor, EventType, worker
from certs.hindrance import Hindrance
from certs.models import Publication, TrustConfig
from certs.trust_configs import publications, publishing
from certs.trust_configs.drift import Reading, note_live, open_case
from certs.trust_configs.live import Live, is_as_observed
from gcp.errors import CloudDenied, CloudMissing, CloudRejected
from jobs.queue import enqueue
from jobs.worker import name as worker_name
from pki.errors import PkiError
from tenants.models import Environment


def sweep_everywhere() -> None:
    """Asks each environment's workers for a sweep, also where nothing is registered yet: a project's room is counted by it."""
    with transaction.atomic(durable=True):
        for environment in Environment.objects.all():
            enqueue("sweep_location", environment.pk, queue=environment.queue)


def sweep(*, environment_id: int) -> None:
    """One List of the environment's location; each trust config in it is held against what was last observed.

    A final refusal is noted for the pages; the next sweep tries again.

    :raises gcp.errors.CloudError: when the location cannot be listed for now.
    """
    environment = Environment.objects.get(pk=environment_id)
    known = list(
        TrustConfig.objects.filter(
            environment=environment, state__in=[TrustConfig.State.READY, TrustConfig.State.DRIFTED]
        )
    )
    try:
        found = publishing.read_location(environment)
    except (CloudDenied, CloudMissing, CloudRejected) as error:
        publishing.note_no_sweep(environment, error)
        return
    actor = worker(worker_name())
    for trust_config in known:
        message = found.get(trust_config.resource_name)
        try:
            live = publishing.as_live(trust_config, message) if message else None
        except PkiError as error:
            why = Hindrance(error.code, "an entry that is live cannot be read")
            _block(trust_config, why, actor=actor)
            continue
        if live is None:
            words = f"{trust_config.resource_name} is not there"
            why = Hindrance(CloudMissing.code, words, rpc="ListTrustConfigs")
            _block(trust_config, why, actor=actor)
        else:
            _hold_against(str(trust_config.pk), live, rpc="ListTrustConfigs", actor=actor)


def look(*, trust_config_id: str) -> None:
    """Reads a drifted trust config anew. When live is as last observed again, publishing goes on by itself.

    :raises gcp.errors.CloudError: when live cannot be read.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    if trust_config.state == TrustConfig.State.DRIFTED:
        _hold_against(
            trust_config_id,
            publishing.read_live(trust_config),
            rpc="GetTrustConfig",
            actor=worker(worker_name()),
        )


def _hold_against(trust_config_id: str, live: Live, *, rpc: str, actor: Actor) -> None:
    seen_by = f"{rpc}, {actor.id}"
    with transaction.atomic(durable=True):
        trust_config = locks.lock_trust_config(trust_config_id)
        if trust_config.state == TrustConfig.State.READY:
            if note_live(trust_config, live, seen_by=seen_by) is Reading.DRIFT:
                record_drift(trust_config, actor=actor)
            return
        case = open_case(trust_config)
        # While a write of ours is not resolved, the writer itself says what its reads tell of the case.
        if (
            case is None
            or trust_config.observed_at != live.basis
            or Publication.objects.unresolved(trust_config.pk).exists()
        ):
            return
        if not is_as_observed(trust_config, live):
            keep_observation(trust_config, live, seen_by=seen_by, actor=actor)
            return
        end_by_itself(trust_config, at=live.at, actor=actor)


def _block(trust_config: TrustConfig, why: Hindrance, *, actor: Actor) -> None:
    """What the sweep could not find or read stops publishing, once."""
    with transaction.atomic(durable=True):
        locked = locks.lock_trust_config(trust_config.pk)
        if locked.blocked_at is not None or locked.observed_at != trust_config.observed_at:
            return
        publications.block_without_lease(locked, why)
        record_trust_config(
            EventType.PUBLISHING_BLOCKED,
            locked,
            actor=actor,
            result="failed",
            reason=str(why),
            details={"code": why.code},
        )
