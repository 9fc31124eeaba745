"""The page of a rollback."""

from typing import Any

from approvals.draft import Removal
from certs.golden_clients import keep
from certs.models import GoldenClient
from tests.certificates import Made, make, make_ca
from tests.world import World, page_text, rolled_back


def test_the_rollback_page_says_what_is_live_and_an_obstacle_beforehand(world: World) -> None:
    kept, gone = make("kept-one"), make("gone-one")
    first = world.applied(kept, gone)
    retire = world.applied(
        removed=[Removal(gone.fingerprint, "allowlisted_certificate", "retired")]
    )
    page = page_text(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert "kept-one" in page
    assert "gone-one" not in page
    assert f"#{retire.number}" in page
    revoke = world.applied(
        removed=[Removal(kept.fingerprint, "allowlisted_certificate", "revoked")]
    )
    page = page_text(world, "rita", f"/t/payments/changes/{first.number}/roll-back/")
    assert f"Change #{revoke.number} revoked a certificate" in page
    assert "<textarea" not in page


def test_a_rollback_is_called_one_and_its_one_decision_is_named(world: World) -> None:
    change = world.applied(make())
    undo = rolled_back(world, change, "rita")
    page = page_text(world, "rita", f"/t/payments/changes/{undo.number}/")
    assert f"Rita asks to roll back #{change.number} in payments-clients for Payments" in page
    assert "Decided by whoever asked: it only removes trust" in page


def _keep(world: World, name: str, client: Made) -> None:
    keep.add(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config().pk),
        name=name,
        chain=[client.parsed],
    )
    world.work()


def test_each_golden_client_is_said_to_keep_or_to_lose_the_way_by_which_it_gets_in(
    world: World,
) -> None:
    stays, goes = make_ca("Staying Root"), make_ca("Going Root")
    listed = make("listed")
    world.applied(stays)
    undone = world.applied(goes, listed)
    _keep(world, "under-the-root-that-stays", make("one", issuer=stays))
    _keep(world, "under-the-root-that-goes", make("two", issuer=goes))
    _keep(world, "listed-itself", listed)
    _keep(world, "a-stranger", make("stranger"))
    page = page_text(world, "rita", f"/t/payments/changes/{undone.number}/roll-back/")

    def said_of(name: str) -> str:
        return page.split(f">{name}<", 1)[1].split("</li>", 1)[0]

    assert "nothing by which it gets in goes" in said_of("under-the-root-that-stays")
    assert "a CA by which it gets in goes" in said_of("under-the-root-that-goes")
    assert "its own entry goes" in said_of("listed-itself")
    assert "a worker tries it before anybody decides" in said_of("a-stranger")


def _said_of(world: World, change: Any, name: str, by: str = "rita") -> str:
    page = page_text(world, by, f"/t/{change.tenant.slug}/changes/{change.number}/roll-back/")
    return page.split(f">{name}<", 1)[1].split("</li>", 1)[0]


def test_an_old_prediction_is_none(world: World) -> None:
    """The client got in by its own entry; then that was retired, and only the CA lets it in."""
    ca = make_ca("The CA")
    client, other = make("client", issuer=ca), make("other")
    world.applied(client, other)
    _keep(world, "client-kept", client)
    of_the_ca = world.applied(ca)
    world.applied(removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")])
    assert "a CA by which it gets in goes" in _said_of(world, of_the_ca, "client-kept")
    GoldenClient.objects.update(tried_digest="0" * 64)
    said = _said_of(world, of_the_ca, "client-kept")
    assert "a worker tries it before anybody decides" in said


def test_a_ca_that_stays_in_another_role_is_not_said_to_go(world: World) -> None:
    root = make_ca("Root")
    world.applied(root)
    as_intermediate = world.applied(root, role="intermediate_ca")
    _keep(world, "client-kept", make("client", issuer=root))
    assert "nothing by which it gets in goes" in _said_of(world, as_intermediate, "client-kept")


def test_golden_clients_of_other_tenants_are_not_named(world: World) -> None:
    ca = make_ca("Shared CA")
    change = world.applied(ca, to="shared-clients")
    keep.add(
        actor=world.actor("lena"),
        tenant_id=world.tenant("logistics").pk,
        trust_config_id=str(world.trust_config("shared-clients").pk),
        name="somebody-elses",
        chain=[make("theirs", issuer=ca).parsed],
    )
    world.work()
    page = page_text(world, "sam", f"/t/payments/changes/{change.number}/roll-back/")
    assert "Shared CA" in page
    assert "somebody-elses" not in page
