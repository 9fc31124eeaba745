"""What is recorded once a write has ended."""

from audit.models import AuditEvent
from certs.models import TrustEntry
from emulator.faults import Fault
from tests.certificates import make
from tests.world import World


def test_an_entry_that_comes_back_goes_to_the_tenant_that_lost_it(world: World) -> None:
    theirs = make("theirs")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    live = world.live("shared-clients")["allowlisted"]
    for entries in ([], live):
        world.edit_live("shared-clients", allowlisted=entries)
        world.submit(make(f"probe-{len(entries)}"), to="shared-clients")
        world.work()
        world.adopted("shared-clients")
    holders = (
        TrustEntry.objects.open()
        .filter(certificate__sha256_fingerprint=theirs.fingerprint)
        .values_list("tenant__slug", flat=True)
    )
    assert list(holders) == ["logistics"]


def test_a_change_of_200_items_is_written_and_recorded_whole(world: World) -> None:
    clients = [make(f"c{n}") for n in range(200)]
    change = world.applied(*clients)
    assert change.state == "applied"
    assert len(world.live()["allowlisted"]) == 200


def test_what_google_refused_stays_on_the_page_until_somebody_tries_again(world: World) -> None:
    world.emulator.faults.add(
        Fault("UpdateTrustConfig", code="PERMISSION_DENIED", message="needs role X", times=99)
    )
    world.approved(make("a"))
    assert "role X" in world.trust_config().waiting_words
    world.approved(make("b"))
    assert world.trust_config().blocked_at
    assert "role X" in world.trust_config().waiting_words


def test_googles_words_stay_with_the_tenant_they_are_about(world: World) -> None:
    """Google's words about one tenant's certificate must not stand on another tenant's change"""
    a, b = (make("a-secret"), make("b"))
    x = world.submit(a, to="shared-clients")
    y = world.submit(b, to="shared-clients", by="lena", tenant="logistics")
    world.work()
    world.approve(x)
    world.approve(y)
    world.emulator.faults.add(
        Fault(
            "UpdateTrustConfig",
            code="INVALID_ARGUMENT",
            message="certificate CN=a-secret is bad",
            field=f"trust_config.allowlisted_certificates[{sorted([a.fingerprint, b.fingerprint]).index(a.fingerprint)}].pem_certificate",
        )
    )
    world.work()

    for e in AuditEvent.objects.filter(tenant_id=world.tenant("logistics").pk):
        assert "a-secret" not in str(vars(e)), e.type
