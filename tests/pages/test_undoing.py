"""The page of a rollback."""

from typing import Any

from django.test import Client

from approvals.asking import roll_back
from approvals.draft import Removal
from tests.certificates import make
from tests.world import World


def _page(world: World, person: str, path: str) -> str:
    client = Client()
    client.force_login(world.user(person))
    # White space between tags and attributes means nothing.
    return " ".join(client.get(path).content.decode().split())


def _undo(world: World, change: Any, by: str) -> Any:
    number = roll_back.roll_back(
        actor=world.actor(by),
        tenant_id=change.tenant_id,
        number=change.number,
        typed_name=change.trust_config.name,
        also=[],
        reason="Undo.",
        originals=[],
    )
    world.work()
    return world.change(number, change.tenant.slug)


def test_the_rollback_page_says_what_is_live_and_an_obstacle_beforehand(world: World) -> None:
    kept, gone = make("kept-one"), make("gone-one")
    first = world.applied(kept, gone)
    retire = world.applied(
        removed=[Removal(gone.fingerprint, "allowlisted_certificate", "retired")]
    )
    page = _page(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert "kept-one" in page
    assert "gone-one" not in page
    assert f"#{retire.number}" in page
    revoke = world.applied(
        removed=[Removal(kept.fingerprint, "allowlisted_certificate", "revoked")]
    )
    page = _page(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert f"Change #{revoke.number} revoked a certificate" in page
    assert "<textarea" not in page


def test_a_rollback_is_called_one_and_its_one_decision_is_named(world: World) -> None:
    change = world.applied(make())
    undo = _undo(world, change, "rita")
    page = _page(world, "rita", f"/t/payments/changes/{undo.number}/")
    assert f"Rita asks to roll back #{change.number} in payments-clients for Payments" in page
    assert "Decided by whoever asked: it only removes trust" in page
