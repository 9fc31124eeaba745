"""When an approved change may be written: at once, from a time on, or in a change window; never in a freeze, unless it is urgent."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from approvals.models import ChangeRequest
from tenants.models import Environment, Freeze
from tenants.windows import next_opening


def opens_at(change: ChangeRequest, at: datetime) -> datetime | None:
    """The first instant from ``at`` on at which the change may be written; None when no window opens for more than a year."""
    start = max(at, change.due_at) if change.due_at else at
    if change.is_urgent:
        return start
    environment = change.trust_config.environment
    windows = (
        [row.window for row in environment.windows.all()]
        if change.schedule == ChangeRequest.Schedule.IN_WINDOW
        else []
    )
    return next_opening(
        windows,
        [freeze.closure for freeze in environment.freezes.all() if freeze.ends_at > at],
        start,
    )


def freeze_now(environment: Environment) -> Freeze | None:
    """The freeze that holds the environment at this moment, the longest one first."""
    at = timezone.now()
    return max(
        (freeze for freeze in environment.freezes.all() if freeze.begins_at <= at < freeze.ends_at),
        key=lambda freeze: freeze.ends_at,
        default=None,
    )


def may_go(change: ChangeRequest, at: datetime) -> bool:
    return opens_at(change, at) == at and not has_lapsed(change, at)


def is_overlap_over(change: ChangeRequest, at: datetime) -> bool:
    """A rotation whose overlap has ended before it began: its second half would follow at once."""
    return change.overlap_until is not None and change.overlap_until <= at


def has_lapsed(change: ChangeRequest, at: datetime) -> bool:
    when = lapses_at(change)
    return when is not None and when <= at


def lapses_at(change: ChangeRequest) -> datetime | None:
    """When its approval counts no more: a set time after the first instant at which it could have been written."""
    if change.approved_at is None:
        return None
    return (opens_at(change, change.approved_at) or change.approved_at) + timedelta(
        days=settings.APPROVAL_DAYS
    )
