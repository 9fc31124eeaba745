"""What Prometheus reads, computed from the records when it asks: every process would say the same.

Besides, django-prometheus counts requests and their seconds in each web process.
"""

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Min, Sum
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from approvals.models import ChangeRequest
from certs.models import (
    DriftCase,
    GoogleLocation,
    Publication,
    SealedCertificate,
    TrustConfig,
    TrustEntry,
)
from jobs.models import Heartbeat, Job, JobState
from pages.operations import reading

AN_HOUR = timedelta(hours=1)
A_WEEK = timedelta(days=7)
# Seconds from the last vote to the read-back; what is scheduled waits for its date and is left out.
BUCKETS = (5, 15, 60, 300, 900, 3600, 86_400)


def answer(request: HttpRequest) -> HttpResponse:
    """For whoever has the token; to everybody else there is nothing here."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=404)
    own = CollectorRegistry()
    own.register(Records())
    body = generate_latest(REGISTRY) + generate_latest(own)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class Records:
    """The portal's own figures. Ages are in seconds, and NaN where something never happened."""

    def collect(self) -> Iterator[Metric]:
        yield from _queues()
        yield from _heartbeats()
        yield from _durations()
        yield from _outcomes()
        yield from _trust()
        yield _approval_to_verified()

    def describe(self) -> list[Metric]:
        """Nothing is read before somebody asks."""
        return []


def _gauge(
    name: str, words: str, labels: list[str], rows: Iterable[tuple[list[str], float]]
) -> Metric:
    family = GaugeMetricFamily(f"countersign_{name}", words, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _age(at: datetime | None) -> float:
    return float("nan") if at is None else (timezone.now() - at).total_seconds()


def _queues() -> Iterator[Metric]:
    rows = reading.queues()
    for name, words, figure in (
        ("queue_due_jobs", "Jobs that are due", lambda r: r.due),
        ("queue_running_jobs", "Jobs that run", lambda r: r.running),
        ("queue_failed_jobs", "Jobs that were given up", lambda r: r.failed),
        ("queue_done_jobs_last_hour", "Jobs that ended within an hour", lambda r: r.done),
        ("queue_served", "1 while a worker of the queue answers", lambda r: int(r.is_served)),
        (
            "queue_oldest_due_seconds",
            "Since when the oldest job is due",
            lambda r: _age(r.oldest) if r.oldest else 0.0,
        ),
    ):
        yield _gauge(name, words, ["queue"], (([row.name], figure(row)) for row in rows))


def _heartbeats() -> Iterator[Metric]:
    rows = Heartbeat.objects.filter(seen_at__gt=Now() - reading.A_DAY)
    signs = (([one.role, one.name], _age(one.seen_at)) for one in rows)
    yield _gauge("heartbeat_age_seconds", "Since the last sign of life", ["role", "process"], signs)
    newest = Heartbeat.objects.filter(role=Heartbeat.Role.BEAT).order_by("-seen_at").first()
    age = _age(newest.seen_at if newest else None)
    yield _gauge("beat_age_seconds", "Since the last sign of any beat", [], [([], age)])


def _durations() -> Iterator[Metric]:
    done = Job.objects.filter(state=JobState.DONE, finished_at__gt=Now() - AN_HOUR)
    rows = list(
        done.exclude(started_at=None)
        .order_by()
        .values("kind")
        .annotate(n=Count("pk"), seconds=Sum(F("finished_at") - F("started_at")))
    )
    words = "Within the last hour, by kind"
    yield _gauge("jobs_last_hour", words, ["kind"], (([r["kind"]], r["n"]) for r in rows))
    spent = (([r["kind"]], r["seconds"].total_seconds()) for r in rows)
    yield _gauge("job_seconds_last_hour", words, ["kind"], spent)


def _outcomes() -> Iterator[Metric]:
    ended = Publication.objects.filter(intended_at__gt=Now() - AN_HOUR).order_by()
    rows = ended.values_list("state").annotate(n=Count("pk"))
    outcomes = (([state], n) for state, n in rows)
    yield _gauge("writes_last_hour", "Writes begun within an hour", ["state"], outcomes)
    cases = DriftCase.objects.filter(state=DriftCase.State.OPEN).count()
    yield _gauge("drift_cases_open", "Trust configs changed outside the portal", [], [([], cases)])
    blocked = TrustConfig.objects.exclude(blocked_at=None).count()
    yield _gauge("trust_configs_blocked", "Where Google refuses the worker", [], [([], blocked)])
    held = reading.held_changes().count()
    yield _gauge("changes_held", "Changes that wait for a person to try again", [], [([], held)])


def _trust() -> Iterator[Metric]:
    rows = (
        TrustEntry.objects.open()
        .order_by()
        .values_list("trust_config__environment__slug")
        .annotate(first=Min("certificate__not_after"))
    )
    days = (([slug], -_age(first) / 86_400) for slug, first in rows)
    words = "Until the first trusted certificate expires"
    yield _gauge("expiry_days", words, ["environment"], days)
    kept = SealedCertificate.objects.count()
    yield _gauge("sealed_originals", "Originals that are kept, sealed", [], [([], kept)])
    swept = (
        ([one.project, one.location], _age(one.listed_at)) for one in GoogleLocation.objects.all()
    )
    words = "Since a location was listed last"
    yield _gauge("sweep_age_seconds", words, ["project", "location"], swept)


def _approval_to_verified() -> Metric:
    """A histogram over the changes of a week that were to be written at once."""
    applied = ChangeRequest.objects.filter(
        applied_at__gt=Now() - A_WEEK, schedule=ChangeRequest.Schedule.AT_ONCE
    )
    pairs = applied.exclude(approved_at=None).values_list("approved_at", "applied_at")
    took = [(end - begin).total_seconds() for begin, end in pairs if end is not None and begin]
    family = HistogramMetricFamily(
        "countersign_approval_to_verified_seconds", "From the last vote to the read-back, a week"
    )
    buckets = [(str(limit), float(sum(one <= limit for one in took))) for limit in BUCKETS]
    family.add_metric([], [*buckets, ("+Inf", float(len(took)))], sum(took))
    return family
