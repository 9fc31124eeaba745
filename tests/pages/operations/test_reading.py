"""The page for operators: who lives, what waits, and what is done about it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.models import ChangeRequest
from audit.models import AuditEvent
from jobs import heartbeat
from jobs.models import Heartbeat, Job
from pages.operations import reading
from tests.certificates import make
from tests.world import World

PAGE = "/operations/"


def _page(world: World, query: str = "") -> str:
    answer = world.page("paula").get(PAGE + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def _job(**values: Any) -> Job:
    at = timezone.now() - timedelta(minutes=5)
    told = {"kind": "publish", "subject_id": "x", "queue": "env-dev", "due_at": at, **values}
    return Job.objects.create(**told)


def _row(page: str, queue: str) -> str:
    return page.split(f'<td class="mono nowrap">{queue}</td>', 1)[1].split("</tr>", 1)[0]


def test_each_queue_says_whether_somebody_serves_it_and_what_waits(world: World) -> None:
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    _job()
    _job(subject_id="failed", state="failed", finished_at=timezone.now())
    page = _page(world)
    assert "answers" in _row(page, "env-dev")
    assert 'data-label="Due now">1<' in _row(page, "env-dev")
    assert "?state=failed&amp;queue=env-dev#jobs" in _row(page, "env-dev")
    assert "silent" in _row(page, "env-prod")
    assert "none has answered yet" in _row(page, "env-prod")
    assert "-Q env-prod" in _row(page, "env-prod")


def test_a_process_that_has_fallen_silent_says_since_when(world: World) -> None:
    assert "No worker and no beat has given a sign within a day" in _page(world)
    heartbeat.sign(Heartbeat.Role.BEAT, [])
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    page = _page(world)
    assert "silent" in page.split('id="processes"')[1].split("</section>")[0]
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(days=2))
    assert "No worker and no beat" in _page(world)


def test_jobs_are_linked_to_what_they_are_about(world: World) -> None:
    Job.objects.all().delete()
    change = world.submit(make())
    _job(subject_id=str(world.trust_config().pk))
    _job(kind="unheard-of", subject_id="raw")
    page = _page(world, "?state=waiting")
    jobs = page.split('id="jobs"', 1)[1]
    assert f"/t/payments/changes/{change.number}/" in jobs
    assert f"/t/payments/trust-configs/{world.trust_config().pk}/" in jobs
    assert "raw" in jobs


def test_a_failed_job_is_tried_again_and_that_is_recorded(world: World) -> None:
    job = _job(state="failed", attempt_count=50, last_error="boom", finished_at=timezone.now())
    answer = world.page("paula").post(f"{PAGE}jobs/{job.pk}/retry/")
    assert answer.status_code == 302
    job.refresh_from_db()
    assert (job.state, job.attempt_count, job.finished_at) == ("waiting", 0, None)
    event = AuditEvent.objects.filter(type="job.retried").get()
    assert event.recorded["before"] == "failed"
    assert event.recorded["details"]["last_error"] == "boom"


def test_a_waiting_job_is_given_up_and_that_is_recorded(world: World) -> None:
    job = _job()
    world.page("paula").post(f"{PAGE}jobs/{job.pk}/give-up/")
    job.refresh_from_db()
    assert job.state == "failed"
    assert AuditEvent.objects.filter(type="job.given_up").count() == 1
    world.page("paula").post(f"{PAGE}jobs/{job.pk}/give-up/")
    assert AuditEvent.objects.filter(type="job.given_up").count() == 1


def test_what_runs_or_waits_already_is_left_alone(world: World) -> None:
    running = _job(state="running", lease_until=timezone.now() + timedelta(minutes=1))
    failed = _job(subject_id="twice", state="failed", finished_at=timezone.now())
    _job(subject_id="twice")
    for job in (running, failed):
        answer = world.page("paula").post(f"{PAGE}jobs/{job.pk}/retry/", follow=True)
        assert "alert" in answer.content.decode()
        job.refresh_from_db()
    assert (running.state, failed.state) == ("running", "failed")
    assert not AuditEvent.objects.filter(type="job.retried").exists()


@pytest.mark.parametrize("name", ["rita", "ada", "sam", "tom"])
def test_nobody_else_operates(world: World, name: str) -> None:
    job = _job()
    assert world.page(name).get(PAGE).status_code in {403, 404}
    assert world.page(name).post(f"{PAGE}jobs/{job.pk}/give-up/").status_code in {403, 404}
    job.refresh_from_db()
    assert job.state == "waiting"


def test_a_change_says_that_nobody_works_at_it_and_since_when(world: World) -> None:
    change = world.submit(make())
    path = f"/t/payments/changes/{change.number}/"
    page = world.page("sam").get(path).content.decode()
    assert "it takes seconds" in page
    change.state_since = timezone.now() - timedelta(seconds=20)
    change.save()
    page = world.page("sam").get(path).content.decode()
    assert "No worker of env-dev has answered yet." in page
    assert "it takes seconds" not in page
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=3))
    last = Heartbeat.objects.get().seen_at
    page = world.page("sam").get(path).content.decode()
    assert f"No worker of env-dev has answered since {last:%Y-%m-%d %H:%M:%S} UTC." in page
    Heartbeat.objects.update(seen_at=timezone.now())
    assert "it takes seconds" in world.page("sam").get(path).content.decode()


def test_a_job_that_its_worker_left_can_be_given_up(world: World) -> None:
    past = timezone.now() - timedelta(minutes=1)
    job = _job(state="running", lease_until=past, lease_token="t", started_at=past)
    page = _page(world, "?state=running")
    assert f"/operations/jobs/{job.pk}/give-up/" in page
    assert world.page("paula").post(f"{PAGE}jobs/{job.pk}/give-up/").status_code == 302
    job.refresh_from_db()
    assert (job.state, job.lease_token) == ("failed", "")


def test_one_that_runs_cannot(world: World) -> None:
    later = timezone.now() + timedelta(minutes=1)
    job = _job(state="running", lease_until=later, lease_token="t", started_at=timezone.now())
    assert f"/operations/jobs/{job.pk}/give-up/" not in _page(world, "?state=running")
    world.page("paula").post(f"{PAGE}jobs/{job.pk}/give-up/")
    job.refresh_from_db()
    assert job.state == "running"


def test_more_held_changes_than_are_shown_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        world.checked(make(f"c{n}"))
    ChangeRequest.objects.update(held_code="x", held_words="y", held_at=timezone.now())
    assert "The oldest" not in _page(world)
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert "The oldest 2 of 3 held changes." in _page(world)
    from portal import metrics

    told = {metric.name: metric for metric in metrics._outcomes()}
    assert told["countersign_changes_held"].samples[0].value == 3


def test_the_signs_of_life_are_looked_at_again_by_themselves(world: World) -> None:
    page = _page(world)
    part = page[page.index('id="signs"') :].split("</div>", 1)[0]
    assert 'hx-trigger="every 15s"' in part
    assert "As of" in part
    polled = page[page.index('id="signs"') : page.index('aria-labelledby="jobs"')]
    assert "<form" not in polled


def test_what_is_refused_has_no_check_mark(world: World) -> None:
    job = _job(state="done", finished_at=timezone.now())
    answer = world.page("paula").post(f"{PAGE}jobs/{job.pk}/give-up/", follow=True)
    message = answer.content.decode().split('class="messages"', 1)[1].split("</div>", 1)[0]
    assert "#x" in message
    assert "#check" not in message
