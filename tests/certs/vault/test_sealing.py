"""The vault: what is sealed opens only in its own place, with Cloud KMS, as exactly what was sealed."""

import hashlib
import time
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent
from certs.errors import WrongOriginal
from certs.models import SealedCertificate, VaultKey
from certs.vault import keys as vault
from certs.vault import opening
from certs.vault.sealing import (
    certificate_context,
    current_vault_key,
    kept,
    key_context,
    seal,
    suite,
    text_context,
)
from gcp.errors import CloudError
from tests.certificates import make
from tests.world import World


@pytest.fixture
def sealed(world: World) -> SealedCertificate:
    made = make("sealed")
    with transaction.atomic():
        return seal(
            tenant_id=world.tenant().pk,
            trust_config=world.trust_config(),
            change_id=1,
            der=made.der,
        )


def test_what_was_sealed_comes_out(sealed: SealedCertificate) -> None:
    from pki.certificate import sha256_fingerprint

    assert sha256_fingerprint(opening.open_sealed(sealed)) == sealed.sha256_fingerprint


def test_sealing_the_same_twice_keeps_one_and_no_two_are_alike(
    world: World, sealed: SealedCertificate
) -> None:
    der = opening.open_sealed(sealed)
    with transaction.atomic():
        again = seal(
            tenant_id=world.tenant().pk, trust_config=world.trust_config(), change_id=1, der=der
        )
        other = seal(
            tenant_id=world.tenant().pk, trust_config=world.trust_config(), change_id=2, der=der
        )
    assert again.pk == sealed.pk
    assert bytes(other.sealed) != bytes(sealed.sealed)


@pytest.mark.parametrize("field", ["tenant_id", "environment_id", "purpose", "identifier"])
def test_a_sealed_original_is_bound_to_its_place(
    world: World, sealed: SealedCertificate, field: str
) -> None:
    import uuid

    opening.open_sealed(sealed)  # the private key is in memory now
    other = {
        "tenant_id": world.tenant("logistics").pk,
        "environment_id": 999,
        "purpose": "mtls-server",
        "identifier": uuid.uuid4(),
    }[field]
    if field == "identifier":
        opening._cache[other] = opening._cache[sealed.vault_key.identifier]
    setattr(sealed.vault_key, field, other)
    with pytest.raises(WrongOriginal):
        opening.open_sealed(sealed)


@pytest.mark.parametrize("position", [0, 70, -1])
def test_a_changed_byte_is_noticed(sealed: SealedCertificate, position: int) -> None:
    body = bytearray(bytes(sealed.sealed))
    body[position] ^= 1
    sealed.sealed = bytes(body)
    with pytest.raises(WrongOriginal):
        opening.open_sealed(sealed)


def test_hpke_does_not_say_who_sealed_so_the_fingerprint_is_compared(
    world: World, sealed: SealedCertificate
) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from certs.vault.sealing import certificate_context

    public = load_der_public_key(bytes(sealed.vault_key.public_key))
    sealed.sealed = suite().encrypt(
        make("impostor").der,
        public,
        info=certificate_context(sealed.vault_key, sealed.sha256_fingerprint),
    )
    with pytest.raises(WrongOriginal, match="voted on"):
        opening.open_sealed(sealed)


def test_the_private_half_is_kept_wrapped_only(world: World) -> None:
    key = VaultKey.objects.filter(tenant=world.tenant()).first()
    assert key is not None
    with pytest.raises(ValueError):
        load_der_private_key(bytes(key.wrapped_private_key), password=None)
    assert key.kms_key_version.endswith(f"key-{key.purpose}/cryptoKeyVersions/1")


def test_cloud_kms_refuses_to_unwrap_for_another_tenant(world: World) -> None:
    from gcp import clients

    key = VaultKey.objects.filter(tenant=world.tenant()).first()
    assert key is not None
    aad = key_context(world.tenant("logistics").pk, key.environment_id, key.purpose, key.identifier)
    with pytest.raises(CloudError):
        clients().keys.unwrap(
            opening.kms_key_name(key.purpose), bytes(key.wrapped_private_key), aad
        )


def test_kms_calls_grow_with_vault_keys_and_not_with_certificates(world: World) -> None:
    world.applied(*(make(f"c{n}") for n in range(20)))
    calls = [call["rpc"] for call in world.emulator.faults.calls()]
    assert calls.count("Decrypt") == 1
    assert calls.count("Encrypt") == 0


def test_a_vault_key_is_made_ahead_and_the_old_one_still_opens(
    world: World, sealed: SealedCertificate
) -> None:
    tenant, environment = sealed.tenant_id, sealed.vault_key.environment_id
    vault.make_vault_key(tenant_id=tenant, environment_id=environment, purpose="mtls-client")
    assert (
        VaultKey.objects.filter(
            tenant_id=tenant, environment_id=environment, purpose="mtls-client"
        ).count()
        == 1
    )
    VaultKey.objects.update(serves_until=timezone.now() + timedelta(days=3))
    vault.make_vault_keys_ahead()
    world.work()
    new = current_vault_key(tenant, environment, "mtls-client")
    assert new is not None
    assert new.pk != sealed.vault_key_id
    assert opening.open_sealed(SealedCertificate.objects.get(pk=sealed.pk))


def test_what_outlived_its_window_is_forgotten_and_counted(
    world: World, sealed: SealedCertificate
) -> None:
    vault.forget_sealed()
    assert SealedCertificate.objects.exists()
    SealedCertificate.objects.update(keep_until=timezone.now() - timedelta(seconds=1))
    vault.forget_sealed()
    assert not SealedCertificate.objects.exists()
    assert (
        AuditEvent.objects.filter(type="sealed.forgotten", tenant_id=world.tenant().pk).count() == 1
    )


def _sealed_by_hand(world: World, info: bytes, plain: bytes) -> tuple[VaultKey, bytes]:
    """Bytes that whoever has the public half could make: rightly sealed, with something else inside."""
    tenant, trust_config = world.tenant(), world.trust_config()
    key = current_vault_key(tenant.pk, trust_config.environment_id, trust_config.purpose)
    assert key is not None
    public = load_der_public_key(bytes(key.public_key))
    assert isinstance(public, EllipticCurvePublicKey)
    return key, suite().encrypt(plain, public, info=info)


def test_a_text_that_was_put_in_its_place_is_told_apart(world: World) -> None:
    tenant, trust_config = world.tenant(), world.trust_config()
    key = current_vault_key(tenant.pk, trust_config.environment_id, trust_config.purpose)
    assert key is not None
    digest = hashlib.sha256(b"what was sealed").hexdigest()
    info = text_context(key, "golden-client", digest)
    _key, forged = _sealed_by_hand(world, info, b"something else")
    with pytest.raises(WrongOriginal, match="not the one that was sealed here"):
        opening.open_text(key, "golden-client", digest, forged)


def test_a_certificate_that_was_put_in_its_place_is_told_apart(
    world: World, sealed: SealedCertificate
) -> None:
    info = certificate_context(sealed.vault_key, sealed.sha256_fingerprint)
    _key, forged = _sealed_by_hand(world, info, make("another").der)
    sealed.sealed = forged
    with pytest.raises(WrongOriginal, match="not the certificate that was voted on"):
        opening.open_sealed(sealed)


def test_what_was_sealed_for_one_fingerprint_opens_for_no_other(sealed: SealedCertificate) -> None:
    key = sealed.vault_key
    assert certificate_context(key, "a" * 64) != certificate_context(key, "b" * 64)
    sealed.sha256_fingerprint = "b" * 64
    with pytest.raises(WrongOriginal, match="cannot be opened"):
        opening.open_sealed(sealed)


def test_an_unwrapped_key_is_forgotten_after_its_minutes(sealed: SealedCertificate) -> None:
    opening.open_sealed(sealed)
    identifier = sealed.vault_key.identifier
    until, key = opening._cache[identifier]
    assert until > time.monotonic()
    opening._cache[uuid.uuid4()] = (time.monotonic() - 1, key)
    opening.open_sealed(sealed)
    assert list(opening._cache) == [identifier]


@pytest.mark.parametrize(("window", "is_there"), [(None, True), (1, True), (-1, False)])
def test_an_original_serves_no_longer_than_its_window(
    world: World, sealed: SealedCertificate, window: int | None, is_there: bool
) -> None:
    until = None if window is None else timezone.now() + timedelta(days=window)
    SealedCertificate.objects.update(keep_until=until)
    place = (world.trust_config().pk, sealed.sha256_fingerprint)
    assert (kept(world.tenant().pk, *place) is not None) is is_there
    assert (kept(None, *place) is not None) is is_there
    assert kept(world.tenant("logistics").pk, *place) is None
