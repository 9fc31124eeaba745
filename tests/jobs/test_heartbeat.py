"""Signs of life, fair sweeps, and each queue's work under its own identity."""

import os
import socket
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from jobs import claims, heartbeat, queue, registry, tasks, worker
from jobs.models import Heartbeat, Job

pytestmark = pytest.mark.embedded
WORKER = Heartbeat.Role.WORKER


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    heard: list[int] = []
    monkeypatch.setattr(
        tasks.ring, "apply_async", lambda arguments, **_: heard.append(arguments[0])
    )
    monkeypatch.setattr(registry, "_periodic", {})
    return heard


def _due(name: str, count: int) -> list[int]:
    """Jobs that are due for an hour, and were not rung for since."""
    at = timezone.now() - timedelta(hours=1)
    Job.objects.bulk_create(
        Job(kind="test", subject_id=f"{name}-{n}", queue=name, due_at=at, ring_again_at=at)
        for n in range(count)
    )
    return list(Job.objects.filter(queue=name).order_by("pk").values_list("pk", flat=True))


def _alive(*queues: str, seconds_ago: float = 0) -> None:
    heartbeat.sign(WORKER, list(queues))
    at = timezone.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.filter(name=worker.name()).update(
        seen_at=at, name=f"other-{Heartbeat.objects.count()}"
    )


def test_a_dead_environment_delays_no_other(db: None, rung: list[int]) -> None:
    """1,000 older jobs of a queue without a worker: the one of a queue with a worker is rung for at once."""
    _due("env-dead", 1_000)
    _alive("env-dev", "portal")
    (mine,) = _due("env-dev", 1)
    tasks.sweep()
    assert mine in rung


def test_a_queue_without_a_worker_gets_one_message_a_minute(db: None, rung: list[int]) -> None:
    _due("env-dead", 1_000)
    for _ in range(100):
        tasks.sweep()
    assert len(rung) == 1
    Job.objects.filter(pk__in=rung).update(ring_again_at=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    assert len(rung) == 2


def test_asking_for_more_work_of_a_dead_queue_sends_nothing(
    committed: None, rung: list[int]
) -> None:
    for n in range(50):
        with transaction.atomic():
            queue.enqueue("test", str(n), queue="env-dead")
    assert len(rung) == 1
    _alive("env-dead")
    with transaction.atomic():
        queue.enqueue("test", "more", queue="env-dead")
    assert len(rung) == 2


def test_all_of_a_queue_is_rung_for_once_its_worker_is_back(db: None, rung: list[int]) -> None:
    mine = _due("env-dev", 3)
    _alive("env-dev")
    tasks.sweep()
    assert sorted(rung) == mine


def test_a_row_that_is_rung_for_in_vain_is_left_alone_for_a_growing_time(
    db: None, rung: list[int]
) -> None:
    _due("env-dev", 1)
    _alive("env-dev")
    pauses = []
    for _ in range(9):
        tasks.sweep()
        job = Job.objects.get()
        pauses.append(round((job.ring_again_at - timezone.now()).total_seconds()))
        Job.objects.update(ring_again_at=timezone.now() - timedelta(seconds=1))
    assert len(rung) == 9
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_worker_claims_from_its_own_queues_only(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (prod,) = _due("env-prod", 1)
    monkeypatch.setattr(worker, "served", frozenset({"env-dev"}))
    assert claims.claim(prod) is None
    monkeypatch.setattr(worker, "served", frozenset({"env-dev", "env-prod"}))
    assert claims.claim(prod) is not None


def test_what_runs_keeps_its_lease_and_what_hangs_does_not(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = _due("env-dev", 1)
    claim = claims.claim(job)
    assert claim is not None

    def lease() -> float:
        until = Job.objects.get(pk=job).lease_until
        assert until is not None
        return (until - timezone.now()).total_seconds()

    with heartbeat.held(claim):
        Job.objects.update(lease_until=Now() + timedelta(seconds=1))
        heartbeat.renew_running()
        assert lease() > 5
        monkeypatch.setattr(heartbeat, "LONGEST_JOB_SECONDS", -1.0)
        Job.objects.update(lease_until=Now() + timedelta(seconds=1))
        heartbeat.renew_running()
        assert lease() < 5
    monkeypatch.setattr(heartbeat, "LONGEST_JOB_SECONDS", 900.0)
    heartbeat.renew_running()  # it is over: nothing is renewed
    assert lease() < 5


def test_nobody_renews_what_another_worker_has_taken(db: None) -> None:
    (job,) = _due("env-dev", 1)
    mine = claims.claim(job)
    assert mine is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claims.claim(job) is not None
    Job.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    claims.renew(mine)
    until = Job.objects.get().lease_until
    assert until is not None and until < timezone.now() + timedelta(seconds=5)


def test_a_sign_says_who_for_which_queues_and_what_was_done_last(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._handlers, "test", lambda _subject: None)
    (job,) = _due("env-dev", 1)
    tasks.run(job)
    heartbeat.sign(WORKER, ["env-dev"])
    heartbeat.sign(WORKER, ["env-dev"])
    sign = Heartbeat.objects.get()
    assert (sign.name, sign.queues, sign.version) == (worker.name(), ["env-dev"], settings.VERSION)
    assert sign.last_kind == "test"
    assert sign.last_job_at is not None


def test_silence_is_known_by_queue(db: None) -> None:
    assert heartbeat.signs().last_sign("env-dev") is None
    _alive("env-dev", seconds_ago=60)
    _alive("env-prod")
    assert not heartbeat.signs().is_served("env-dev")
    assert heartbeat.signs().is_served("env-prod")
    last = heartbeat.signs().last_sign("env-dev")
    assert last is not None
    assert 55 < (timezone.now() - last).total_seconds() < 65
    _alive(heartbeat.EVERY_QUEUE)
    assert heartbeat.signs().is_served("env-dev")


def test_beat_serves_no_queue(db: None) -> None:
    heartbeat.sign(Heartbeat.Role.BEAT, [heartbeat.EVERY_QUEUE])
    assert not heartbeat.signs().is_served("portal")


def test_old_signs_are_forgotten(db: None) -> None:
    _alive("env-dev", seconds_ago=91 * 24 * 3600)
    _alive("env-dev")
    tasks.forget_jobs("-")
    assert Heartbeat.objects.count() == 1


def test_nobody_commands_a_worker_over_the_broker() -> None:
    from portal.celery import app

    assert app.conf.worker_enable_remote_control is False


@pytest.mark.parametrize(
    ("one_queue", "served", "told"),
    [(True, None, ["*"]), (False, frozenset({"env-dev", "portal"}), ["env-dev", "portal"])],
)
def test_a_worker_serves_the_queues_that_it_was_started_for(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    one_queue: bool,
    served: frozenset[str] | None,
    told: list[str],
) -> None:
    from portal import celery

    settings.ONE_QUEUE = one_queue
    monkeypatch.setattr(worker, "served", None)
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        heartbeat, "start", lambda role, queues: started.append((role, sorted(queues)))
    )
    queues = SimpleNamespace(consume_from={"env-dev": 1, "portal": 1})
    instance = SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)))
    celery._serve(instance=instance)
    assert worker.served == served
    assert started == [("worker", told)]


def test_whoever_ends_late_does_not_end_the_next_holders_lease(db: None) -> None:
    """A handler that hung comes back while the same process runs the job anew."""
    past = timezone.now() - timedelta(seconds=1)
    job = Job.objects.create(kind="t", subject_id="1", queue="env-dev", due_at=past)
    first = claims.claim(job.pk)
    assert first is not None
    with heartbeat.held(first):
        Job.objects.update(lease_until=past)
        second = claims.claim(job.pk)
        assert second is not None
        running = heartbeat.held(second)
        running.__enter__()
    Job.objects.update(lease_until=past)
    heartbeat.renew_running()
    running.__exit__(None, None, None)
    assert Job.objects.get().lease_until > timezone.now()


def test_no_two_processes_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 80)
    here = worker.name()
    assert len(here) <= 64
    monkeypatch.setattr(os, "getpid", lambda: 99_999)
    assert worker.name() != here
    monkeypatch.setattr(worker, "_PART", "another")
    assert worker.name().endswith(":99999:another")
