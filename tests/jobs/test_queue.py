"""The job table: one waiting row, claimed once, found again whatever happens to messages and workers."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gcp.errors import CloudUnavailable
from jobs import claims, heartbeat, queue, registry, tasks
from jobs.models import Heartbeat, Job
from portal.celery import app

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which jobs the broker was rung for."""
    heard: list[int] = []
    monkeypatch.setattr(queue, "_quiet_until", [0.0])
    monkeypatch.setattr(
        tasks.ring, "apply_async", lambda arguments, **_: heard.append(arguments[0])
    )
    return heard


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A handler of the kind "test" that notes its subjects."""
    seen: list[str] = []
    monkeypatch.setitem(registry._handlers, "test", seen.append)
    return seen


def _ask(subject: str = "1", **options: Any) -> Job:
    with transaction.atomic():
        queue.enqueue("test", subject, **options)
    return Job.objects.latest("pk")


def test_a_job_is_asked_for_inside_a_transaction_only(committed: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        queue.enqueue("test", "1")


def test_asking_twice_makes_one_row_with_the_earlier_time(db: None) -> None:
    late = _ask(delay_seconds=60)
    soon = _ask()
    assert (late.pk, Job.objects.count()) == (soon.pk, 1)
    assert Job.objects.get().due_at < timezone.now() + timedelta(seconds=5)


def test_the_bell_rings_on_commit_and_not_after_a_rollback(
    committed: None, rung: list[int]
) -> None:
    job = _ask()
    assert rung == [job.pk]
    with pytest.raises(RuntimeError), transaction.atomic():
        queue.enqueue("test", "2")
        raise RuntimeError
    assert rung == [job.pk]


def test_a_broker_that_is_down_costs_a_warning(
    committed: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise tasks.ring.OperationalError("down")

    monkeypatch.setattr(tasks.ring, "apply_async", down)
    _ask()
    assert "the sweep will find it" in caplog.text


def test_a_job_runs_once(db: None, done: list[str]) -> None:
    job = _ask("x")
    assert tasks.run(job.pk)
    assert not tasks.run(job.pk)
    assert done == ["x"]
    assert Job.objects.get().state == "done"


def test_a_job_that_is_not_due_is_left_alone(db: None, done: list[str]) -> None:
    assert not tasks.run(_ask(delay_seconds=60).pk)
    assert done == []


def test_a_claimed_job_is_not_claimed_again_until_its_lease_is_over(db: None) -> None:
    job = _ask()
    assert claims.claim(job.pk)
    assert claims.claim(job.pk) is None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert (job.pk, job.queue) in queue.jobs_to_ring()
    assert claims.claim(job.pk)


def test_a_worker_that_lost_its_claim_ends_nothing(db: None) -> None:
    job = _ask()
    old = claims.claim(job.pk)
    assert old is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.claim(job.pk)
    claims.finish(old)
    assert Job.objects.get().state == "running"


@pytest.mark.parametrize(
    "error", [registry.TryLater("wait"), CloudUnavailable("Get", "down"), ValueError("bug")]
)
def test_what_fails_waits_and_keeps_the_reason(
    db: None, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_subject: str) -> None:
        raise error

    monkeypatch.setitem(registry._handlers, "test", failing)
    job = _ask()
    tasks.run(job.pk)
    job = Job.objects.get()
    assert (job.state, job.attempt_count) == ("waiting", 1)
    assert job.last_error == (
        "ValueError" if isinstance(error, ValueError) else str(error)
    )  # a bug's own words stand in the log only
    assert job.due_at > timezone.now()
    assert ("Traceback" in caplog.text) is isinstance(error, ValueError)


def test_after_too_many_attempts_a_job_is_given_up_and_stays_visible(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _ask()
    Job.objects.update(attempt_count=claims.MAXIMAL_ATTEMPTS - 1)
    claim = claims.claim(job.pk)
    assert claim is not None
    claims.postpone(claim, "still down")
    assert (Job.objects.get().state, Job.objects.get().last_error) == ("failed", "still down")


def test_a_job_that_was_asked_for_anew_meanwhile_is_not_postponed_twice(db: None) -> None:
    job = _ask()
    claim = claims.claim(job.pk)
    assert claim is not None
    _ask()
    claims.postpone(claim, "later")
    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "waiting"]


def test_the_sweep_rings_for_what_is_due_and_asks_for_the_periodic(
    db: None, rung: list[int], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_periodic", {"test": timedelta(hours=1)})
    heartbeat.sign(Heartbeat.Role.WORKER, ["portal"])
    job = _ask("lost")
    rung.clear()
    tasks.sweep()
    assert job.pk not in rung  # it was just rung for
    long_ago = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(ring_again_at=long_ago)
    tasks.sweep()
    assert job.pk in rung
    assert Job.objects.filter(kind="test", subject_id="-").count() == 1
    tasks.sweep()
    assert Job.objects.filter(kind="test", subject_id="-").count() == 1


def test_rings_that_piled_up_while_no_worker_ran_sweep_once(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []
    monkeypatch.setattr(tasks, "sweep", lambda: swept.append(1))
    for _ in range(100):
        tasks.ring(None)
    assert len(swept) == 1
    Job.objects.update(finished_at=timezone.now() - timedelta(seconds=settings.SWEEP_SECONDS))
    tasks.ring(None)
    assert len(swept) == 2
    assert Job.objects.count() == 1


def test_a_worker_whose_clock_is_wrong_sweeps_when_others_would(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does a ring expire by the worker's clock, nor is periodic work put off by it."""
    assert "expires" not in app.conf.beat_schedule["sweep"].get("options", {})
    monkeypatch.setattr(registry, "_periodic", {"test": timedelta(minutes=1)})
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        tasks.sweep()
    assert Job.objects.get().created_at < timezone.now() + timedelta(minutes=1)
    Job.objects.update(state="done", created_at=timezone.now() - timedelta(minutes=2))
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        tasks.sweep()
    assert Job.objects.filter(state="waiting").count() == 1


def test_done_jobs_are_forgotten_after_a_week(db: None, done: list[str]) -> None:
    tasks.run(_ask("old").pk)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=8))
    tasks.run(_ask("new").pk)
    tasks.forget_jobs("-")
    assert [job.subject_id for job in Job.objects.all()] == ["new"]


def test_what_was_given_up_is_forgotten_after_a_quarter(db: None) -> None:
    job = _ask("failed")
    for days, is_left in ((89, True), (91, False)):
        at = timezone.now() - timedelta(days=days)
        Job.objects.filter(pk=job.pk).update(state="failed", finished_at=at)
        tasks.forget_jobs("-")
        assert Job.objects.filter(pk=job.pk).exists() is is_left


def test_an_unknown_kind_waits_for_a_version_that_knows_it(db: None) -> None:
    job = _ask()
    tasks.run(job.pk)
    assert "UnknownKind" in Job.objects.get().last_error


def test_a_message_of_the_embedded_broker_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """A reader that looks all the time while others write never meets half a message."""
    import threading

    from kombu import Connection

    folder = tmp_path / "queue"
    folder.mkdir()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(tmp_path / "control"),
    }
    with (
        Connection("filesystem://", transport_options=options) as writing,
        Connection("filesystem://", transport_options=options) as reading,
    ):
        assert type(writing.transport).__module__ == "jobs.filesystem_transport"
        out, into = writing.SimpleQueue("bell"), reading.SimpleQueue("bell")
        writer = threading.Thread(
            target=lambda: [out.put({"n": n, "filler": "x" * 20_000}) for n in range(300)]
        )
        writer.start()
        found = []
        while len(found) < 300:
            message = into.get(timeout=10)
            found.append(message.payload["n"])
            message.ack()
        writer.join()
        assert sorted(found) == list(range(300))
        (folder / "1_x.bell.msg").write_bytes(
            b""
        )  # what an older version left half-written is dropped
        with pytest.raises(into.Empty):
            into.get(timeout=0.2)
        out.close()
        into.close()


def test_asking_again_for_later_delays_nothing(db: None) -> None:
    soon = _ask()
    _ask(delay_seconds=600)
    assert Job.objects.get().pk == soon.pk
    assert Job.objects.get().due_at < timezone.now() + timedelta(seconds=5)


def test_a_job_is_put_back_by_its_own_worker_only(db: None) -> None:
    job = _ask()
    mine = claims.claim(job.pk)
    assert mine is not None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    theirs = claims.claim(job.pk)
    assert theirs is not None
    claims.postpone(mine, "too late")
    assert Job.objects.get().state == "running"
    claims.postpone(theirs, "later")
    assert Job.objects.get().state == "waiting"


def _left_by_its_worker(job: Job, *, times: int) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(
        state="running", lease_until=past, attempt_count=times, lease_token="t"
    )


def test_what_ends_its_worker_again_and_again_has_failed(db: None, done: list[str]) -> None:
    job = _ask()
    _left_by_its_worker(job, times=claims.MAXIMAL_ATTEMPTS - 1)
    assert claims.claim(job.pk) is not None
    _left_by_its_worker(job, times=claims.MAXIMAL_ATTEMPTS)
    Job.objects.filter(pk=job.pk).update(last_error="UNAVAILABLE")
    assert claims.claim(job.pk) is None
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.last_error == "its worker ended or hung at the last try; before: UNAVAILABLE"


def test_one_that_was_left_behind_is_known_and_one_that_runs_is_not(db: None) -> None:
    left, runs, waits = _ask("1"), _ask("2"), _ask("3")
    _left_by_its_worker(left, times=1)
    assert claims.claim(runs.pk) is not None
    assert queue.abandoned([left.pk, runs.pk, waits.pk]) == {left.pk}


def test_whoever_ends_late_what_was_given_up_ends_nothing(db: None) -> None:
    job = _ask()
    claim = claims.claim(job.pk)
    assert claim is not None
    queue.give_up(job)
    claims.finish(claim)
    job.refresh_from_db()
    assert job.state == "failed"


def test_trying_again_beside_the_same_work_says_no(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody asked for it between the look and the write: the unique constraint says so."""
    first = _ask()
    Job.objects.filter(pk=first.pk).update(state="failed")
    _ask()
    monkeypatch.setattr(
        type(Job.objects.all()), "exists", lambda _rows: False
    )  # the look saw nothing
    with transaction.atomic():
        assert queue.try_again(first) is False
    first.refresh_from_db()
    assert first.state == "failed"


def test_what_nobody_does_any_more_is_asked_for_again(db: None) -> None:
    waits, fails, failed = _ask("waits"), _ask("fails"), _ask("failed")
    now = timezone.now()
    Job.objects.filter(pk=fails.pk).update(state="failed", finished_at=now)
    long_ago = now - queue.ASK_AGAIN_AFTER - timedelta(minutes=1)
    Job.objects.filter(pk=failed.pk).update(state="failed", finished_at=long_ago)
    subjects = ["waits", "fails", "failed", "never asked", "never asked"]
    assert queue.left_behind("test", subjects) == ["failed", "never asked"]
    assert waits.state == "waiting"


def test_the_last_job_of_a_subject_says_whether_it_failed(db: None) -> None:
    once = _ask("mended")
    Job.objects.filter(pk=once.pk).update(state="failed")
    again = _ask("mended")
    Job.objects.filter(pk=again.pk).update(state="done")
    bad = _ask("bad")
    Job.objects.filter(pk=bad.pk).update(state="failed")
    assert queue.failed_lately("test", ["mended", "bad"]) == ["bad"]
    assert queue.failed_lately("test", []) == []


def test_a_queue_whose_jobs_nobody_takes_is_stuck_although_workers_live(db: None) -> None:
    job = _ask(queue="env-dev")
    assert queue.stuck_since("env-dev") is None
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(due_at=long_ago)
    assert queue.stuck_since("env-dev") == long_ago
    other = _ask("2", queue="env-dev")
    assert claims.claim(other.pk) is not None  # something is taken: they are only busy
    assert queue.stuck_since("env-dev") is None
    Job.objects.filter(pk=other.pk).update(started_at=long_ago - timedelta(minutes=1))
    assert queue.stuck_since("env-dev") is None  # with what was taken long ago
    Job.objects.filter(pk=other.pk).update(lease_until=long_ago)
    assert queue.stuck_since("env-dev") == long_ago
    assert queue.stuck_since("env-prod") is None


def test_a_broker_that_failed_is_left_alone_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []

    def fails(arguments: tuple[int], **_: Any) -> None:
        rung.append(arguments[0])
        raise tasks.ring.OperationalError("away")

    monkeypatch.setattr(tasks.ring, "apply_async", fails)
    monkeypatch.setattr(queue, "_quiet_until", [0.0])
    for number in range(8):
        queue.ring(number, "env-dev")
    assert rung == [0]
    monkeypatch.setattr(queue, "_quiet_until", [time.monotonic() - 1])
    queue.ring(8, "env-dev")
    assert rung == [0, 8]
