"""That nobody works at what waits: said after some seconds, with since when."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from jobs import clock, heartbeat
from jobs.queue import stuck_since

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # of what has no beginning


def silence_of(queue: str, since: datetime) -> str:
    """Empty while a worker of the queue answers and takes jobs, or has been waited for a few seconds only."""
    if clock.now() - since < heartbeat.SILENT_AFTER:
        return ""
    workers = heartbeat.signs()
    if workers.is_served(queue):
        stuck = stuck_since(queue)
        if stuck is None:
            return ""
        return _(
            "Workers of %(queue)s answer, but none has taken a job since %(when)s. The message broker may be away."
        ) % {"queue": queue, "when": _instant(stuck)}
    last = workers.last_sign(queue)
    if last is None:
        return _("No worker of %(queue)s has answered yet.") % {"queue": queue}
    return _("No worker of %(queue)s has answered since %(when)s.") % {
        "queue": queue,
        "when": _instant(last),
    }


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
