"""What votes bind, and what is known to be revoked."""

from datetime import timedelta

from django.utils import timezone

from approvals.draft import Removal, Timing
from approvals.judging.digest import _besides, renew_digest
from approvals.judging.revocations import _revoked
from tests.certificates import make
from tests.world import World


def test_votes_bind_what_the_digest_says_of_others_and_of_later(world: World) -> None:
    old = make("old")
    world.applied(old, make("other"))
    change = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing(overlap_until=timezone.now() + timedelta(days=9)),
    )
    before = _besides(change)
    assert before["later"] == [["allowlisted_certificate", old.fingerprint, "retired"]]
    change.later_removals.update(removal="revoked")
    assert _besides(world.fresh(change))["later"] != before["later"]


def test_a_resolution_binds_how_many_entries_of_others_go_with_it(world: World) -> None:
    client = make("stays")
    world.applied(client, make("goes"))
    world.edited_outside(allowlisted=[client.parsed.pem])
    change = world.adopt()
    digest = change.change_digest
    change.others_removed = 5
    renew_digest(change)
    assert change.change_digest != digest


def test_what_the_tenant_revoked_elsewhere_is_known_here(world: World) -> None:
    client = make("client")
    facts = {client.fingerprint: client.parsed.facts}
    world.applied(client, make("stays"))
    revoking = world.applied(
        removed=[Removal(client.fingerprint, "allowlisted_certificate", "revoked")]
    )
    elsewhere = world.trust_config("shared-clients")
    assert _revoked(elsewhere, world.tenant().pk, facts) == {client.fingerprint: revoking.number}
    assert _revoked(elsewhere, world.tenant("logistics").pk, facts) == {}
