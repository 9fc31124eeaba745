"""The job table: every unit of work is a row, written in the transaction of the fact that asks for it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Job(models.Model):
    kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=200)
    queue = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    due_at = models.DateTimeField()
    attempt_count = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True, default="")
    # When the sweep may ring for it again; each time it has rung in vain the pause grows.
    ring_again_at = models.DateTimeField(db_default=Now())
    ring_count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True, default="")
    # Of the page whose request asked for the work, directly or by another job; empty for what is done by the clock.
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=models.Q(state="waiting"),
                name="one_waiting_job_per_kind_and_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="job_due"),
            models.Index(fields=["kind", "subject_id"], name="job_subject"),
            models.Index(
                fields=["queue", "due_at"],
                condition=models.Q(state="waiting"),
                name="job_waiting_by_queue",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} ({self.state})"


class Heartbeat(models.Model):
    """The last sign of life of a process that works: a worker with the queues that it serves, or beat.

    ``queues`` is ``["*"]`` where one worker serves every queue.
    """

    class Role(models.TextChoices):
        WORKER = "worker"
        BEAT = "beat"

    name = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=8, choices=Role)
    queues = models.JSONField(default=list)
    version = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    last_kind = models.CharField(max_length=64, blank=True)
    last_job_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["role", "name"]

    def __str__(self) -> str:
        return f"{self.role} {self.name}"
