"""Trying again."""

import pytest
from django.utils import timezone

from approvals import policy
from approvals.deciding import retry
from certs.hindrance import Hindrance
from emulator.faults import Fault
from tests.certificates import make
from tests.world import World


def test_one_try_has_everything_checked_that_could_not_be(world: World) -> None:
    world.emulator.faults.add(Fault("GetTrustConfig", code="PERMISSION_DENIED", times=2))
    changes = [world.submit(make("a")), world.submit(make("b"))]
    world.work()
    assert [bool(world.fresh(change).held_code) for change in changes] == [True, True]
    retry.retry(actor=world.actor("sam"), tenant_id=changes[0].tenant_id, number=changes[0].number)
    world.work()
    assert [world.fresh(change).state for change in changes] == ["validated", "validated"]


@pytest.mark.parametrize(
    ("by", "may"), [("sam", True), ("rita", True), ("tom", False), ("lena", False)]
)
def test_people_with_a_part_in_a_held_change_try_it_again(world: World, by: str, may: bool) -> None:
    change = world.checked(make())
    change.hold_for(Hindrance("cloud-rejected", "No."), at=timezone.now())
    change.save()
    assert bool(policy.may_retry(world.user(by).pk, change)) is may
