"""The part of a change's page that looks again by itself."""

from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client

from approvals.models import ChangeRequest
from tests.certificates import make
from tests.world import World

MOST_QUERIES = 8


def live(world: World, change: ChangeRequest, shown: str = "") -> str:
    url = f"/t/payments/changes/{change.number}/live/"
    answer = world.page("rita").get(url, {"shown": shown})
    assert answer.status_code == 200
    return str(answer.content.decode())


def being_written(world: World) -> ChangeRequest:
    world.emulator.operations.seconds = 10**6
    return world.approved(make())


def test_it_costs_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    change = being_written(world)
    page = world.page("rita")
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = page.get(f"/t/payments/changes/{change.number}/live/")
    assert answer.status_code == 200


def test_no_form_is_inside_what_is_polled(world: World) -> None:
    change = being_written(world)
    part = live(world, change)
    assert "hx-get" in part
    assert "<form" not in part
    assert "<textarea" not in part
    whole = world.page("sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    polled = whole[whole.index('id="live"') : whole.index('class="side-by-side"')]
    assert "<form" not in polled


def test_it_looks_again_more_rarely_the_longer_it_waits(world: World) -> None:
    change = being_written(world)
    since = change.state_since
    for waited, seconds in ((1, 1), (70, 7), (7200, 15)):
        with time_machine.travel(since + timedelta(seconds=waited), tick=False):
            assert f'hx-trigger="every {seconds}s"' in live(world, change)


def test_when_the_change_has_gone_on_it_says_so_and_stops(world: World) -> None:
    change = world.submit(make())
    page = world.page("rita")
    stage = page.get(f"/t/payments/changes/{change.number}/").context["stage"]
    assert "data-moved" not in live(world, change, shown=stage)
    world.work()
    assert world.fresh(change).state == "validated"
    part = live(world, change, shown=stage)
    assert "data-moved" in part
    assert "hx-get" not in part


def test_strangers_get_404_there_too(world: World) -> None:
    change = being_written(world)
    answer = world.page("lena").get(f"/t/payments/changes/{change.number}/live/")
    assert answer.status_code == 404


def test_nothing_new_is_not_sent_again(world: World) -> None:
    change = being_written(world)
    page = world.page("rita")
    path = f"/t/payments/changes/{change.number}/live/"
    with time_machine.travel(change.state_since + timedelta(seconds=30), tick=False):
        first = page.get(path)
        seen = first["ETag"]
        assert f'\\"{seen.strip(chr(34))}\\"' in first.content.decode()  # it asks with it next time
        again = page.get(path, headers={"If-None-Match": seen})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == seen
        assert page.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert page.get(path, headers={"If-None-Match": '""'}).status_code == 200


def test_what_is_new_is_sent(world: World) -> None:
    change = world.submit(make())
    page = world.page("rita")
    path = f"/t/payments/changes/{change.number}/live/"
    seen = page.get(path)["ETag"]
    world.work()
    answer = page.get(path, headers={"If-None-Match": seen})
    assert answer.status_code == 200
    assert answer["ETag"] != seen


def test_it_is_small_however_large_the_change_is(world: World) -> None:
    """At most 10 kB: neither plan nor findings stand in it."""
    change = world.checked(*[make(f"c{n}") for n in range(60)])
    part = world.page("rita").get(f"/t/payments/changes/{change.number}/live/")
    whole = world.page("rita").get(f"/t/payments/changes/{change.number}/")
    assert len(part.content) < 10_000 < len(whole.content)


def test_to_whoever_is_signed_out_it_does_not_show_the_sign_in_page_inside_the_page(
    world: World,
) -> None:
    change = being_written(world)
    path = f"/t/payments/changes/{change.number}/live/"
    answer = Client().get(path, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert b"Your session has ended" in answer.content
    assert b"<form" not in answer.content
    assert b"hx-get" not in answer.content  # it looks no more
    config = Client().get("/accounts/login/").content.decode()
    assert '{"code": "401", "swap": true}' in config
