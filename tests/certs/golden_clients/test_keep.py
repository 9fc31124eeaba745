"""A golden client is a guard: where changes pass without a person it takes one to let it go."""

from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from certs.golden_clients import keep as golden_clients
from certs.models import GoldenClient
from tenants.errors import BadValue, NotAllowed, NotPossible
from tenants.models import Grant
from tests.certificates import make
from tests.world import World


def kept(world: World, to: str = "payments-clients", environment: str = "dev") -> GoldenClient:
    golden_clients.add(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config(to, environment).pk),
        name="Gateway",
        chain=[make("gateway").parsed],
    )
    return GoldenClient.objects.get()


def remove(world: World, client: GoldenClient, reason: str = "Switched off.") -> bool:
    return golden_clients.remove(
        actor=world.actor("sam"), tenant_id=client.tenant_id, client_id=client.pk, reason=reason
    )


def decide(world: World, client: GoldenClient, by: str, *, is_confirmed: bool = True) -> None:
    client.refresh_from_db()
    asked_at = client.removal_asked_at
    golden_clients.decide_removal(
        actor=world.actor(by),
        asked_at=asked_at.isoformat() if asked_at else "",
        tenant_id=client.tenant_id,
        client_id=client.pk,
        is_confirmed=is_confirmed,
    )


def in_mode_b(world: World) -> GoldenClient:
    client = kept(world)
    world.self_service("payments")
    return client


def in_production(world: World) -> GoldenClient:
    return kept(world, environment="prod")


def in_a_shared_trust_config(world: World) -> GoldenClient:
    return kept(world, "shared-clients")


@pytest.mark.parametrize("guarded", [in_mode_b, in_production, in_a_shared_trust_config])
def test_a_reviewer_must_agree_before_a_guard_goes(
    world: World, guarded: Callable[[World], GoldenClient]
) -> None:
    client = guarded(world)
    assert remove(world, client) is False
    assert GoldenClient.objects.get() == client
    decide(world, client, "rita")
    assert not GoldenClient.objects.exists()
    events = AuditEvent.objects.filter(type__startswith="golden_client.remov").order_by("pk")
    who = [(event.type, event.actor_id) for event in events]
    assert who == [
        ("golden_client.removal_asked", str(world.user("sam").pk)),
        ("golden_client.removed", str(world.user("rita").pk)),
    ]


def test_in_mode_a_a_submitter_lets_their_own_guard_go(world: World) -> None:
    assert remove(world, kept(world)) is True
    assert not GoldenClient.objects.exists()


def test_a_guard_that_waits_is_kept_and_asked_for_once(world: World) -> None:
    client = in_production(world)
    with pytest.raises(BadValue):
        remove(world, client, reason=" ")
    remove(world, client)
    with pytest.raises(NotPossible):
        remove(world, client)
    decide(world, client, "rita", is_confirmed=False)
    client.refresh_from_db()
    assert (client.removal_asked_by, client.removal_reason) == (None, "")


@pytest.mark.parametrize("by", ["sam", "tom", "ada", "paula", "rex", "lena"])
def test_nobody_but_a_reviewer_of_the_environment_decides(world: World, by: str) -> None:
    client = in_production(world)
    remove(world, client)
    with pytest.raises(NotAllowed):
        decide(world, client, by)
    assert GoldenClient.objects.exists()


def test_the_reviewer_finds_it_on_the_page_and_decides(world: World) -> None:
    client = in_production(world)
    sam, rita = world.page("sam"), world.page("rita")
    sam.post(f"/t/payments/golden-clients/{client.pk}/remove/", {"reason": "Switched off."})
    page = rita.get("/t/payments/golden-clients/").content.decode()
    assert "Sam asks that it is kept no more" in page
    url = f"/t/payments/golden-clients/{client.pk}/decide/"
    assert url not in sam.get("/t/payments/golden-clients/").content.decode()
    stale = rita.post(url, {"decision": "confirm", "asked_at": "2020-01-01"}, follow=True)
    assert "is not what the page showed" in stale.content.decode()
    assert GoldenClient.objects.exists()
    client.refresh_from_db()
    assert client.removal_asked_at is not None
    word = {"decision": "confirm", "asked_at": client.removal_asked_at.isoformat()}
    assert rita.post(url, word).status_code == 302
    assert not GoldenClient.objects.exists()


def test_who_asked_does_not_decide_whatever_else_they_are(world: World) -> None:
    client = in_production(world)
    remove(world, client)
    Grant.objects.create(user=world.user("sam"), role="reviewer")
    with pytest.raises(NotAllowed, match="You asked for this"):
        decide(world, client, "sam")
