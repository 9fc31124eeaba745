"""That nobody works at what waits: said after some seconds, with since when."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import heartbeat


def silence_of(queue: str, since: datetime) -> str:
    """Empty while a worker of the queue answers, or has been waited for a few seconds only."""
    if timezone.now() - since < heartbeat.SILENT_AFTER:
        return ""
    workers = heartbeat.signs()
    if workers.is_served(queue):
        return ""
    last = workers.last_sign(queue)
    if last is None:
        return _("No worker of %(queue)s has answered yet.") % {"queue": queue}
    return _("No worker of %(queue)s has answered since %(when)s.") % {
        "queue": queue,
        "when": f"{last:%Y-%m-%d %H:%M:%S} UTC",
    }
