"""Keys of the vault."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from certs.errors import VaultClosed
from certs.models import TrustConfig, VaultKey
from certs.vault import keys as vault
from certs.vault.sealing import require_vault_key
from emulator.faults import Fault
from jobs.models import Job
from tests.world import World


def test_a_vault_key_that_cannot_be_made_says_why(world: World) -> None:
    VaultKey.objects.update(serves_until=timezone.now() - timedelta(days=1))
    world.emulator.faults.add(
        Fault("Encrypt", code="PERMISSION_DENIED", message="cryptoKeyVersions.useToEncrypt denied")
    )
    vault.make_vault_keys_ahead()
    world.work(limit=1)
    assert Job.objects.filter(kind="make_vault_key", last_error__contains="useToEncrypt").exists()
    refused = Job.objects.get(kind="make_vault_key", last_error__contains="useToEncrypt")
    tenant_id, environment_id, purpose = refused.subject_id.split(":")
    trust_config = TrustConfig(environment_id=int(environment_id), purpose=purpose)
    with pytest.raises(VaultClosed, match="useToEncrypt denied"):
        require_vault_key(int(tenant_id), trust_config)
    world.work()
    assert require_vault_key(int(tenant_id), trust_config)


def test_what_a_tenant_is_told_of_its_vault_says_nothing_of_our_machines(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from certs.vault import keys as vault

    VaultKey.objects.update(serves_until=timezone.now() - timedelta(days=1))

    def fails(*_arguments: Any) -> None:
        raise RuntimeError('connection to server at "10.0.0.5" failed for user "countersign"')

    monkeypatch.setattr(vault, "wrap", fails)
    vault.make_vault_keys_ahead()
    world.work(limit=1)
    job = Job.objects.exclude(last_error="").get()
    assert job.last_error == "RuntimeError"
    tenant_id, environment_id, purpose = job.subject_id.split(":")
    with pytest.raises(Exception, match="RuntimeError") as refused:
        require_vault_key(
            int(tenant_id), TrustConfig(environment_id=int(environment_id), purpose=purpose)
        )
    assert "10.0.0.5" not in str(refused.value)


def test_a_key_whose_job_was_given_up_is_asked_for_again(world: World) -> None:
    VaultKey.objects.filter(tenant=world.tenant(), environment__slug="dev").delete()
    jobs = Job.objects.filter(kind="make_vault_key", state="waiting")
    jobs.delete()
    vault.make_missing_vault_keys()
    asked = set(jobs.values_list("subject_id", flat=True))
    dev = world.trust_config().environment_id
    assert {one for one in asked if one.startswith(f"{world.tenant().pk}:{dev}:")}
    vault.make_missing_vault_keys()
    assert set(jobs.values_list("subject_id", flat=True)) == asked
    world.work()
    vault.make_missing_vault_keys()
    assert not jobs.exists()
