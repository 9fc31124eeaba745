"""Lists: filters, order, columns and page stand in the URL; what the URL says wrongly harms nobody."""

import re

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.deciding import switch_mode
from approvals.draft import Removal
from tests.certificates import make
from tests.world import World
from web import lists


def _page(world: World, person: str, path: str) -> str:
    client = Client()
    client.force_login(world.user(person))
    # White space between tags and attributes means nothing.
    return " ".join(client.get(path).content.decode().split())


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


@pytest.mark.parametrize(
    "path",
    ["/", "/review/", "/t/payments/changes/", "/t/payments/certificates/", "/t/payments/audit/"],
)
def test_a_list_costs_no_more_queries_for_more_rows(world: World, path: str) -> None:
    from django.db import connection

    client = Client()
    client.force_login(world.user("rita"))

    def cost() -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    world.submit(make("first"))
    world.work()
    few = cost()
    for n in range(6):
        world.submit(make(f"c{n}"))
    world.work()
    assert cost() <= few


def test_a_revoked_certificate_is_marked_in_the_inventory(world: World) -> None:
    client, other = make("revoked-one"), make("other-one")
    world.applied(client, other)
    change = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    for path in ("/t/payments/certificates/", f"/t/payments/certificates/{client.fingerprint}/"):
        assert f"revoked #{change.number}" in _page(world, "sam", path)
    listed = _page(world, "sam", "/t/payments/certificates/?state=revoked")
    assert "revoked-one" in listed
    assert "other-one" not in listed


def test_home_shows_reviewers_a_drift_and_a_proposed_switch(world: World) -> None:
    world.submit(make())
    world.edit_live(allowlisted=[make("foreign").pem.decode()])
    world.work()
    switch_mode.propose(
        actor=world.actor("paula"),
        tenant_id=world.tenant("logistics").pk,
        reason="x",
        limits=switch_mode.Limits(),
    )
    page = _page(world, "rita", "/")
    assert "Also waiting for a person" in page
    assert "Live was changed outside the portal." in page
    assert "Mode B is proposed" in page
    assert "Also waiting for a person" not in _page(world, "sam", "/")
