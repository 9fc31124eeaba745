"""Claiming a job for one worker, by a conditional update and database time, and saying how it ended."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Left, Now

from jobs import worker
from jobs.models import Job, JobState

MAXIMAL_ATTEMPTS = 50
# How long the sweep leaves a job alone that was just rung for.
FIRST_PAUSE = timedelta(seconds=5)


@dataclass(frozen=True)
class Claim:
    job_id: int
    kind: str
    subject_id: str
    queue: str
    attempt_count: int
    token: str
    request_id: str = ""


def claim(job_id: int) -> Claim | None:
    """Takes the job if it is due and free (or its last worker's lease has run out); None when another was faster.

    One whose worker did not come back MAXIMAL_ATTEMPTS times has failed.
    """
    token = secrets.token_hex(16)
    is_free = Q(state=JobState.WAITING, due_at__lte=Now()) | Q(
        state=JobState.RUNNING, lease_until__lt=Now()
    )
    mine = Job.objects.filter(is_free, pk=job_id)
    if worker.served is not None:  # whoever rang: each queue's work is done under its own identity
        mine = mine.filter(queue__in=worker.served)
    with transaction.atomic(durable=True):
        # What ended its worker so often will end the next one too.
        mine.filter(state=JobState.RUNNING, attempt_count__gte=MAXIMAL_ATTEMPTS).update(
            state=JobState.FAILED,
            finished_at=Now(),
            lease_token="",
            last_error=Concat(
                Value("its worker ended or hung at the last try; before: "), Left("last_error", 400)
            ),
        )
        taken = mine.update(
            state=JobState.RUNNING,
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            attempt_count=F("attempt_count") + 1,
            started_at=Now(),
            ring_again_at=Now(),
            ring_count=0,
        )
        if not taken:
            return None
        job = Job.objects.get(pk=job_id)
    return Claim(
        job.pk, job.kind, job.subject_id, job.queue, job.attempt_count, token, job.request_id
    )


def renew(claim: Claim) -> None:
    """Keeps the job for a little longer, unless another worker has taken it."""
    mine = Job.objects.filter(pk=claim.job_id, lease_token=claim.token, state=JobState.RUNNING)
    mine.update(lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS))


def finish(claim: Claim) -> None:
    _end(claim, JobState.DONE, "")


def fail(claim: Claim, error: str) -> None:
    _end(claim, JobState.FAILED, error)


def postpone(claim: Claim, error: str) -> float:
    """Puts the job back with a growing delay; gives it up after MAXIMAL_ATTEMPTS. Returns the delay in seconds."""
    if claim.attempt_count >= MAXIMAL_ATTEMPTS:
        fail(claim, error)
        return 0
    seconds = min(2.0 ** min(claim.attempt_count, 6), 60.0)
    mine = Job.objects.filter(pk=claim.job_id, lease_token=claim.token, state=JobState.RUNNING)
    try:
        with transaction.atomic(durable=True):
            mine.update(
                state=JobState.WAITING,
                due_at=Now() + timedelta(seconds=seconds),
                ring_again_at=Now() + timedelta(seconds=seconds) + FIRST_PAUSE,
                ring_count=0,
                last_error=error[:500],
            )
    except IntegrityError:  # the same work was asked for anew meanwhile: that row carries on
        _end(claim, JobState.DONE, error)
    return seconds


def _end(claim: Claim, state: JobState, error: str) -> None:
    with transaction.atomic(durable=True):
        Job.objects.filter(pk=claim.job_id, lease_token=claim.token).update(
            state=state, finished_at=Now(), last_error=error[:500]
        )
