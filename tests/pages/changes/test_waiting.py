"""What an open change waits for, and that nothing waits for ever without a word."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.draft import Timing
from emulator.faults import Fault
from jobs import heartbeat
from jobs.models import Heartbeat, Job
from pages.changes.waiting import waiting_of
from tests.certificates import make
from tests.world import World


def said(world: World, change: Any) -> tuple[str, str, bool]:
    waiting = waiting_of(world.fresh(change))
    assert waiting is not None
    return str(waiting.what), str(waiting.way_out), waiting.is_trouble


def test_a_check_that_google_does_not_answer_says_so_and_how_often(world: World) -> None:
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    change = world.submit(make())
    assert "takes seconds" in said(world, change)[1]
    job = Job.objects.get(kind="validate_change", subject_id=str(change.pk))
    Job.objects.filter(pk=job.pk).update(attempt_count=3, last_error="GetTrustConfig: UNAVAILABLE")
    what, way_out, is_trouble = said(world, change)
    assert "3 times" in what
    assert "GetTrustConfig: UNAVAILABLE" in what
    assert "takes seconds" not in way_out
    assert f"{job.due_at:%H:%M:%S}" in way_out
    assert is_trouble


@pytest.mark.parametrize(
    ("state", "words"), [("running", "being tried again now"), ("failed", "was given up")]
)
def test_neither_a_try_that_runs_nor_one_that_was_given_up_is_said_to_take_seconds(
    world: World, state: str, words: str
) -> None:
    heartbeat.sign(Heartbeat.Role.WORKER, ["env-dev"])
    change = world.submit(make())
    Job.objects.filter(kind="validate_change").update(
        attempt_count=12, last_error="UNAVAILABLE", state=state
    )
    what, way_out, is_trouble = said(world, change)
    assert words in way_out
    assert "seconds" not in what + way_out
    assert is_trouble


def test_one_failed_try_is_no_trouble_yet(world: World) -> None:
    change = world.submit(make())
    Job.objects.filter(kind="validate_change").update(attempt_count=1, last_error="x")
    assert not said(world, change)[2]


def test_the_real_worker_leaves_what_the_page_needs(world: World) -> None:
    world.emulator.faults.add(Fault("GetTrustConfig", code="UNAVAILABLE", times=100))
    change = world.submit(make())
    world.work()
    job = Job.objects.get(kind="validate_change", subject_id=str(change.pk))
    assert job.attempt_count > 1
    assert said(world, change)[2]
    world.emulator.faults.clear()
    world.work()


def test_votes_that_nobody_can_give_are_said_before_anybody_votes(world: World) -> None:
    change = world.checked(make(), environment="prod")
    assert "must decide" in said(world, change)[0]
    world.take_grant("ravi", "reviewer")
    what, way_out, is_trouble = said(world, change)
    assert "2 approvals" in what
    assert "platform admin" in way_out
    assert is_trouble


def test_votes_that_were_given_count(world: World) -> None:
    change = world.checked(make(), environment="prod")
    world.approve(change, by="rita")
    assert not said(world, change)[2]


def test_the_words_of_google_end_before_ours_begin(world: World) -> None:
    change = world.submit(make())
    type(change).objects.filter(pk=change.pk).update(
        held_code="cloud-rejected",
        held_words="pem_certificate: unsupported",
        held_at=timezone.now(),
    )
    assert said(world, change)[0].endswith("“pem_certificate: unsupported”.")


def test_what_waits_for_a_date_says_which(world: World) -> None:
    due = timezone.now() + timedelta(days=2)
    change = world.approved(make(), timing=Timing("at_time", due))
    assert f"{due:%Y-%m-%d %H:%M}" in said(world, change)[0]


def test_what_is_over_waits_for_nothing(world: World) -> None:
    assert waiting_of(world.applied(make())) is None


@pytest.mark.parametrize("state", ["submitted", "validated"])
def test_each_waiting_has_a_way_out(world: World, state: str) -> None:
    change = world.submit(make()) if state == "submitted" else world.checked(make())
    assert said(world, change)[1]
