"""How work is asked for: a row in the caller's transaction, and the job's id to Celery once that has committed."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Least, Now

from jobs import heartbeat, request_ids
from jobs.claims import FIRST_PAUSE
from jobs.models import Job, JobState

logger = logging.getLogger(__name__)

QUIET_SECONDS = 3.0
ASK_AGAIN_AFTER = timedelta(minutes=10)
_quiet_until = [0.0]  # by time.monotonic; a cell, so that the function may set it
PORTAL_QUEUE = "portal"
PERIODIC_SUBJECT = "-"
RINGS_AT_ONCE = 200
LONGEST_PAUSE = timedelta(minutes=5)
PAUSE_WITHOUT_WORKER = timedelta(minutes=1)
_SWEEP = "sweep"  # its one row says when somebody swept last


def enqueue(
    kind: str, subject_id: object, *, queue: str = PORTAL_QUEUE, delay_seconds: float = 0
) -> None:
    """Makes sure that one job of this kind is waiting for this subject, due in ``delay_seconds`` or earlier.

    Times are the database's, so that a worker whose clock is wrong delays nothing.

    :raises TransactionManagementError: when no transaction is open; the fact and its job must commit together.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "enqueue() belongs into the transaction of the fact that asks for the work."
        )
    due_at = Now() + timedelta(seconds=delay_seconds)
    waiting = Job.objects.filter(kind=kind, subject_id=str(subject_id), state=JobState.WAITING)
    request_id = request_ids.current()
    sooner = {
        "due_at": Least("due_at", due_at),
        "ring_again_at": Least("due_at", due_at) + FIRST_PAUSE,
        "ring_count": 0,
    }
    if not waiting.update(**sooner):
        try:
            with transaction.atomic():
                Job.objects.create(
                    kind=kind,
                    subject_id=str(subject_id),
                    queue=queue,
                    due_at=due_at,
                    ring_again_at=due_at + FIRST_PAUSE,
                    request_id=request_id,
                )
        except IntegrityError:  # another transaction asked for the same in this moment
            waiting.update(**sooner)
    job = waiting.first()
    if job is not None:
        transaction.on_commit(partial(_ring_once, job.pk, job.queue, delay_seconds), robust=True)


def _ring_once(job_id: int, queue: str, delay_seconds: float) -> None:
    """A queue without a worker gets no message beside its first: the sweep rings when one is back."""
    if not heartbeat.signs().is_served(queue):
        others = Job.objects.filter(queue=queue, state=JobState.WAITING).exclude(pk=job_id)
        if others.exists():
            return
    ring(job_id, queue, delay_seconds)


def ring(job_id: int, queue: str, delay_seconds: float = 0) -> None:
    """Rings the broker. One that is down costs a moment and nothing else: the sweep finds the row.

    After one failure it is left alone for a while, so that many jobs of one request do not wait one by one.
    """
    from jobs.tasks import ring as task

    if time.monotonic() < _quiet_until[0]:
        return
    try:
        task.apply_async(
            (job_id,),
            queue=PORTAL_QUEUE if settings.ONE_QUEUE else queue,
            countdown=delay_seconds or None,
        )
    except task.OperationalError as error:
        _quiet_until[0] = time.monotonic() + QUIET_SECONDS
        logger.warning(
            "the broker did not take job %s (%s); the sweep will find it",
            job_id,
            type(error).__name__,
        )


def jobs_to_ring() -> list[tuple[int, str]]:
    """Ids and queues of jobs that are due, or whose worker's lease has run out, and were not rung for lately.

    Each queue has its share, so that one without a worker takes nothing from the others; such a
    one gets a single message a minute. What is returned counts as rung.
    """
    is_due = Q(state=JobState.WAITING, due_at__lte=Now()) | Q(
        state=JobState.RUNNING, lease_until__lt=Now()
    )
    due = Job.objects.filter(is_due)
    ringable = due.filter(ring_again_at__lte=Now())
    workers = heartbeat.signs()
    found: list[tuple[int, str]] = []
    for name in ringable.order_by().values_list("queue", flat=True).distinct():
        rows = ringable.filter(queue=name).order_by("due_at")
        if workers.is_served(name):
            found += _rung(list(rows[:RINGS_AT_ONCE]))
        elif not due.filter(queue=name, ring_again_at__gt=Now()).exists():
            found += _rung(list(rows[:1]), pause=PAUSE_WITHOUT_WORKER)
    return found


def _rung(rows: list[Job], *, pause: timedelta | None = None) -> list[tuple[int, str]]:
    for count in {row.ring_count for row in rows}:
        ids = [row.pk for row in rows if row.ring_count == count]
        growing = min(FIRST_PAUSE * 2 ** min(count, 10), LONGEST_PAUSE)
        Job.objects.filter(pk__in=ids).update(
            ring_again_at=Now() + (pause or growing), ring_count=count + 1
        )
    return [(row.pk, row.queue) for row in rows]


def try_again(job: Job) -> bool:
    """Makes a job that waits or has failed due now, in the caller's transaction; False when the same work waits already."""
    waits = Job.objects.filter(kind=job.kind, subject_id=job.subject_id, state=JobState.WAITING)
    if waits.exclude(pk=job.pk).exists():
        return False
    try:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(
                state=JobState.WAITING,
                due_at=Now(),
                attempt_count=0,
                lease_token="",
                finished_at=None,
                ring_again_at=Now(),
                ring_count=0,
            )
    except IntegrityError:  # somebody asked for the same work in this moment
        return False
    transaction.on_commit(partial(_ring_once, job.pk, job.queue, 0), robust=True)
    return True


def give_up(job: Job) -> None:
    """Nobody tries the job any more, in the caller's transaction. What is asked for anew is a new row."""
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, finished_at=Now(), lease_token="")


def abandoned(job_ids: Iterable[int]) -> set[int]:
    """Which of these are marked as running, and their workers' leases have run out."""
    left = Job.objects.filter(pk__in=job_ids, state=JobState.RUNNING, lease_until__lt=Now())
    return set(left.values_list("pk", flat=True))


def stuck_since(queue: str) -> datetime | None:
    """Since when a job of the queue has been due without any of it having been taken; None while all goes on."""
    overdue = Job.objects.filter(
        queue=queue, state=JobState.WAITING, due_at__lt=Now() - heartbeat.SILENT_AFTER
    )
    oldest = overdue.order_by("due_at").values_list("due_at", flat=True).first()
    if oldest is None:
        return None
    is_busy = Q(started_at__gte=oldest) | Q(state=JobState.RUNNING, lease_until__gt=Now())
    if Job.objects.filter(is_busy, queue=queue).exists():
        return None
    return oldest


def left_behind(kind: str, subject_ids: Iterable[str]) -> list[str]:
    """Subjects for which no such job waits, runs or has failed in the last minutes: they are to be asked for again."""
    is_under_way = Q(state__in=[JobState.WAITING, JobState.RUNNING])
    failed_lately = Q(state=JobState.FAILED, finished_at__gt=Now() - ASK_AGAIN_AFTER)
    wanted = list(dict.fromkeys(subject_ids))
    rows = Job.objects.filter(is_under_way | failed_lately, kind=kind, subject_id__in=wanted)
    taken_care_of = set(rows.values_list("subject_id", flat=True))
    return [subject for subject in wanted if subject not in taken_care_of]


def failed_lately(kind: str, beginnings: Iterable[str]) -> list[str]:
    """Subjects that begin so and whose last such job has failed, or was given up by a person."""
    wanted = Q(pk__in=[])
    for beginning in beginnings:
        wanted |= Q(subject_id__startswith=beginning)
    rows = Job.objects.filter(wanted, kind=kind).order_by("pk")
    last = {row.subject_id: row.state for row in rows.only("subject_id", "state")}
    return [subject for subject, state in last.items() if state == JobState.FAILED]


def last_error(kind: str, subject_id: str) -> str:
    """Why the job of this kind and subject that still waits did not succeed; empty when none waits or it was not tried yet."""
    waiting = Job.objects.filter(kind=kind, subject_id=subject_id).exclude(state=JobState.DONE)
    return waiting.order_by("-pk").values_list("last_error", flat=True).first() or ""


def tried_in_vain(kind: str, subject_id: str) -> Job | None:
    """The last job of this kind and subject, if more than one try of it failed: it waits, is tried again now, or was given up."""
    last = Job.objects.filter(kind=kind, subject_id=subject_id).order_by("-pk").first()
    is_vain = last is not None and last.state != JobState.DONE and last.last_error
    return last if last is not None and is_vain and last.attempt_count > 1 else None


def is_time_for(kind: str, every: timedelta) -> bool:
    return (
        not Job.objects.filter(kind=kind, subject_id=PERIODIC_SUBJECT)
        .exclude(state=JobState.FAILED)
        .filter(created_at__gt=Now() - every)
        .exists()
    )


def is_time_to_sweep() -> bool:
    """True once in half of SWEEP_SECONDS by the database's clock, however many rings an idle broker has piled up.

    Celery's own ``expires`` would compare the clocks of two machines: a worker whose clock is ahead would never sweep.
    """
    last = Job.objects.filter(kind=_SWEEP, subject_id=PERIODIC_SUBJECT)
    if last.filter(finished_at__lte=Now() - timedelta(seconds=settings.SWEEP_SECONDS / 2)).update(
        finished_at=Now()
    ):
        return True
    if last.exists():
        return False
    Job.objects.create(
        kind=_SWEEP,
        subject_id=PERIODIC_SUBJECT,
        queue=PORTAL_QUEUE,
        state=JobState.DONE,
        due_at=Now(),
        finished_at=Now(),
    )
    return True


def forget_ended(state: JobState, *, older_than: timedelta) -> None:
    Job.objects.filter(state=state, finished_at__lt=Now() - older_than).delete()
