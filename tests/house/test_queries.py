"""What a page asks of the database does not grow with what there is, and stays within what is written here."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.draft import Removal
from tests.certificates import make
from tests.world import World

# Pages by name: who looks, the address, and the most queries. Of each, 3 are the frame's: session, person, grants.
PAGES = {
    "home of a submitter": ("sam", "/", 20),
    "home of a reviewer": ("rita", "/", 22),
    "review queue": ("rita", "/review/", 23),
    "changes": ("sam", "/t/payments/changes/", 12),
    "change": ("rita", "/t/payments/changes/{change}/", 29),
    "live part of a change": ("rita", "/t/payments/changes/{change}/live/", 8),
    "rollback": ("rita", "/t/payments/changes/{change}/roll-back/", 25),
    "trust configs": ("sam", "/t/payments/trust-configs/", 9),
    "trust config": ("sam", "/t/payments/trust-configs/{trust_config}/", 27),
    "new change": ("sam", "/t/payments/changes/new/{trust_config}/", 10),
    "certificates": ("sam", "/t/payments/certificates/", 8),
    "audit of a tenant": ("sam", "/t/payments/audit/", 10),
    "audit of all": ("ada", "/audit/", 10),
    "operations": ("paula", "/operations/", 18),
    "environments": ("paula", "/environments/", 12),
    "tenants": ("paula", "/tenants/", 6),
}


def asked(page: Client, path: str) -> int:
    page.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert page.get(path).status_code == 200, path
    return len(queries)


def counts(world: World, change: int, trust_config: object) -> dict[str, int]:
    return {
        name: asked(world.page(who), path.format(change=change, trust_config=trust_config))
        for name, (who, path, _most) in PAGES.items()
    }


def test_no_page_asks_more_for_more(world: World) -> None:
    first = world.applied(make("first"))
    world.checked(make("waits"))
    few = counts(world, first.number, first.trust_config_id)
    for n in range(4):
        world.applied(make(f"more{n}"), make(f"and{n}"))
        world.checked(make(f"waiting{n}"))
    revoked = make("revoked")
    world.applied(revoked)
    world.applied(removed=[Removal(revoked.fingerprint, "allowlisted_certificate", "revoked")])
    many = counts(world, first.number, first.trust_config_id)
    assert {name: (few[name], many[name]) for name in PAGES if many[name] > few[name]} == {}
    assert {name: many[name] for name in PAGES if many[name] > PAGES[name][2]} == {}


def test_the_frame_of_a_page_asks_three_things(world: World) -> None:
    for name in ("sam", "rita", "paula", "lena"):
        page = world.page(name)
        page.get("/help/rights/")
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/help/rights/").status_code == 200
        tables = [query["sql"].split(" FROM ")[1].split()[0].strip('"') for query in queries]
        assert tables == ["django_session", "tenants_user", "tenants_grant"], name


@pytest.mark.parametrize("count", [1, 40])
def test_the_menu_costs_nothing_however_many_tenants_there_are(world: World, count: int) -> None:
    from tenants.flows import set_up
    from tests.world import COMMAND

    for n in range(count):
        set_up.create_tenant(actor=COMMAND, slug=f"tenant-{n}", name=f"Tenant {n}")
    assert asked(world.page("rita"), "/tenants/") == 5
    page = world.page("rita").get("/").content.decode()
    assert "Tenant 0" not in page
    assert 'href="/tenants/"' in page
