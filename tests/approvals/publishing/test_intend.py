"""What is written down before a write is sent."""

from typing import Any

import pytest

from approvals.draft import Removal
from approvals.publishing import conductor
from approvals.publishing.originals import Opened
from certs.golden_clients import keep as golden_clients
from certs.models import Publication
from emulator.faults import Fault
from tests.certificates import make
from tests.world import World


def test_what_is_neither_live_nor_opened_is_held_and_nothing_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.checked(make())
    world.approve(change)
    monkeypatch.setattr(conductor, "open_additions", lambda _due, _live: Opened())
    conductor.publish(trust_config_id=str(change.trust_config_id))
    change = world.fresh(change)
    assert (change.state, change.held_code) == ("approved", "not-restorable")
    assert "neither live nor kept" in change.held_words
    assert not Publication.objects.exists()
    assert world.updates() == []


def guarded(world: World) -> None:
    golden_clients.add(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config().pk),
        name="Gateway",
        chain=[make("gateway").parsed],
    )
    world.work()


def silent_kms(world: World) -> None:
    from certs.vault import opening

    opening._cache.clear()
    world.emulator.faults.add(Fault("Decrypt", code="UNAVAILABLE", times=99))


def test_a_retirement_waits_for_the_golden_clients_while_cloud_kms_is_silent(world: World) -> None:
    guarded(world)
    client = make("other")
    world.applied(client, make("third"))
    change = world.checked(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    world.approve(change)
    before = world.updates()
    silent_kms(world)
    conductor.publish(trust_config_id=str(change.trust_config_id))
    assert world.fresh(change).state == "approved"
    assert world.trust_config().waiting_code == "cloud-unavailable"
    assert world.updates() == before
    world.emulator.faults.clear()
    conductor.publish(trust_config_id=str(change.trust_config_id))
    world.work()
    assert world.fresh(change).state == "applied"


def test_a_revocation_waits_for_nothing(world: World) -> None:
    guarded(world)
    client = make("other")
    world.applied(client, make("third"))
    change: Any = world.checked(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    world.approve(change)
    silent_kms(world)
    conductor.publish(trust_config_id=str(change.trust_config_id))
    world.work()
    assert world.fresh(change).state == "applied"
