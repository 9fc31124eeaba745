"""Originals that a write needs."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from approvals.draft import Removal
from approvals.publishing.conductor import publish
from certs.errors import NotRestorable
from certs.models import SealedCertificate, VaultKey
from emulator.faults import Fault
from tests.certificates import make
from tests.world import World

LENA = {"by": "lena", "tenant": "logistics"}


AL = "allowlisted_certificate"


def test_a_missing_original_of_another_tenant_is_counted_and_not_named(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    SealedCertificate.objects.all().delete()
    world.edited_outside("shared-clients", allowlisted=[])
    try:
        world.put_back("shared-clients", by="sam")
    except NotRestorable as e:
        assert theirs.fingerprint not in str(e.sentence)


def test_originals_of_a_put_back_are_kept_for_the_window_only(world: World) -> None:
    client = make("c")
    world.applied(client)
    world.edited_outside(allowlisted=[])
    ch = world.put_back(by="sam")
    world.work()
    world.approve(ch)
    world.work()
    assert world.fresh(ch).state == "applied"
    assert SealedCertificate.objects.get(change_id=ch.pk).keep_until is not None


def test_a_vault_that_is_closed_stops_its_tenants_change_only(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, make("stays"), to="shared-clients", **LENA)
    removal = world.submit(
        removed=[Removal(theirs.fingerprint, AL, "retired")], to="shared-clients", **LENA
    )
    mine = world.submit(make("mine"), to="shared-clients")
    world.work()
    VaultKey.objects.filter(tenant__slug="logistics").update(
        serves_until=timezone.now() - timedelta(days=1)
    )
    world.approve(removal)
    world.approve(mine)
    world.work()
    assert world.fresh(mine).state == "applied", world.trust_config("shared-clients").waiting_code


def test_a_silent_cloud_kms_costs_one_deadline_however_many_wait_and_a_revocation_none(
    world: World, settings: Any
) -> None:
    settings.RPC_TIMEOUT_SECONDS = 0.3
    old = make("old")
    world.applied(old, make("stays"))
    changes = [world.submit(make(f"c{n}")) for n in range(5)]
    revocation = world.submit(removed=[Removal(old.fingerprint, AL, "revoked")])
    world.work()
    from certs.vault import opening

    for change in [*changes, revocation]:
        world.approve(change)
    opening._cache.clear()
    world.emulator.faults.add(Fault("Decrypt", kind="hang", times=100))
    publish(trust_config_id=str(revocation.trust_config_id))
    assert revocation.attempts.get().publication.state == "sent"
    assert world.emulator.faults.waiting()[0]["times"] == 100  # nobody asked Cloud KMS
    while world.fresh(revocation).state == "approved":
        publish(trust_config_id=str(revocation.trust_config_id))
    assert world.emulator.faults.waiting()[0]["times"] == 100
    publish(trust_config_id=str(revocation.trust_config_id))
    assert world.emulator.faults.waiting()[0]["times"] == 99  # five wait, one asked
    assert world.trust_config().waiting_code == "cloud-unavailable"
