"""What no change may hold."""

import pytest

from approvals.asking import submit
from approvals.draft import Addition, Removal
from approvals.errors import BadChange
from tests.certificates import make, make_ca
from tests.world import World


def _distinct(additions: list[Addition]) -> list[Addition]:
    from dataclasses import replace

    return [
        replace(
            a,
            certificate=replace(
                a.certificate, facts=replace(a.certificate.facts, sha256_fingerprint=f"{n:064x}")
            ),
        )
        for n, a in enumerate(additions)
    ]


def test_a_change_of_too_many_items_is_refused_with_a_sentence(world: World) -> None:
    one = make()
    additions = [Addition(one.parsed, "allowlisted_certificate")] * 201
    with pytest.raises(BadChange, match="at most 200 items"):
        submit.submit(
            actor=world.actor("sam"),
            tenant_id=world.tenant().pk,
            trust_config_id=str(world.trust_config().pk),
            reason="Many.",
            additions=[
                Addition(addition.certificate, addition.role) for addition in _distinct(additions)
            ],
            removals=[],
        )


def test_revoked_in_one_role_and_added_in_another_is_refused(world: World) -> None:
    ca = make_ca()
    world.applied(ca, make())
    with pytest.raises(BadChange, match="revoke"):
        world.submit(
            ca, role="intermediate_ca", removed=[Removal(ca.fingerprint, "trust_anchor", "revoked")]
        )
