"""A second open change of the same certificate is refused, however it is asked for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.asking import return_to_date, roll_back
from approvals.draft import Removal
from approvals.errors import ConflictingChange
from approvals.models import ChangeRequest
from tests.certificates import Made, make
from tests.world import World, submit_rotation

AL = "allowlisted_certificate"


def retiring(made: Made) -> list[Removal]:
    return [Removal(made.fingerprint, "allowlisted_certificate", "retired")]


def before_and_open(world: World) -> tuple[ChangeRequest, Made]:
    """An applied change, and an open one that removes what it added."""
    made = make()
    world.applied(make("other"))
    change = world.applied(made)
    world.checked(removed=retiring(made))
    return change, made


def test_submitting_it_again(world: World) -> None:
    _change, made = before_and_open(world)
    with pytest.raises(ConflictingChange, match="#3"):
        world.submit(removed=retiring(made))


def test_rolling_back(world: World) -> None:
    change, _made = before_and_open(world)
    with pytest.raises(ConflictingChange, match="#3"):
        roll_back.roll_back(
            actor=world.actor("rita"),
            tenant_id=change.tenant_id,
            number=change.number,
            also=[],
            reason="Back.",
            originals=[],
            typed_name=change.trust_config.name,
        )


def test_returning_to_a_date(world: World) -> None:
    change, _made = before_and_open(world)
    assert change.applied_at is not None
    with pytest.raises(ConflictingChange, match="#3"):
        return_to_date.return_to(
            actor=world.actor("sam"),
            tenant_id=change.tenant_id,
            trust_config_id=str(change.trust_config_id),
            date=change.submitted_at,
            reason="Back.",
        )
    assert change.submitted_at < timezone.now() - timedelta(0)


def test_a_revocation_passes_an_open_overlap(world: World) -> None:
    old, _new, _first, _until = submit_rotation(world)
    world.work()
    revocation = world.submit(removed=[Removal(old.fingerprint, AL, "revoked")])
    assert revocation.state == "submitted"
