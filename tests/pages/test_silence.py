"""Wherever something waits for a worker, the page says that none answers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import heartbeat
from jobs.models import Heartbeat, Job
from pages.silence import LONG_AGO, silence_of
from tests.certificates import make
from tests.world import World

WORKER = Heartbeat.Role.WORKER


def silent_since(minutes: int) -> None:
    heartbeat.sign(WORKER, ["env-dev"])
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=minutes))


def test_a_queue_that_never_had_a_worker_says_so(db: None) -> None:
    assert silence_of("env-dev", LONG_AGO) == "No worker of env-dev has answered yet."


def test_one_that_has_fallen_silent_says_since_when(db: None) -> None:
    silent_since(5)
    last = Heartbeat.objects.get().seen_at
    assert f"{last:%Y-%m-%d %H:%M:%S} UTC" in silence_of("env-dev", LONG_AGO)


def test_a_few_seconds_are_no_silence(db: None) -> None:
    assert silence_of("env-dev", timezone.now()) == ""


def test_a_worker_that_answers_is_not_silent(db: None) -> None:
    heartbeat.sign(WORKER, ["env-dev"])
    assert silence_of("env-dev", LONG_AGO) == ""
    assert silence_of("env-prod", LONG_AGO) != ""


def test_a_worker_that_answers_and_takes_no_job_is_told_apart(db: None) -> None:
    heartbeat.sign(WORKER, ["env-dev"])
    due = timezone.now() - timedelta(minutes=3)
    Job.objects.create(kind="publish", subject_id="x", queue="env-dev", due_at=due)
    told = silence_of("env-dev", LONG_AGO)
    assert "none has taken a job since" in told
    assert f"{due:%Y-%m-%d %H:%M:%S} UTC" in told


@pytest.mark.parametrize("page", ["trust config", "environment"])
def test_pages_say_it_and_what_follows(world: World, page: str) -> None:
    change = world.applied(make())
    path, who = {
        "trust config": (f"/t/payments/trust-configs/{change.trust_config_id}/", "sam"),
        "environment": ("/environments/dev/", "rita"),
    }[page]
    Job.objects.all().delete()
    silent_since(4)
    type(change.trust_config).objects.update(created_at=timezone.now() - timedelta(days=1))
    shown = world.page(who).get(path).content.decode()
    assert "No worker of env-dev has answered since" in shown
    assert "goes unnoticed" in shown
    heartbeat.sign(WORKER, ["env-dev"])
    assert "has answered since" not in world.page(who).get(path).content.decode()
