"""Lists: filters, order, columns and page stand in the URL; what the URL says wrongly harms nobody."""

import re

import pytest
from django.test import Client

from tests.certificates import make
from tests.world import World
from web import lists


def _numbers(page: str) -> list[int]:
    return [int(found) for found in re.findall(r"<strong>#(\d+)</strong>", page)]


@pytest.fixture
def reader(world: World) -> Client:
    for each in range(3):
        world.submit(make(f"client-{each}"))
    return world.page("sam")


def _get(client: Client, query: str, *, status: int = 200) -> str:
    answer = client.get(f"/t/payments/changes/{query}")
    assert answer.status_code == status
    return answer.content.decode()


def test_a_list_is_sorted_by_its_columns_in_both_directions(reader: Client) -> None:
    assert _numbers(_get(reader, "?sort=change")) == [1, 2, 3]
    page = _get(reader, "?sort=-change")
    assert _numbers(page) == [3, 2, 1]
    assert 'aria-sort="descending"' in page


@pytest.mark.parametrize(
    "wrong", ["?sort=password", "?sort=reason", "?sort=checks", "?sort=-", "?page=x"]
)
def test_an_order_or_page_that_is_not_offered_is_passed_over(reader: Client, wrong: str) -> None:
    assert _numbers(_get(reader, wrong)) == [3, 2, 1]


def test_columns_are_put_away_and_shown_again(reader: Client) -> None:
    page = _get(reader, "?hide=checks&state=open")
    assert 'data-label="Checks"' not in page
    assert "Show: Checks" in page
    assert 'href="?hide=checks&amp;state=open&amp;hide=' not in page
    assert 'data-label="Checks"' in _get(reader, "?hide=change&hide=nonsense")


def test_pages_keep_filters_and_their_size_is_not_the_readers(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    page = _get(reader, "?state=open&per_page=1000000")
    assert _numbers(page) == [3, 2]
    assert 'rel="next"' in page
    assert "state=open&amp;per_page=1000000&amp;page=2" in page
    assert _numbers(_get(reader, "?state=open&page=2")) == [1]
    assert _numbers(_get(reader, "?page=99")) == [1]


def test_filters_find_what_they_say(reader: Client, world: World) -> None:
    assert _numbers(_get(reader, "?q=%232")) == [2]
    assert _numbers(_get(reader, "?state=applied")) == []
    assert _numbers(_get(reader, "?mine=on")) == [3, 2, 1]
    assert _numbers(_get(reader, "?environment=prod")) == []
    assert _numbers(_get(world.page("tom"), "?mine=on")) == []


@pytest.mark.parametrize("wrong", ["?state=nonsense", "?environment=elsewhere", "?q=%00"])
def test_a_filter_that_cannot_be_understood_is_said_and_finds_nothing(
    reader: Client, wrong: str
) -> None:
    page = _get(reader, wrong, status=422)
    assert "text-danger" in page
    assert _numbers(page) == []
    assert "Show all" in page


@pytest.mark.usefixtures("reader")
def test_the_audit_is_filtered_by_each_of_its_filters(world: World) -> None:
    auditor = world.page("ada")
    found = auditor.get("/audit/?type=change.submitted&actor=&change=2").content.decode()
    assert "1 event, newest first" in found
    for nothing in ("?since=2100-01-01", "?until=2000-01-01", "?result=failed", "?sha256=ff:ff"):
        assert "No event fits" in auditor.get(f"/audit/{nothing}").content.decode()
    assert auditor.get("/audit/?change=x").status_code == 422
