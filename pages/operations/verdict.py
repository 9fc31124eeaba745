"""What an operator is told first: what needs a person now, each with its place on the page and its line of the runbook."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from certs.models import GoogleLocation, TrustConfig
from jobs.models import Heartbeat
from pages.operations.reading import Process, ProjectRow, QueueRow
from web.texts import listed


@dataclass(frozen=True)
class Trouble:
    """``place``: the id of a part of the page; ``section`` and ``line``: of the runbook."""

    sentence: str
    place: str
    section: str
    line: str


def troubles(
    *,
    queues: Iterable[QueueRow],
    processes: Iterable[Process],
    projects: Iterable[ProjectRow],
    locations: Iterable[GoogleLocation],
    trust_configs: Iterable[TrustConfig],
    held_count: int,
) -> list[Trouble]:
    """The worst first; empty when nothing needs a person."""
    queues = list(queues)
    found: list[Trouble] = []

    def tell(count: int, one: str, place: str, section: str, line: str) -> None:
        if count:
            found.append(Trouble(one, place, section, line))

    silent = [row.name for row in queues if not row.is_served]
    tell(
        len(silent),
        _("No worker answers for %(names)s.") % {"names": listed(silent)},
        "queues",
        "Workers, broker, database",
        "a queue has no worker",
    )
    has_beat = any(one.is_alive and one.heartbeat.role == Heartbeat.Role.BEAT for one in processes)
    tell(
        not has_beat,
        _("No beat answers: what was forgotten is not found again, and nothing is swept."),
        "processes",
        "Workers, broker, database",
        "beat is away",
    )
    stopped = [one for one in trust_configs if one.blocked_at]
    tell(
        len(stopped),
        ngettext(
            "%(count)d trust config is stopped.",
            "%(count)d trust configs are stopped.",
            len(stopped),
        )
        % {"count": len(stopped)},
        "waiting",
        "A trust config",
        "Stopped",
    )
    tell(
        held_count,
        ngettext("%(count)d change is held.", "%(count)d changes are held.", held_count)
        % {"count": held_count},
        "waiting",
        "A change that is held",
        "",
    )
    refused = [one for one in locations if one.refused_code]
    tell(
        len(refused),
        _("Google refuses the sweep of %(names)s: an edit outside the portal would go unnoticed.")
        % {"names": listed(f"{one.project} / {one.location}" for one in refused)},
        "google",
        "Drift",
        "",
    )
    quiet = [row.project.project for row in projects if row.is_silent]
    tell(
        len(quiet),
        _("Google does not answer for %(names)s.") % {"names": listed(quiet)},
        "google",
        "A trust config",
        "cloud-unavailable",
    )
    failed = sum(row.failed for row in queues)
    tell(
        failed,
        ngettext(
            "%(count)d job was given up after many tries.",
            "%(count)d jobs were given up after many tries.",
            failed,
        )
        % {"count": failed},
        "jobs",
        "Workers, broker, database",
        "failed",
    )
    return found
