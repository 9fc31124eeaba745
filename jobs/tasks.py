"""The one Celery task: claim the job that was rung for, call its handler, say how it ended. Without a number: sweep."""

import time
from datetime import timedelta

import structlog
from celery import shared_task
from django.db import transaction

from gcp.errors import CloudError
from jobs import claims, heartbeat, queue, registry, request_ids
from jobs.models import JobState
from pki.errors import PkiError

logger = structlog.get_logger(__name__)


@shared_task(name="jobs.ring")
def ring(job_id: int | None) -> None:
    if job_id is None:
        if queue.is_time_to_sweep():
            sweep()
    else:
        run(job_id)


def run(job_id: int) -> bool:
    """Runs one job if it is due and free. Nothing is held open while the handler runs. True when it was run."""
    claim = claims.claim(job_id)
    if claim is None:
        return False
    began = time.monotonic()
    with request_ids.during(claim.request_id):
        outcome = _handle(claim)
        logger.info(
            "job_ended",
            job=claim.job_id,
            kind=claim.kind,
            subject=claim.subject_id,
            attempt=claim.attempt_count,
            seconds=round(time.monotonic() - began, 3),
            outcome=outcome,
        )
    return True


def _handle(claim: claims.Claim) -> str:
    """Runs the handler and says how it ended: done, waits (it is tried again), or failed by an error nobody foresaw."""
    try:
        with heartbeat.held(claim):
            registry.handler_of(claim.kind)(claim.subject_id)
    except (registry.TryLater, CloudError, PkiError) as error:
        queue.ring(claim.job_id, claim.queue, claims.postpone(claim, str(error)))
        return "waits"
    except Exception as error:  # whatever it was: the log keeps what went wrong
        logger.exception("job_failed", job=claim.job_id, kind=claim.kind)
        # Its words may be of our own machines; the row keeps its name.
        queue.ring(claim.job_id, claim.queue, claims.postpone(claim, type(error).__name__))
        return "failed"
    claims.finish(claim)
    return "done"


def sweep() -> None:
    """Rings again for whatever a lost message, a killed worker or an emptied broker left behind."""
    for kind, every in registry.periodic_kinds().items():
        if queue.is_time_for(kind, every):
            with transaction.atomic(durable=True):
                queue.enqueue(kind, queue.PERIODIC_SUBJECT)
    with transaction.atomic(durable=True):
        waiting = queue.jobs_to_ring()
    for job_id, queue_name in waiting:
        queue.ring(job_id, queue_name)


@registry.handles("forget_jobs", every=timedelta(hours=1))
def forget_jobs(_subject_id: str) -> None:
    """Jobs that are done say nothing after a week, those that were given up nothing after a quarter."""
    queue.forget_ended(JobState.DONE, older_than=timedelta(days=7))
    queue.forget_ended(JobState.FAILED, older_than=timedelta(days=90))
    heartbeat.forget_old(older_than=timedelta(days=90))
