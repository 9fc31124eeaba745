"""Back to what was trusted on a date."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from approvals.asking import return_to_date
from approvals.draft import Removal, Timing
from approvals.publishing.conductor import publish
from tests.certificates import make, make_ca
from tests.world import World

AL = "allowlisted_certificate"


def test_going_back_to_a_date_keeps_the_old_certificate_of_a_rotation(world: World) -> None:
    then = None
    old = make("old")
    world.applied(old)
    then = timezone.now()
    until = timezone.now() + timedelta(days=10)
    first = world.approved(
        make("new"),
        removed=[Removal(old.fingerprint, AL, "retired")],
        timing=Timing(overlap_until=until),
    )
    assert first.state == "applied"
    n = return_to_date.return_to(
        actor=world.actor("sam"),
        tenant_id=first.tenant_id,
        trust_config_id=str(first.trust_config_id),
        date=then,
        reason="back",
    )
    world.work()
    world.approve(world.change(n))
    world.work()
    assert world.live()["allowlisted"] == [old.parsed.pem]
    with time_machine.travel(until + timedelta(seconds=1), tick=True):
        publish(trust_config_id=str(first.trust_config_id))
        world.work()
    assert world.live()["allowlisted"] == [old.parsed.pem]


def test_going_back_leaves_out_what_anybody_revoked_here(world: World) -> None:
    x = make_ca("x")
    k = make_ca("k")
    world.applied(x, k, to="shared-clients")
    then = timezone.now()
    world.applied(removed=[Removal(x.fingerprint, "trust_anchor", "retired")], to="shared-clients")
    world.applied(x, make_ca("l"), to="shared-clients", by="lena", tenant="logistics")
    r = world.applied(
        removed=[Removal(x.fingerprint, "trust_anchor", "revoked")],
        to="shared-clients",
        by="lena",
        tenant="logistics",
    )
    assert r.state == "applied"
    y = make("y")
    world.applied(y, to="shared-clients")
    return_to_date.return_to(
        actor=world.actor("sam"),
        tenant_id=world.tenant().pk,
        trust_config_id=str(world.trust_config("shared-clients").pk),
        date=then,
        reason="back",
    )
