"""Signs of life: every worker and beat write one each few seconds, and a worker renews the leases of what it runs.

A process that is killed or frozen writes none, so its job's lease runs out and another worker takes it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Case, When
from django.db.models.functions import Now

from jobs import worker
from jobs.claims import Claim, renew
from jobs.models import Heartbeat

logger = logging.getLogger(__name__)

EVERY_QUEUE = "*"
BEAT_SECONDS = 3.0
# Five signs in a row are missing.
SILENT_AFTER = timedelta(seconds=15)
# A handler that has run for so long hangs: its lease is renewed no more, and another worker takes the job.
LONGEST_JOB_SECONDS = 900.0

_running: dict[str, tuple[float, Claim]] = {}  # by the token of the claim


def start(role: Heartbeat.Role, queues: Iterable[str] = ()) -> None:
    """Begins to give signs of life for this process, in a thread that dies with it."""
    names = sorted(queues)
    threading.Thread(target=_live, args=(role, names), name="heartbeat", daemon=True).start()


def start_renewing() -> None:
    """The same without a sign, in a child of a prefork pool: its parent speaks for it."""
    threading.Thread(target=_renew_for_ever, name="leases", daemon=True).start()


@contextmanager
def held(claim: Claim) -> Iterator[None]:
    """While a handler runs its lease is renewed."""
    _running[claim.token] = (time.monotonic(), claim)
    try:
        yield
    finally:
        _running.pop(claim.token, None)
        worker.last_job = claim.kind


def sign(role: Heartbeat.Role, queues: list[str]) -> None:
    """Writes one sign of life, by the database's time."""
    kind = worker.last_job
    told: dict[str, object] = {"role": role, "queues": queues, "seen_at": Now()}
    told["version"] = settings.VERSION
    if kind:
        told |= {"last_kind": kind, "last_job_at": Now()}
        worker.last_job = ""
    Heartbeat.objects.update_or_create(name=worker.name(), defaults=told)


def renew_running() -> None:
    """Renews the lease of everything that this process runs and that does not hang."""
    oldest = time.monotonic() - LONGEST_JOB_SECONDS
    for began, claim in list(_running.values()):
        if began > oldest:
            renew(claim)


def alive() -> list[Heartbeat]:
    """Everything that has given a sign lately."""
    return list(Heartbeat.objects.filter(seen_at__gt=Now() - SILENT_AFTER))


@dataclass(frozen=True)
class Signs:
    """The workers' last signs, read once for any number of queues; ``rows`` has the latest first."""

    rows: Sequence[Heartbeat]
    living: frozenset[int]

    def is_served(self, queue: str) -> bool:
        """Whether a worker of this queue has given a sign lately."""
        return any(_serves(one, queue) for one in self.rows if one.pk in self.living)

    def last_sign(self, queue: str) -> datetime | None:
        """When a worker of this queue last gave a sign; None when none ever did."""
        return next((one.seen_at for one in self.rows if _serves(one, queue)), None)


def signs() -> Signs:
    is_alive = Case(When(seen_at__gt=Now() - SILENT_AFTER, then=True), default=False)
    rows = Heartbeat.objects.filter(role=Heartbeat.Role.WORKER).annotate(is_alive=is_alive)
    found = list(rows.order_by("-seen_at"))
    return Signs(found, frozenset(one.pk for one in found if one.is_alive))


def forget_old(*, older_than: timedelta) -> None:
    Heartbeat.objects.filter(seen_at__lt=Now() - older_than).delete()


def _serves(one: Heartbeat, queue: str) -> bool:
    return bool({queue, EVERY_QUEUE} & set(one.queues))


def _live(role: Heartbeat.Role, queues: list[str]) -> None:
    here = settings.VAR_DIR / f"alive-{role.value}"
    while True:
        here.touch()  # for the health check of a container, which asks no database
        _tell(lambda: sign(role, queues))
        _tell(renew_running)
        time.sleep(BEAT_SECONDS)


def _renew_for_ever() -> None:
    while True:
        time.sleep(BEAT_SECONDS)
        _tell(renew_running)


def _tell(act: Callable[[], None]) -> None:
    try:
        act()
    except DatabaseError as error:  # the next sign tries again, on a new connection
        logger.warning("no sign of life could be written (%s)", type(error).__name__)
        connection.close()
