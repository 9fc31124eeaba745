"""Our share of a project's quota, as a token bucket that all workers draw from, and a rest for projects that do not answer.

The bucket is kept as one instant (GCRA): each call books the project for ``60 / per_minute`` seconds more, and may be
made while that is at most ``burst`` calls ahead of now. Database time throughout: workers' clocks may differ.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Now

from certs.models import GoogleProject
from gcp.errors import (
    RATE_LIMIT_EXCEEDED,
    CloudError,
    CloudExhausted,
    CloudUnavailable,
    OutcomeUnknown,
)


class Quota(Enum):
    """Google's two per-minute quotas (docs.cloud.google.com/certificate-manager/docs/quotas)."""

    READ = "reads_at"
    WRITE = "writes_at"


@contextmanager
def spent(project: str, quota: Quota, rpc: str) -> Iterator[None]:
    """Books one call and makes it.

    :raises CloudExhausted: when our share of the quota is used up; nothing was called.
    :raises CloudUnavailable: when the project rests, because it did not answer; nothing was called.
    """
    _book(project, quota, rpc)
    began = time.monotonic()
    try:
        yield
    except (CloudUnavailable, OutcomeUnknown):
        if time.monotonic() - began >= settings.RPC_TIMEOUT_SECONDS * 0.9:
            _note_silence(project)
        else:
            _note_answer(project)
        raise
    except CloudError:
        _note_answer(project)  # no is an answer too
        raise
    _note_answer(project)


def require_room(project: str, quota: Quota, rpc: str) -> None:
    """Looks without booking, before anything is written down about a call.

    :raises CloudExhausted: when our share of the quota is used up.
    """
    rows = GoogleProject.objects.filter(project=project)
    if rows.exists() and not _with_room(rows, quota).exists():
        raise _exhausted(project, quota, rpc)


def _book(project: str, quota: Quota, rpc: str) -> None:
    row, _is_new = GoogleProject.objects.get_or_create(project=project)
    mine = GoogleProject.objects.filter(pk=row.pk)
    if row.silence_count:
        # One call at a time tries whether the project is back, so that its hanging calls never fill a worker.
        until = Now() + timedelta(seconds=settings.RPC_TIMEOUT_SECONDS)
        if not mine.filter(Q(silence_count=0) | Q(rests_until__lte=Now())).update(
            rests_until=until
        ):
            raise CloudUnavailable(
                rpc, f"project {project} does not answer; it is tried again every few seconds"
            )
    each = timedelta(seconds=60 / _per_minute(quota))
    if not _with_room(mine, quota).update(**{quota.value: Greatest(F(quota.value), Now()) + each}):
        raise _exhausted(project, quota, rpc)


def _with_room(rows: QuerySet[GoogleProject], quota: Quota) -> QuerySet[GoogleProject]:
    per_minute = _per_minute(quota)
    burst = timedelta(seconds=60 / per_minute) * max(1, per_minute // 4)
    return rows.filter(**{f"{quota.value}__lte": Now() + burst})


def _per_minute(quota: Quota) -> int:
    return int(settings.READS_PER_MINUTE if quota is Quota.READ else settings.WRITES_PER_MINUTE)


def _exhausted(project: str, quota: Quota, rpc: str) -> CloudExhausted:
    return CloudExhausted(
        rpc,
        f"the portal's share of {_per_minute(quota)} {quota.name.lower()}s per minute in project {project} is used up",
        google_reason=RATE_LIMIT_EXCEEDED,
    )


def _note_answer(project: str) -> None:
    GoogleProject.objects.filter(project=project, silence_count__gt=0).update(silence_count=0)


def _note_silence(project: str) -> None:
    row = GoogleProject.objects.get(project=project)
    rest = timedelta(seconds=min(60.0, 2.0 ** min(row.silence_count, 6)))
    GoogleProject.objects.filter(pk=row.pk).update(
        silence_count=F("silence_count") + 1, rests_until=Now() + rest
    )
