"""What a change meets, and what of it may be named to its tenant."""

from django.utils import timezone

from approvals.judging.estate import estate_of
from tests.certificates import make, make_ca
from tests.world import World


def test_what_other_tenants_hold_counts_and_may_not_be_named(world: World) -> None:
    mine, theirs, new = make_ca("mine"), make_ca("theirs"), make("new")
    world.applied(mine, to="shared-clients")
    world.applied(theirs, by="lena", tenant="logistics", to="shared-clients")
    estate = estate_of(
        world.trust_config("shared-clients"),
        tenant_id=world.tenant().pk,
        facts={new.fingerprint: new.parsed.facts},
        at=timezone.now(),
    )
    held = {holding.entry.sha256_fingerprint for holding in estate.holdings}
    assert held == {mine.fingerprint, theirs.fingerprint}
    assert estate.visible == frozenset({mine.fingerprint, new.fingerprint})
