"""Periodic sweep: enqueues a job for every change or trust config with work and no pending job."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from approvals import locks
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps.cases import end_stale_resolutions
from audit.events import worker
from certs.models import Publication, TrustConfig
from jobs.models import Job, JobState
from jobs.queue import enqueue
from jobs.worker import name as worker_name

SOON = timedelta(seconds=90)


def wake_trust_configs() -> None:
    """Asks for a step of every trust config with work left, and for the check of every change that waits for one."""
    for trust_config_id in set(
        ChangeRequest.objects.open()
        .exclude(kind=ChangeRequest.Kind.REGULAR)
        .values_list("trust_config", flat=True)
    ):
        with transaction.atomic(
            durable=True
        ):  # each alone, and before any job: others lock the trust config first, then its jobs
            end_stale_resolutions(
                locks.lock_trust_config(trust_config_id), actor=worker(worker_name())
            )
    with transaction.atomic(durable=True):
        unresolved = Publication.objects.filter(state__in=Publication.UNRESOLVED).values(
            "trust_config"
        )
        due = ChangeRequest.objects.filter(state=State.APPROVED, held_code="").values(
            "trust_config"
        )
        busy = TrustConfig.objects.filter(pk__in=unresolved) | TrustConfig.objects.filter(
            pk__in=due
        )
        for trust_config in busy.filter(blocked_at=None).select_related("environment"):
            _ensure("publish", trust_config.pk, trust_config.environment.queue)
        for trust_config in TrustConfig.objects.filter(
            state=TrustConfig.State.DRIFTED
        ).select_related("environment"):
            _ensure("look_again", trust_config.pk, trust_config.environment.queue)
        is_open = Q(trust_config__state=TrustConfig.State.READY) | ~Q(
            kind=ChangeRequest.Kind.REGULAR
        )
        for trust_config in TrustConfig.objects.filter(
            state__in=[TrustConfig.State.CREATING, TrustConfig.State.NAMED]
        ).select_related("environment"):
            kind = (
                "create_trust_config"
                if trust_config.state == TrustConfig.State.CREATING
                else "register_trust_config"
            )
            _ensure(kind, trust_config.pk, trust_config.environment.queue)
        waiting = ChangeRequest.objects.filter(
            is_open, state=State.SUBMITTED, awaits_answer=False, held_code=""
        )
        for change in waiting.select_related("trust_config__environment"):
            _ensure("validate_change", change.pk, change.trust_config.environment.queue)


def _ensure(kind: str, subject_id: object, queue: str) -> None:
    """A job that waits out a short delay is left alone; one that waits for days may wait for what is not so any more."""
    soon = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING, due_at__lte=Now() + SOON)
    if not Job.objects.filter(soon, kind=kind, subject_id=str(subject_id)).exists():
        enqueue(kind, subject_id, queue=queue)
