"""The net under the queue: whatever is submitted, due or unresolved has a job, whatever happened to the one it had."""

from django.db import transaction
from django.db.models import Q

from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import Publication, TrustConfig
from jobs.models import Job, JobState
from jobs.queue import enqueue


def wake_trust_configs() -> None:
    """Asks for a step of every trust config with work left, and for the check of every change that waits for one."""
    with transaction.atomic(durable=True):
        unresolved = Publication.objects.filter(state__in=Publication.UNRESOLVED).values("trust_config")
        due = ChangeRequest.objects.filter(state=State.APPROVED, held_code="").values("trust_config")
        busy = TrustConfig.objects.filter(pk__in=unresolved) | TrustConfig.objects.filter(pk__in=due)
        for trust_config in busy.filter(blocked_at=None).select_related("environment"):
            _ensure("publish", trust_config.pk, trust_config.environment.queue)
        for trust_config in TrustConfig.objects.filter(state=TrustConfig.State.DRIFTED).select_related("environment"):
            _ensure("look_again", trust_config.pk, trust_config.environment.queue)
        is_open = Q(trust_config__state=TrustConfig.State.READY) | ~Q(kind=ChangeRequest.Kind.REGULAR)
        waiting = ChangeRequest.objects.filter(is_open, state=State.SUBMITTED, awaits_answer=False)
        for change in waiting.select_related("trust_config__environment"):
            _ensure("validate_change", change.pk, change.trust_config.environment.queue)


def _ensure(kind: str, subject_id: object, queue: str) -> None:
    """A job that waits out a delay is left alone."""
    if not Job.objects.filter(kind=kind, subject_id=str(subject_id), state__in=[JobState.WAITING, JobState.RUNNING]).exists():
        enqueue(kind, subject_id, queue=queue)
