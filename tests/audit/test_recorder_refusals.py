"""Refusals once, and the database's time."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditEvent
from jobs import clock
from jobs.clock import now as the_databases_now
from tests.certificates import make
from tests.world import World


def test_a_refusal_is_recorded_once(world: World) -> None:
    before = AuditEvent.objects.filter(result="refused").count()
    page = world.page("sam")
    theirs = world.trust_config("logistics-clients")
    assert page.post(f"/t/payments/trust-configs/{theirs.pk}/retry/").status_code == 404
    assert AuditEvent.objects.filter(result="refused").count() == before + 1


def test_events_say_the_databases_time_however_wrong_the_workers_clock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.submit(make("c"))
    world.work()
    world.approve(change)
    monkeypatch.setattr(clock, "now", the_databases_now)
    right = the_databases_now()
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        world.work()
    assert world.fresh(change).state == "applied"
    publication = change.attempts.get().publication
    times = [
        *AuditEvent.objects.filter(type__startswith="publication.").values_list("at", flat=True),
        publication.verified_at,
        world.trust_config().observed_at,
    ]
    assert all(abs(at - right) < timedelta(minutes=5) for at in times)
