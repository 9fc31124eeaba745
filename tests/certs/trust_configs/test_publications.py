"""One writer per trust config: a lease by database time, with a fencing token."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from certs.errors import LeaseLost
from certs.hindrance import Hindrance
from certs.models import TrustConfig
from certs.trust_configs import publications
from certs.trust_configs.publications import Lease
from tests.world import World


def acquire(world: World, owner: str) -> Lease | None:
    with transaction.atomic():
        return publications.acquire_lease(str(world.trust_config().pk), owner)


def held(world: World, owner: str) -> Lease:
    lease = acquire(world, owner)
    assert lease is not None
    return lease


def expire() -> None:
    TrustConfig.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def taken_over(world: World) -> tuple[Lease, Lease]:
    """The first worker's lease, which ran out, and that of the second, which holds it now."""
    first = held(world, "one")
    expire()
    return first, held(world, "two")


def test_a_held_lease_is_not_given_twice(world: World) -> None:
    held(world, "one")
    assert acquire(world, "two") is None


def test_a_lease_whose_time_is_over_sends_nothing(world: World) -> None:
    lease = held(world, "one")
    publications.require_held(lease)
    expire()
    with pytest.raises(LeaseLost):
        publications.require_held(lease)


def test_who_lost_the_lease_neither_holds_nor_sends(world: World) -> None:
    first, second = taken_over(world)
    with pytest.raises(LeaseLost):
        publications.require_held(first)
    with pytest.raises(LeaseLost), transaction.atomic():
        publications.hold(first)
    publications.require_held(second)


def test_who_lost_the_lease_does_not_release_that_of_another(world: World) -> None:
    first, second = taken_over(world)
    with transaction.atomic():
        publications.release(first)
    publications.require_held(second)
    assert world.trust_config().lease_owner == "two"


def test_who_lost_the_lease_does_not_pause_that_of_another(world: World) -> None:
    first, second = taken_over(world)
    with transaction.atomic():
        publications.pause(first, Hindrance("cloud-unavailable", "late"))
    publications.require_held(second)
    config = world.trust_config()
    assert (config.lease_owner, config.waiting_code, config.pause_count) == ("two", "", 0)


def test_who_lost_the_lease_does_not_block_for_another(world: World) -> None:
    first, second = taken_over(world)
    with transaction.atomic():
        publications.block(first, Hindrance("cloud-denied", "late"))
    publications.require_held(second)
    assert world.trust_config().blocked_at is None


def test_a_lease_that_ran_out_and_nobody_took_is_renewed(world: World) -> None:
    lease = held(world, "one")
    expire()
    with transaction.atomic():
        publications.hold(lease)
    publications.require_held(lease)
