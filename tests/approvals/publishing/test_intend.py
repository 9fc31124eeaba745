"""What is written down before a write is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from approvals.draft import Removal
from approvals.publishing import conductor, intend
from approvals.publishing.originals import Opened, open_additions
from certs.golden_clients import keep as golden_clients
from certs.models import Publication, SealedCertificate
from certs.trust_configs import publications, publishing
from emulator.faults import Fault
from tenants.models import Freeze
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


def test_whether_its_time_has_come_is_asked_again_under_the_lock(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    Freeze.objects.create(
        environment=change.trust_config.environment,
        begins_at=timezone.now() - timedelta(minutes=1),
        ends_at=timezone.now() + timedelta(days=1),
        reason="Between the list and the lock.",
        set_by=world.user("paula"),
    )
    with transaction.atomic():
        lease = publications.acquire_lease(str(change.trust_config_id), "w")
    assert lease is not None
    live = publishing.read_live(world.trust_config())
    opened = open_additions([world.fresh(change)], live)
    assert intend.intend_changes(lease, live, [world.fresh(change)], opened, {}) is None
    assert world.fresh(change).state == "approved"


@pytest.mark.parametrize(("removal", "is_kept"), [("retired", True), ("revoked", False)])
def test_what_is_retired_is_kept_for_a_rollback_and_what_is_revoked_is_not(
    world: World, removal: str, is_kept: bool
) -> None:
    client = make("leaves")
    first = world.applied(client, make("stays"))
    SealedCertificate.objects.filter(change_id=first.pk).delete()
    change = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", removal)]
    )
    assert SealedCertificate.objects.filter(change_id=change.pk).exists() is is_kept
