"""Whether everything that the portal needs is there, for a person. Exit status 1 when something is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gcp.errors import CloudError
from jobs import clock, heartbeat
from jobs.models import Heartbeat
from pages.operations import reading
from portal import health
from tenants.access import people_who_may
from tenants.models import Environment
from tenants.rights import Act

LARGEST_CLOCK_DIFFERENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Found:
    """``outcome``: ok, warning or wrong; ``words`` say what was found and, unless ok, what to do."""

    outcome: str
    words: str


class Command(BaseCommand):
    help = "Examines settings, database, static files, cache, broker, workers, clocks and Google."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        wrong = 0
        for found in _findings():
            style = {
                "ok": self.style.SUCCESS,
                "warning": self.style.WARNING,
                "wrong": self.style.ERROR,
            }[found.outcome]
            self.stdout.write(f"{style(found.outcome):<8} {found.words}")
            wrong += found.outcome == "wrong"
        if wrong:
            raise CommandError(f"{wrong} of these must be mended.")


def _findings() -> Iterator[Found]:
    yield from _settings()
    parts = health.examined()
    for name, outcome in parts.items():
        known = {health.Health.OK: "ok", health.Health.DEGRADED: "warning"}
        yield Found(known.get(health.Health(outcome.split(":")[0]), "wrong"), f"{name}: {outcome}")
    if parts["database"] != health.Health.OK or parts["migrations"] != health.Health.OK:
        yield Found(
            "wrong", "the rest needs the database: mend that first, or run manage.py migrate"
        )
        return
    yield from _workers()
    yield _clocks()
    yield from _environments()


def _settings() -> Iterator[Found]:
    found = checks.run_checks(include_deployment_checks=settings.IS_PRODUCTION)
    for message in found:
        is_wrong = message.level >= checks.ERROR
        words = " ".join(str(part) for part in (message.id, message.msg, message.hint) if part)
        yield Found("wrong" if is_wrong else "warning", f"settings: {words}")
    if not found:
        yield Found("ok", f"settings: {settings.COUNTERSIGN_ENV}, nothing is missing")


def _workers() -> Iterator[Found]:
    for row in reading.queues():
        if row.is_served:
            yield Found("ok", f"queue {row.name}: a worker answers, {row.due} due")
        else:
            last = f"since {row.last_sign:%Y-%m-%d %H:%M:%S} UTC" if row.last_sign else "yet"
            words = f"queue {row.name}: no worker has answered {last}, {row.due} due. Start one with -Q {row.name}"
            yield Found("wrong", words)
    beats = [one for one in heartbeat.alive() if one.role == Heartbeat.Role.BEAT]
    if beats:
        yield Found("ok", "beat answers")
    else:
        yield Found("wrong", "no beat answers: nothing is swept. Start celery -A portal beat")


def _clocks() -> Found:
    seconds = abs((clock.now() - timezone.now()).total_seconds())
    if seconds > LARGEST_CLOCK_DIFFERENCE_SECONDS:
        return Found(
            "warning",
            f"clocks: this machine and the database differ by {seconds:.0f} s. Flows go by the database; mend the other",
        )
    return Found("ok", f"clocks: this machine and the database differ by {seconds:.1f} s")


def _environments() -> Iterator[Found]:
    from certs.trust_configs.publishing import read_location

    for environment in Environment.objects.order_by("slug"):
        count = people_who_may(Act.VOTE, environment).count()
        if count <= environment.votes_needed:
            words = (
                f"environment {environment.slug}: {environment.votes_needed} votes are needed and {count} people may give"
                " one; who asks for a change has none. Give one more person the reviewer's role"
            )
            yield Found("wrong" if count < environment.votes_needed else "warning", words)
        else:
            yield Found("ok", f"environment {environment.slug}: {count} people may vote")
        try:
            names = read_location(environment)
        except CloudError as error:
            words = f"environment {environment.slug}: Google says to this process: {error}"
            yield Found("warning", f"{words}. What its workers may do, the page Operations says")
        else:
            words = f"environment {environment.slug}: Google lists {len(names)} trust configs"
            yield Found("ok", words)
