"""Change windows and freezes: the pure calendar, and who may set them."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import BadValue, NotAllowed, UnknownObject
from tenants.flows import windows as flow
from tenants.windows import Closure, Window, next_opening
from tests.world import World

BERLIN = "Europe/Berlin"
TUESDAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_window_opens_in_its_own_time_zone() -> None:
    evening = Window(1, time(22), time(23, 30), BERLIN)
    assert next_opening([evening], [], TUESDAY) == datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    inside = datetime(2026, 11, 24, 21, 10, tzinfo=UTC)
    assert next_opening([evening], [], inside) == inside
    assert next_opening([evening], [], datetime(2026, 11, 24, 22, 30, tzinfo=UTC)) == datetime(
        2026, 12, 1, 21, 0, tzinfo=UTC
    )


def test_one_over_midnight_ends_on_the_next_day() -> None:
    night = Window(1, time(23), time(1), "UTC")
    late = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
    assert next_opening([night], [], late) == late
    assert next_opening([night], [], datetime(2026, 11, 25, 1, 0, tzinfo=UTC)) == datetime(
        2026, 12, 1, 23, 0, tzinfo=UTC
    )


def test_wall_clocks_go_on_when_summer_time_ends() -> None:
    morning = Window(6, time(9), time(10), BERLIN)
    assert next_opening([morning], [], datetime(2026, 10, 24, 12, tzinfo=UTC)) == datetime(
        2026, 10, 25, 8, tzinfo=UTC
    )
    assert next_opening([morning], [], datetime(2026, 10, 17, 12, tzinfo=UTC)) == datetime(
        2026, 10, 18, 7, tzinfo=UTC
    )


def test_a_freeze_moves_the_opening_behind_itself_and_into_the_next_window() -> None:
    evening = Window(1, time(22), time(23, 30), "UTC")
    freeze = Closure(TUESDAY, TUESDAY + timedelta(days=8))
    assert next_opening([evening], [freeze], TUESDAY) == datetime(2026, 12, 8, 22, tzinfo=UTC)
    assert next_opening([], [freeze], TUESDAY) == freeze.ends
    assert next_opening([], [Closure(TUESDAY, TUESDAY + timedelta(days=500))], TUESDAY) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.times(),
            st.times(),
            st.sampled_from(["UTC", BERLIN, "Asia/Shanghai", "America/New_York"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=3),
    st.integers(0, 60 * 24 * 30),
)
def test_what_it_finds_is_open_and_nothing_before_it_was(
    rows: list[tuple], freezes: list[tuple[int, int]], minutes: int
) -> None:
    windows = [
        Window(
            day,
            opens.replace(second=0, microsecond=0),
            closes.replace(second=0, microsecond=0),
            zone,
        )
        for day, opens, closes, zone in rows
    ]
    closures = [
        Closure(TUESDAY + timedelta(days=begin), TUESDAY + timedelta(days=begin + length))
        for begin, length in freezes
    ]
    at = TUESDAY + timedelta(minutes=minutes)
    found = next_opening(windows, closures, at)
    assert found is not None and found >= at
    assert not any(closure.begins <= found < closure.ends for closure in closures)
    assert next_opening(windows, closures, found) == found
    between = at + (found - at) / 2
    assert next_opening(windows, closures, between) == found or between == found


def test_platform_admins_set_windows_and_freezes_and_nobody_else(world: World) -> None:
    window = Window(1, time(22), time(23), BERLIN)
    with pytest.raises(NotAllowed):
        flow.set_windows(
            actor=world.actor("rita"), environment_slug="dev", windows=[window], reason="x"
        )
    with pytest.raises(BadValue):
        flow.set_windows(
            actor=world.actor("paula"), environment_slug="dev", windows=[window], reason=" "
        )
    with pytest.raises(BadValue, match="time zone"):
        flow.set_windows(
            actor=world.actor("paula"),
            environment_slug="dev",
            windows=[Window(1, time(1), time(2), "Mars/Olympus")],
            reason="x",
        )
    with pytest.raises(BadValue):
        flow.freeze(
            actor=world.actor("paula"),
            environment_slug="dev",
            begins_at=TUESDAY,
            ends_at=TUESDAY,
            reason="x",
        )
    with pytest.raises(UnknownObject):
        flow.lift_freeze(
            actor=world.actor("paula"), environment_slug="dev", freeze_id=99, reason="x"
        )


def test_the_page_takes_windows_as_lines_and_keeps_what_is_wrong(world: World) -> None:
    page = Client()
    page.force_login(world.user("paula"))
    wrong = page.post(
        "/environments/dev/", {"act": "windows", "windows": "Tue 25:00-26:00 UTC", "reason": "x"}
    )
    assert wrong.status_code == 422
    assert b"This is no window: Tue 25:00-26:00 UTC" in wrong.content
    assert (
        page.post(
            "/environments/dev/",
            {
                "act": "windows",
                "windows": f"tue 22:00-23:30 {BERLIN}\nSat 1:00-5:00 UTC",
                "reason": "Nights.",
            },
        ).status_code
        == 302
    )
    shown = page.get("/environments/dev/").content.decode()
    assert f"Tue 22:00-23:30 {BERLIN}" in shown
    assert (
        page.post(
            "/environments/dev/",
            {
                "act": "freeze",
                "begins_at": "2026-01-01T00:00",
                "ends_at": "2999-01-01T00:00",
                "reason": "x",
            },
        ).status_code
        == 422
    )
    assert page.get("/environments/mars/").status_code == 404
