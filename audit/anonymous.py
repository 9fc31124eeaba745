"""Refusals of people who are not signed in: counted per minute, so that a flood writes one event and not a million."""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from audit.events import Actor, EventType, Scope, Subject
from audit.models import AnonymousRefusal
from audit.recorder import record


def count(kind: str) -> None:
    """Counts one refusal in the present minute."""
    minute = timezone.now().replace(second=0, microsecond=0)
    row = AnonymousRefusal.objects.filter(minute=minute, kind=kind)
    with transaction.atomic(durable=True):
        if not row.update(count=F("count") + 1):
            try:
                with transaction.atomic():
                    AnonymousRefusal.objects.create(minute=minute, kind=kind, count=1)
            except IntegrityError:  # another request began the minute
                row.update(count=F("count") + 1)


def record_finished_minutes() -> None:
    """Turns each finished minute into one event."""
    this_minute = timezone.now().replace(second=0, microsecond=0)
    with transaction.atomic(durable=True):
        for row in AnonymousRefusal.objects.select_for_update().filter(minute__lt=this_minute):
            record(
                EventType.SIGN_IN_REFUSED,
                actor=Actor(kind="nobody", id="-"),
                subject=Subject(row.kind, "-"),
                scope=Scope(),
                result="refused",
                details={"minute": row.minute.isoformat(), "count": row.count},
            )
            row.delete()
