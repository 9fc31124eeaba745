"""Lists: filters, order, columns and page stand in the URL; what the URL says wrongly harms nobody."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals.deciding import switch_mode
from approvals.draft import Removal
from certs.golden_clients import keep
from tests.certificates import make
from tests.world import World, page_text
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
    (back,) = re.findall(r'<a\s+href="([^"]*)">(?:(?!</a>).)*Show: Checks', page, re.DOTALL)
    assert 'data-label="Checks"' in _get(reader, back.replace("&amp;", "&"))


def test_the_first_column_stays_and_what_is_no_column_is_passed_over(reader: Client) -> None:
    page = _get(reader, "?hide=change&hide=nonsense")
    assert _numbers(page) == [3, 2, 1]
    assert 'data-label="Checks"' in page
    assert "Hide: Change" not in page


def test_filtering_keeps_order_and_columns(reader: Client) -> None:
    page = _get(reader, "?sort=change&hide=checks")
    assert '<input type="hidden" name="sort" value="change">' in page
    assert '<input type="hidden" name="hide" value="checks">' in page


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
    assert _numbers(_get(reader, "?q=client-1")) == [2]
    assert _numbers(_get(reader, "?q=new+partner")) == [3, 2, 1]
    fingerprint = world.change(1).items.get().sha256_fingerprint.upper()
    for written in (fingerprint, fingerprint[:10], ":".join(fingerprint), " ".join(fingerprint)):
        assert _numbers(_get(reader, f"?q={written}")) == [1]
    assert _numbers(_get(reader, "?q=:")) == []
    assert _numbers(_get(reader, "?state=submitted")) == [3, 2, 1]
    assert _numbers(_get(reader, "?state=open")) == [3, 2, 1]
    assert _numbers(_get(reader, "?state=applied")) == []
    assert _numbers(_get(reader, "?mine=on")) == [3, 2, 1]
    assert _numbers(_get(reader, "?environment=dev")) == [3, 2, 1]
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
    fingerprint = world.change(2).items.get().sha256_fingerprint
    day = timezone.now().date()
    for found in (
        "type=change.submitted",
        "change=2",
        "actor=Sam",
        "environment=dev",
        f"sha256={fingerprint.upper()}",
        f"sha256={fingerprint[:2]}:{fingerprint[2:4]}:{fingerprint[4:6]}",
        "result=ok",
        f"since={day}&until={day}",
    ):
        page = auditor.get(f"/audit/?type=change.submitted&change=2&{found}").content.decode()
        assert "1 event, newest first" in " ".join(page.split()), found
    for nothing in (
        "since=2100-01-01",
        "until=2000-01-01",
        "result=failed&change=2",
        "sha256=ff:ff",
        "sha256=:",
        "actor=nobody-of-this-name",
        "environment=prod&change=2",
    ):
        assert "No event fits" in auditor.get(f"/audit/?{nothing}").content.decode(), nothing
    assert auditor.get("/audit/?change=x").status_code == 422


@pytest.mark.usefixtures("reader")
def test_nobody_guesses_an_address_by_the_audit_of_a_tenant(world: World) -> None:
    tenants, all_of_them = "/t/payments/audit/?actor=", "/audit/?actor="
    for part in ("sam@example.com", "@example", "m@ex"):
        assert "No event fits" in world.page("sam").get(tenants + part).content.decode()
        assert "No event fits" not in world.page("ada").get(all_of_them + part).content.decode()


def test_home_shows_what_one_may_decide_however_much_else_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rex reviews dev only, and older changes of prod wait in numbers."""
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    for each in range(4):
        world.submit(make(f"prod-{each}"), environment="prod")
    last = world.checked(make("dev-1"))
    page = page_text(world, "rex", "/")
    decide = page.split('id="decide"', 1)[1].split("</section>", 1)[0]
    assert _numbers(decide) == [last.number]
    others = (
        page_text(world, "rex", "/review/").split('id="others"', 1)[1].split("</section>", 1)[0]
    )
    assert len(_numbers(others)) == 2
    assert "others-page=2" in others


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/review/",
        "/t/payments/changes/",
        "/t/payments/certificates/",
        "/t/payments/audit/",
        "/t/payments/golden-clients/",
        "/t/payments/trust-configs/",
        "/environments/",
    ],
)
def test_a_list_costs_no_more_queries_for_more_rows(world: World, path: str) -> None:
    from django.db import connection

    client = Client()
    client.force_login(world.user("rita"))

    def cost() -> int:
        assert client.get(path).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    def more(n: int) -> None:
        world.submit(make(f"c{n}"))
        keep.add(
            actor=world.actor("sam"),
            tenant_id=world.tenant().pk,
            trust_config_id=str(world.trust_config().pk),
            name=f"golden-{n}",
            chain=[make(f"golden-{n}").parsed],
        )
        world.add_trust_config(f"another-{n}", "payments")

    more(0)
    world.work()
    few = cost()
    for n in range(1, 7):
        more(n)
    world.work()
    assert cost() <= few


def test_a_revoked_certificate_is_marked_in_the_inventory(world: World) -> None:
    client, other = make("revoked-one"), make("other-one")
    world.applied(client, other)
    change = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    for path in ("/t/payments/certificates/", f"/t/payments/certificates/{client.fingerprint}/"):
        assert f"revoked #{change.number}" in page_text(world, "sam", path)
    listed = page_text(world, "sam", "/t/payments/certificates/?state=revoked")
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
    page = page_text(world, "rita", "/")
    assert "Also waiting for a person" in page
    assert "Live was changed outside the portal." in page
    assert "Mode B is proposed" in page
    assert "Also waiting for a person" not in page_text(world, "sam", "/")


@pytest.mark.parametrize(
    ("who", "path", "table"),
    [
        ("sam", "/t/payments/changes/", "approvals_changerequest"),
        ("sam", "/t/payments/changes/?sort=-number&page=1", "approvals_changerequest"),
        ("sam", "/t/payments/certificates/", "certs_certificate"),
        ("sam", "/t/payments/certificates/{fingerprint}/", "approvals_changerequest"),
        ("rita", "/review/", "approvals_changerequest"),
        ("rita", "/", "approvals_changerequest"),
        ("sam", "/", "approvals_changerequest"),
        ("sam", "/t/payments/trust-configs/{trust_config}/", "approvals_changerequest"),
        ("paula", "/tenants/", "tenants_tenant"),
        ("ada", "/audit/", "audit_auditevent"),
        ("paula", "/operations/", "jobs_job"),
    ],
)
def test_a_list_reads_a_page_of_rows_and_not_all(
    world: World, who: str, path: str, table: str
) -> None:
    made = make("one")
    change = world.applied(made)
    world.checked(make("waits"))
    url = path.format(fingerprint=made.fingerprint, trust_config=change.trust_config_id)
    page = world.page(who)
    page.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert page.get(url).status_code == 200
    of_table = [
        query["sql"]
        for query in queries
        if re.search(rf'^SELECT (DISTINCT )?"{table}"\."id"', query["sql"])
    ]
    # What one row leads to (a change's own), and what the rule must look at to know whom it is about.
    whole = [sql for sql in of_table if " LIMIT " not in sql and not is_bounded(sql)]
    assert whole == []


def is_bounded(sql: str) -> bool:
    """By ids, by what is open only, or by what leads to one row: not by how much there ever was."""
    bounds = (
        r'"id" IN \(',
        r'"id" = ',
        r'"state" (= |IN \()',
        "from_changerequest_id",
        "follows_id",
    )
    return any(re.search(bound, sql) for bound in bounds)
