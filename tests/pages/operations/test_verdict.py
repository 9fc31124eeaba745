"""What an operator is told first."""

from django.db.models.functions import Now

from certs.models import GoogleLocation
from jobs.models import Heartbeat, Job, JobState
from tests.certificates import make
from tests.world import World, page_text


def lives(*queues: str) -> None:
    Heartbeat.objects.create(name="w", role=Heartbeat.Role.WORKER, queues=list(queues))
    Heartbeat.objects.create(name="b", role=Heartbeat.Role.BEAT)


def verdict(world: World) -> str:
    """The text between the time of the page and its first table."""
    return (
        page_text(world, "paula", "/operations/").partition("As of")[2].partition("Oldest since")[0]
    )


def test_where_nothing_needs_a_person_it_says_so(world: World) -> None:
    lives("*")
    text = verdict(world)
    assert "All is well: nothing needs a person." in text
    assert "Needs a person" not in text


def test_each_trouble_is_said_with_its_line_of_the_runbook(world: World) -> None:
    lives("portal")
    change = world.checked(make())
    type(change).objects.filter(pk=change.pk).update(held_code="cloud-denied", held_at=Now())
    config = world.trust_config()
    type(config).objects.filter(pk=config.pk).update(blocked_at=Now())
    GoogleLocation.objects.update_or_create(
        project="demo-dev", location="global", defaults={"refused_code": "cloud-denied"}
    )
    Job.objects.create(
        kind="publish", subject_id="x", queue="portal", due_at=Now(), state=JobState.FAILED
    )
    text = verdict(world)
    assert "All is well" not in text
    for sentence in (
        "No worker answers for env-dev, env-prod.",
        "1 trust config is stopped.",
        "1 change is held.",
        "Google refuses the sweep of demo-dev / global",
        "1 job was given up after many tries.",
    ):
        assert sentence in text
    assert "No beat answers" not in text
    page = world.page("paula").get("/operations/").content.decode()
    assert "/operations/runbook/#workers-broker-database.a-queue-has-no-worker" in page
    assert "/operations/runbook/#a-change-that-is-held.cloud-denied" in page


def test_a_beat_that_is_away_is_said(world: World) -> None:
    Heartbeat.objects.create(name="w", role=Heartbeat.Role.WORKER, queues=["*"])
    assert "No beat answers" in verdict(world)


def test_the_runbook_is_for_admins_of_the_platform(world: World) -> None:
    assert "a queue has no worker" in page_text(world, "paula", "/operations/runbook/")
    assert world.page("rita").get("/operations/runbook/").status_code == 403
