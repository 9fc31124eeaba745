"""What programs read."""

from django.utils import timezone

from approvals.publishing import sweep
from certs.models import TrustConfig
from pki.receipt import write
from tests.certificates import make
from tests.world import World


def test_programs_read_every_proof_and_the_effect_of_an_adoption(world: World) -> None:
    TrustConfig.objects.update(enforcement="reject")
    clients = [make("one"), make("two")]
    change = world.applied(*clients)
    from approvals.deciding import prove

    for client in clients:
        values = {
            "url": "https://h/",
            "outcome": "accepted",
            "detail": "",
            "at": timezone.now().isoformat(),
            "server_sha256": "",
            "told": {},
        }
        prove.prove(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            number=change.number,
            receipt=write(values, [client.certificate], client.key),
        )
    page = world.page("ada")
    facts = page.get(f"/t/payments/changes/{change.number}/facts/").json()["facts"]
    proofs = [fact for fact in facts if fact["fact"] == "proven"]
    assert [fact["evidence"]["client"] for fact in proofs] == [
        client.fingerprint for client in clients
    ]
    assert all(fact["at"] and fact["note"].startswith("client-reported") for fact in proofs)
    world.edit_live(allowlisted=[*world.live()["allowlisted"], make("foreign").parsed.pem])
    sweep.sweep(environment_id=world.trust_config().environment_id)
    adopted = world.adopted()
    told = page.get(f"/t/payments/changes/{adopted.number}/facts/").json()
    assert (told["state"], [fact["fact"] for fact in told["facts"]]) == ("applied", ["adopted"])
