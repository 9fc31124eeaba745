"""When an environment may be written: weekly windows in a time zone, and freezes. Pure: rows in, instants out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Far enough for any window to come round again after the longest freeze that the forms take.
HORIZON = timedelta(days=400)


@dataclass(frozen=True)
class Window:
    """``weekday`` 0 is Monday; one that closes at or before it opens ends on the next day. Wall-clock times of ``zone``."""

    weekday: int
    opens: time
    closes: time
    zone: str

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The instants (UTC) of the window that opens on this day."""
        zone = ZoneInfo(self.zone)
        last = day + timedelta(days=1) if self.closes <= self.opens else day
        begins, ends = (
            datetime.combine(day, self.opens, zone).astimezone(UTC),
            datetime.combine(last, self.closes, zone).astimezone(UTC),
        )
        if ends <= begins:  # clocks went forward over it: it keeps its length
            ends = begins + (
                datetime.combine(last, self.closes) - datetime.combine(day, self.opens)
            )
        return begins, ends


@dataclass(frozen=True)
class Closure:
    """A freeze: nothing is written from ``begins`` until ``ends``."""

    begins: datetime
    ends: datetime


def next_opening(
    windows: Sequence[Window], freezes: Iterable[Closure], at: datetime
) -> datetime | None:
    """The first instant from ``at`` on that lies in a window (any instant does, where there are none) and in no freeze."""
    freezes = sorted(freezes, key=lambda freeze: freeze.begins)
    until, found = at + HORIZON, at
    while found < until:
        opening = _in_window(windows, found)
        if opening is None:
            return None
        freeze = next(
            (freeze for freeze in freezes if freeze.begins <= opening < freeze.ends), None
        )
        if freeze is None:
            return opening
        found = freeze.ends
    return None


def _in_window(windows: Sequence[Window], at: datetime) -> datetime | None:
    """``at`` itself inside a window, or when the next one opens."""
    if not windows:
        return at
    intervals = []
    for window in windows:
        today = at.astimezone(ZoneInfo(window.zone)).date()
        days = [today + timedelta(days=shift) for shift in range(-1, 9)]
        intervals += [window.on(day) for day in days if day.weekday() == window.weekday]
    coming = [(max(begins, at), ends) for begins, ends in intervals if ends > at]
    return min((begins for begins, ends in coming if begins < ends), default=None)
