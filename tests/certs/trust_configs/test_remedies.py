"""A refusal is kept in its parts, and the way out goes by them and not by what a sentence begins with."""

from typing import Any

import pytest

from certs.errors import NotRestorable
from certs.hindrance import Hindrance
from certs.trust_configs.publications import acquire_lease, block, hindrance_of, pause, release
from certs.trust_configs.remedies import remedy
from emulator.faults import Fault
from gcp import clients
from gcp.errors import CloudDenied, CloudExhausted, CloudMissing
from tests.certificates import make
from tests.world import World

WORKER = "worker@host"


def _fault(world: World, rpc: str, **fault: Any) -> None:
    world.emulator.faults.add(Fault(rpc, **fault))


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Hindrance("cloud-denied", rpc="UpdateTrustConfig"), "certificatemanager.editor"),
        (Hindrance("cloud-denied", rpc="Decrypt"), "cloudkms.cryptoKeyDecrypter"),
        (
            Hindrance("cloud-denied", rpc="GetTrustConfig", reason="SERVICE_DISABLED"),
            "Enable certificatemanager.googleapis.com",
        ),
        (
            Hindrance("cloud-denied", rpc="Decrypt", reason="SERVICE_DISABLED"),
            "Enable cloudkms.googleapis.com",
        ),
        # Words that quote something decide nothing.
        (
            Hindrance("cloud-denied", "Decrypt: it is disabled", rpc="UpdateTrustConfig"),
            "certificatemanager.editor",
        ),
        (Hindrance("cloud-missing", rpc="Decrypt"), "does not exist. Make it"),
        (Hindrance("cloud-missing", rpc="GetTrustConfig"), "no such trust config"),
        (Hindrance("something-new", "…"), "Mend what Google's words name"),
    ],
)
def test_the_way_out_goes_by_code_rpc_and_reason(world: World, why: Hindrance, words: str) -> None:
    assert words in str(remedy(why, world.trust_config()))


def test_the_parts_of_an_error_are_kept() -> None:
    error = CloudDenied("GetTrustConfig", "No.", google_reason="IAM_PERMISSION_DENIED")
    why = Hindrance.of(error)
    assert why == Hindrance("cloud-denied", "No.", "GetTrustConfig", "IAM_PERMISSION_DENIED")
    assert str(why) == "GetTrustConfig: No."
    assert str(Hindrance.of(NotRestorable("It is gone."))) == "It is gone."
    assert str(Hindrance("read-back-differs")) == "read-back-differs"
    assert len(Hindrance.of(CloudMissing("Decrypt", "x" * 5000)).words) == 5000


def test_a_pause_says_its_parts_until_a_step_goes_well(world: World) -> None:
    from django.db import transaction

    why = Hindrance("cloud-unavailable", "away", "GetTrustConfig", "SOMETHING")
    trust_config = world.trust_config()
    with transaction.atomic():
        lease = acquire_lease(str(trust_config.pk), WORKER)
        assert lease is not None
        assert pause(lease, why) == 1
    assert hindrance_of(world.trust_config()) == why
    with transaction.atomic():
        lease = acquire_lease(str(trust_config.pk), WORKER)
        assert lease is not None
        release(lease)
    assert hindrance_of(world.trust_config()) == Hindrance("")
    with transaction.atomic():
        lease = acquire_lease(str(trust_config.pk), WORKER)
        assert lease is not None
        block(lease, why)
        release(lease)  # why it is blocked stays
    assert hindrance_of(world.trust_config()) == why


def test_the_real_client_hands_on_the_reason_of_the_emulator(world: World) -> None:
    name = world.trust_config().resource_name
    _fault(world, "GetTrustConfig", code="PERMISSION_DENIED", reason="SERVICE_DISABLED")
    with pytest.raises(CloudDenied) as denied:
        clients().trust_configs.read(name)
    assert denied.value.google_reason == "SERVICE_DISABLED"
    _fault(world, "GetTrustConfig", code="RESOURCE_EXHAUSTED", reason="RATE_LIMIT_EXCEEDED")
    with pytest.raises(CloudExhausted) as exhausted:
        clients().trust_configs.read(name)
    assert exhausted.value.google_reason == "RATE_LIMIT_EXCEEDED"


def test_an_api_that_is_off_is_named_on_the_page_of_the_change(world: World) -> None:
    change = world.checked(make())
    world.approve(change)
    _fault(
        world,
        "GetTrustConfig",
        code="PERMISSION_DENIED",
        reason="SERVICE_DISABLED",
        message="Off.",
        times=9,
    )
    world.work()
    page = world.page("sam").get(f"/t/payments/changes/{change.number}/").content.decode()
    assert "Enable certificatemanager.googleapis.com in project" in page
    assert "GetTrustConfig: Off." in page
