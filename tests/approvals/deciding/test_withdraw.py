"""Withdrawing: by whoever is responsible, while nothing of the change is on its way."""

import pytest

from approvals.deciding.withdraw import withdraw
from approvals.errors import PublicationInProgress, WrongState
from approvals.models import ChangeRequest
from audit.models import AuditEvent
from certs.models import SealedCertificate
from tenants.errors import NotAllowed
from tests.certificates import make
from tests.world import World


def _withdraw(world: World, change: ChangeRequest, by: str = "sam") -> None:
    withdraw(
        actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, reason=" Moved. "
    )


def test_what_is_withdrawn_is_over_says_why_and_keeps_nothing(world: World) -> None:
    change = world.checked(make())
    assert SealedCertificate.objects.filter(change_id=change.pk).exists()
    _withdraw(world, change)
    change = world.fresh(change)
    assert change.state == "withdrawn"
    assert change.causes == [{"code": "withdrawn", "name": "Sam"}]
    assert not SealedCertificate.objects.filter(change_id=change.pk).exists()
    event = AuditEvent.objects.filter(type="change.withdrawn").get()
    assert (event.recorded["before"], event.recorded["reason"]) == ("validated", "Moved.")


@pytest.mark.parametrize("by", ["sid", "rita", "tom", "lena"])
def test_nobody_withdraws_what_somebody_else_takes_care_of(world: World, by: str) -> None:
    change = world.checked(make())
    with pytest.raises(NotAllowed):
        _withdraw(world, change, by)
    assert world.fresh(change).state == "validated"


def test_what_may_be_on_its_way_is_not_withdrawn(world: World) -> None:
    change = world.scheduled(make())
    world.write_begun(change)
    with pytest.raises(PublicationInProgress):
        _withdraw(world, change)
    assert world.fresh(change).state == "approved"


def test_what_is_over_is_not_withdrawn_again(world: World) -> None:
    change = world.checked(make())
    _withdraw(world, change)
    with pytest.raises(WrongState):
        _withdraw(world, change)
