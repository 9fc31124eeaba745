"""An approval that waited too long ends, and says so."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from approvals.deciding.lapse import lapse
from approvals.draft import Timing
from audit.models import AuditEvent
from tests.certificates import make
from tests.world import World


@pytest.fixture
def days(settings: Any) -> int:
    return int(settings.APPROVAL_DAYS)


def test_an_approval_lapses_a_set_time_after_it_could_have_been_written(
    world: World, days: int
) -> None:
    due = timezone.now() + timedelta(days=3)
    change = world.approved(make(), timing=Timing("at_time", due))
    with time_machine.travel(due + timedelta(days=days, minutes=-5), tick=True):
        lapse()
    assert world.fresh(change).state == "approved"
    with time_machine.travel(due + timedelta(days=days, minutes=5), tick=True):
        lapse()
    change = world.fresh(change)
    assert change.state == "rejected"
    assert change.causes == [{"code": "rejected-lapsed", "days": str(days)}]
    assert AuditEvent.objects.filter(type="change.lapsed", change_number=change.number).count() == 1


def test_what_waits_for_votes_does_not_lapse(world: World, days: int) -> None:
    change = world.checked(make())
    with time_machine.travel(timezone.now() + timedelta(days=10 * days), tick=True):
        lapse()
    assert world.fresh(change).state == "validated"


def test_what_is_being_written_does_not_lapse(world: World, days: int) -> None:
    due = timezone.now() + timedelta(days=3)
    change = world.approved(make(), timing=Timing("at_time", due))
    world.write_begun(change)
    with time_machine.travel(due + timedelta(days=days, minutes=5), tick=True):
        lapse()
    assert world.fresh(change).state == "approved"
