"""What the page for operators shows, read from the records."""

import platform
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from approvals.models import ChangeRequest
from approvals.states import OPEN
from certs.models import GoogleProject, TrustConfig, TrustEntry
from jobs import heartbeat, queue
from jobs.models import Heartbeat, Job, JobState
from jobs.queue import PORTAL_QUEUE
from tenants.models import Environment

A_DAY = timedelta(days=1)
MOST_ROWS = 20


@dataclass(frozen=True)
class Process:
    """A worker or beat that has given a sign within a day."""

    heartbeat: Heartbeat
    is_alive: bool


@dataclass(frozen=True)
class QueueRow:
    """One queue: its due, later, running and failed jobs, the oldest due one, and what was done within an hour."""

    name: str
    is_served: bool
    last_sign: datetime | None
    due: int
    later: int
    running: int
    failed: int
    done: int
    oldest: datetime | None

    @property
    def is_trouble(self) -> bool:
        return not self.is_served or self.failed > 0


@dataclass(frozen=True)
class ProjectRow:
    """What is booked of our share of Google's quotas: calls ahead of the present pace, of at most a burst."""

    project: GoogleProject
    reads: int
    writes: int
    reads_allowed: int
    writes_allowed: int
    is_silent: bool


def processes() -> list[Process]:
    living = {one.pk for one in heartbeat.alive()}
    rows = Heartbeat.objects.filter(seen_at__gt=Now() - A_DAY)
    return [Process(one, one.pk in living) for one in rows]


def queues() -> list[QueueRow]:
    names = [PORTAL_QUEUE, *Environment.objects.order_by("slug").values_list("queue", flat=True)]
    is_due = Q(state=JobState.WAITING, due_at__lte=Now())
    counted = (
        Job.objects.order_by()
        .values("queue")
        .annotate(
            due=Count("pk", filter=is_due),
            later=Count("pk", filter=Q(state=JobState.WAITING, due_at__gt=Now())),
            running=Count("pk", filter=Q(state=JobState.RUNNING)),
            failed=Count("pk", filter=Q(state=JobState.FAILED)),
            done=Count(
                "pk",
                filter=Q(state=JobState.DONE, finished_at__gt=Now() - timedelta(hours=1)),
            ),
            oldest=Min("due_at", filter=is_due),
        )
    )
    by_name = {row["queue"]: row for row in counted}
    workers = heartbeat.signs()
    found = []
    for name in dict.fromkeys([*names, *by_name]):
        row: Mapping[str, Any] = by_name.get(name) or {}
        found.append(
            QueueRow(
                name,
                workers.is_served(name),
                workers.last_sign(name),
                due=row.get("due", 0),
                later=row.get("later", 0),
                running=row.get("running", 0),
                failed=row.get("failed", 0),
                done=row.get("done", 0),
                oldest=row.get("oldest"),
            )
        )
    return found


def projects() -> list[ProjectRow]:
    now = timezone.now()
    reads, writes = settings.READS_PER_MINUTE, settings.WRITES_PER_MINUTE

    def booked(at: datetime, per_minute: int) -> int:
        return max(0, round((at - now).total_seconds() * per_minute / 60))

    return [
        ProjectRow(
            row,
            booked(row.reads_at, reads),
            booked(row.writes_at, writes),
            reads,
            writes,
            row.silence_count > 0,
        )
        for row in GoogleProject.objects.order_by("project")
    ]


def troubled_trust_configs() -> list[TrustConfig]:
    """Where workers wait or may not go on, and whoever writes now."""
    is_troubled = (
        ~Q(state=TrustConfig.State.READY)
        | Q(blocked_at__isnull=False)
        | ~Q(waiting_code="")
        | Q(lease_until__gt=Now())
    )
    rows = TrustConfig.objects.filter(is_troubled).select_related("environment", "custodian")
    return list(rows.order_by("environment__slug", "name")[: 5 * MOST_ROWS])


def held_changes() -> QuerySet[ChangeRequest]:
    """Those that wait for a person, the oldest first."""
    rows = ChangeRequest.objects.filter(state__in=OPEN).exclude(held_code="")
    return rows.select_related("tenant", "trust_config__environment").order_by("held_at")


def expiring() -> list[TrustEntry]:
    rows = TrustEntry.objects.open().select_related(
        "certificate", "tenant", "trust_config__environment"
    )
    return list(rows.order_by("certificate__not_after", "pk")[:MOST_ROWS])


def unapplied_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def versions() -> list[tuple[str, str]]:
    return [
        ("Countersign", settings.VERSION),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (connection.display_name, ".".join(map(str, connection.get_database_version()))),
    ]


@dataclass(frozen=True)
class JobRow:
    job: Job
    href: str
    label: str
    is_abandoned: bool


_OF_TRUST_CONFIG = {
    "publish",
    "look_again",
    "register_trust_config",
    "create_trust_config",
    "probe_endpoint",
    "try_golden_clients",
}


def job_rows(jobs: Iterable[Job]) -> list[JobRow]:
    """Each job with a link to what it is about, by four queries for any number of jobs."""
    wanted: dict[str, set[str]] = defaultdict(set)
    jobs = list(jobs)
    for job in jobs:
        wanted[_kind_of_subject(job)].add(job.subject_id)
    links: dict[tuple[str, str], tuple[str, str]] = {}
    for one in TrustConfig.objects.filter(
        pk__in=[text for text in wanted["trust_config"] if _is_uuid(text)]
    ).select_related("environment", "custodian"):
        href = reverse("certs:trust-config-detail", args=[one.custodian.slug, one.pk])
        links["trust_config", str(one.pk)] = (href, f"{one.environment.slug} / {one.name}")
    for change in ChangeRequest.objects.filter(
        pk__in=filter(str.isdecimal, wanted["change"])
    ).select_related("tenant"):
        href = reverse("approvals:change-detail", args=[change.tenant.slug, change.number])
        links["change", str(change.pk)] = (href, f"{change.tenant.name} #{change.number}")
    for environment in Environment.objects.filter(
        pk__in=filter(str.isdecimal, wanted["environment"])
    ):
        href = reverse("tenants:environment-detail", args=[environment.slug])
        links["environment", str(environment.pk)] = (href, environment.slug)
    left = queue.abandoned([job.pk for job in jobs])
    return [
        JobRow(
            job,
            *links.get((_kind_of_subject(job), job.subject_id), ("", job.subject_id)),
            is_abandoned=job.pk in left,
        )
        for job in jobs
    ]


def _kind_of_subject(job: Job) -> str:
    if job.kind in _OF_TRUST_CONFIG:
        return "trust_config"
    return {"validate_change": "change", "sweep_location": "environment"}.get(job.kind, "")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
