"""One bad address does not mail all others again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import send_mail
from django.utils import timezone

from approvals.models import Reminder
from approvals.reminding import mail as reminding
from approvals.reminding.due import remind
from jobs.models import Job
from tests.certificates import make
from tests.world import World

pytestmark = pytest.mark.embedded


def test_each_person_is_mailed_by_a_job_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.scheduled(make())
    sent = send_mail

    def refusing(subject: str, body: str, sender: Any, to: list[str]) -> int:
        if to == ["sam@example.com"]:
            raise OSError("no such mailbox")
        return sent(subject, body, sender, to)

    monkeypatch.setattr(reminding, "send_mail", refusing)
    with time_machine.travel(timezone.now() + timedelta(days=16), tick=True):
        remind()
    reminder = Reminder.objects.get(change=change)
    reminding.mail_all(reminder_id=reminder.pk)
    asked = Job.objects.filter(kind="mail_reminder_to").values_list("subject_id", flat=True)
    sam, rita = world.user("sam").pk, world.user("rita").pk
    assert set(asked) == {f"{reminder.pk}:{sam}", f"{reminder.pk}:{rita}"}
    world.work()  # sam's job fails and is tried again, rita's is done once
    assert [message.to for message in mail.outbox] == [["rita@example.com"]]
    reminding.mail_all(reminder_id=reminder.pk)
    world.work()
    assert [message.to for message in mail.outbox] == [["rita@example.com"]]


def test_a_mail_server_that_was_away_for_long_loses_no_reminder(world: World) -> None:
    change = world.scheduled(make())
    long_ago = timezone.now() - timedelta(hours=1)
    with time_machine.travel(timezone.now() + timedelta(days=16), tick=True):
        remind()
        reminder = Reminder.objects.get(change=change)
        reminding.mail_all(reminder_id=reminder.pk)
        jobs = Job.objects.filter(kind="mail_reminder_to")
        asked = jobs.count()
        jobs.update(state="failed", finished_at=long_ago, created_at=long_ago)
        Reminder.objects.update(mailed_at=timezone.now())
        remind()
        assert jobs.filter(state="waiting").count() == asked > 0
        jobs.update(state="failed", finished_at=long_ago)
        Reminder.objects.update(made_at=timezone.now() - timedelta(days=2))
        remind()  # it says nothing new any more, and is not tried for ever
        assert not jobs.filter(state="waiting").exists()


def test_a_reminder_whose_job_was_given_up_is_asked_for_again(world: World) -> None:
    world.scheduled(make())
    long_ago = timezone.now() - timedelta(hours=1)
    with time_machine.travel(timezone.now() + timedelta(days=16), tick=True):
        remind()
        jobs = Job.objects.filter(kind="mail_reminder")
        remind()
        assert jobs.count() == 1
        jobs.update(state="failed", finished_at=long_ago)
        remind()
        assert jobs.filter(state="waiting").count() == 1
