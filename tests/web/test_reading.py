"""A page that only shows reads once; what acts reads each time."""

import contextvars
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import access
from tenants.rights import Act
from tests.certificates import make
from tests.world import World
from web.reading import read_once, remembered


def counted() -> tuple[list[int], Callable[[int], int]]:
    calls: list[int] = []

    @remembered
    def read(number: int) -> int:
        calls.append(number)
        return number * 2

    return calls, read


def test_within_a_reading_each_question_is_asked_once() -> None:
    calls, read = counted()
    with read_once():
        assert [read(1), read(1), read(2), read(1)] == [2, 2, 4, 2]
    assert calls == [1, 2]


def test_outside_nothing_is_remembered() -> None:
    calls, read = counted()
    assert read(1) == read(1) == 2
    assert calls == [1, 1]


def test_what_one_page_read_the_next_reads_anew() -> None:
    calls, read = counted()
    for _ in range(2):
        with read_once():
            read(1)
    assert calls == [1, 1]


def test_another_threads_context_knows_nothing_of_it() -> None:
    calls, read = counted()
    with read_once():
        read(1)
        contextvars.Context().run(read, 1)
    assert calls == [1, 1]


def test_a_reading_ends_with_the_exception_that_ends_it() -> None:
    calls, read = counted()
    with pytest.raises(ZeroDivisionError), read_once():
        read(1)
        raise ZeroDivisionError
    read(1)
    assert calls == [1, 1]


def test_two_functions_do_not_share_their_answers() -> None:
    first = remembered(lambda number: number)
    second = remembered(lambda number: -number)
    with read_once():
        assert (first(1), second(1)) == (1, -1)


def test_a_grant_that_was_taken_counts_no_more_in_the_next_act(world: World) -> None:
    """Whoever reads a page and then acts is judged by what holds when they act."""
    rita = world.user("rita").pk
    with read_once():
        assert access.may(rita, Act.VOTE)
        world.take_grant("rita", "reviewer")
        assert access.may(rita, Act.VOTE)  # within the page nothing changes
    assert not access.may(rita, Act.VOTE)


@pytest.mark.parametrize("method", ["get", "head"])
def test_requests_that_only_show_read_a_persons_grants_once(world: World, method: str) -> None:
    page = world.page("rita")
    getattr(page, method)("/")
    with CaptureQueriesContext(connection) as queries:
        getattr(page, method)("/")
    assert sum(query["sql"].startswith('SELECT "tenants_grant"') for query in queries) == 1


def test_a_request_that_acts_reads_them_when_it_decides(world: World) -> None:
    change = world.checked(make())
    page = world.page("rita")
    path = f"/t/payments/changes/{change.number}/approve/"
    with CaptureQueriesContext(connection) as queries:
        page.post(path, {"digest": change.change_digest, "comment": ""})
    assert sum(query["sql"].startswith('SELECT "tenants_grant"') for query in queries) > 1
