"""What operators do with jobs; recorded."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from jobs import queue
from jobs.models import Job, JobState
from tenants.access import require
from tenants.errors import NotPossible, UnknownObject
from tenants.rights import Act


def try_job_again(*, actor: Actor, job_id: int) -> None:
    """Makes a job due now that waits, has failed or was left by its worker.

    :raises NotAllowed: for everybody but admins of the platform.
    :raises NotPossible: while it runs, when it is done, or when the same work waits already.
    :raises UnknownObject:
    """
    with transaction.atomic(durable=True):
        job = _job(actor, job_id)
        if not queue.try_again(job):
            raise NotPossible(_("The same work waits already; try that job again."))
        _record(EventType.JOB_RETRIED, job, actor=actor, after=JobState.WAITING)


def give_job_up(*, actor: Actor, job_id: int) -> None:
    """Nobody tries it any more. Where work is left, the next sweep asks for it as a new job.

    :raises NotAllowed, NotPossible, UnknownObject:
    """
    with transaction.atomic(durable=True):
        job = _job(actor, job_id)
        if job.state == JobState.FAILED:
            raise NotPossible(_("It was given up already."))
        queue.give_up(job)
        _record(EventType.JOB_GIVEN_UP, job, actor=actor, after=JobState.FAILED)


def _job(actor: Actor, job_id: int) -> Job:
    require(actor.user_id, Act.OPERATE)
    job = Job.objects.select_for_update(of=("self",)).filter(pk=job_id).first()
    if job is None:
        raise UnknownObject
    if job.state not in {JobState.WAITING, JobState.FAILED} and not queue.abandoned([job.pk]):
        raise NotPossible(
            _(
                "Only a job that waits, has failed or was left by its worker can be tried again or given up."
            )
        )
    return job


def _record(event: EventType, job: Job, *, actor: Actor, after: str) -> None:
    record(
        event,
        actor=actor,
        subject=Subject("job", str(job.pk), label=f"{job.kind} {job.subject_id}"[:100]),
        scope=Scope(),
        before=job.state,
        after=after,
        details={"attempts": job.attempt_count, "last_error": job.last_error, "queue": job.queue},
    )
