"""Pages of certificates while live is not what is on record."""

import pytest

from approvals.publishing import sweep
from certs.golden_clients import keep
from tests.certificates import make
from tests.world import World


@pytest.mark.parametrize(
    "path",
    [
        "/t/payments/certificates/{fingerprint}/",
        "/t/payments/trust-configs/",
    ],
)
def test_while_live_differs_nothing_is_called_trusted_now(world: World, path: str) -> None:
    stays = make("stays")
    world.applied(stays)
    url = path.format(fingerprint=stays.fingerprint)
    page = world.page("sam")
    assert "live differs" not in page.get(url).content.decode()
    world.edited_outside(allowlisted=[])
    shown = page.get(url).content.decode()
    assert "on record; live differs" in shown
    assert "trusted now" not in shown


def test_a_golden_client_is_not_called_accepted_while_live_differs(world: World) -> None:
    client = make("golden")
    change = world.applied(client)
    keep.add(
        actor=world.actor("sam"),
        tenant_id=change.tenant_id,
        trust_config_id=str(change.trust_config_id),
        name="golden",
        chain=[client.parsed],
    )
    world.work()
    page = world.page("sam")
    assert "accepted" in page.get("/t/payments/golden-clients/").content.decode()
    world.edit_live(allowlisted=[])
    sweep.sweep(environment_id=change.trust_config.environment_id)
    shown = page.get("/t/payments/golden-clients/").content.decode()
    assert "not known: live was changed outside the portal" in shown
    assert "accepted" not in shown


@pytest.mark.parametrize("length", [64, 12, 8])
@pytest.mark.parametrize("page", ["certificates", "changes", "audit"])
def test_a_certificate_is_found_by_the_form_that_pages_show(
    world: World, page: str, length: int
) -> None:
    made, other = make("searched"), make("another")
    world.applied(made)
    world.applied(other)
    part = made.fingerprint[-8:] if length == 8 else made.fingerprint[:length]
    name = {"certificates": "q", "changes": "q", "audit": "sha256"}[page]
    shown = world.page("sam").get(f"/t/payments/{page}/", {name: part}).content.decode()
    found = {"certificates": "searched", "changes": "/changes/1/", "audit": "/changes/1/"}[page]
    missing = {"certificates": "another", "changes": "/changes/2/", "audit": "/changes/2/"}[page]
    assert found in shown
    assert missing not in shown


def test_the_short_form_may_be_copied_with_its_dots(world: World) -> None:
    made = make("searched")
    world.applied(made)
    short = f"…{made.fingerprint[-8:]}"
    assert (
        "searched"
        in world.page("sam").get("/t/payments/certificates/", {"q": short}).content.decode()
    )
