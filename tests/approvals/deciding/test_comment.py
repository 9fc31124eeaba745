"""Comments: kept in the history, by whoever has a part in the change where it stands."""

import pytest

from approvals.deciding.comment import comment
from approvals.errors import BadChange
from audit.models import AuditEvent
from tenants.errors import NotAllowed, UnknownObject
from tests.certificates import make
from tests.world import World


@pytest.mark.parametrize("by", ["sam", "rita", "sid", "rex"])
def test_whoever_has_a_part_in_the_change_says_something_of_it(world: World, by: str) -> None:
    change = world.submit(make())
    comment(actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, text=" Hm. ")
    said = AuditEvent.objects.filter(type="change.commented").get()
    assert (said.recorded["reason"], said.change_number) == ("Hm.", change.number)
    kept = change.comments.get()
    assert (kept.text, kept.author) == ("Hm.", world.user(by))


@pytest.mark.parametrize("by", ["ada", "lena", "nobody"])
def test_nobody_else_does(world: World, by: str) -> None:
    change = world.submit(make())
    with pytest.raises(NotAllowed):
        comment(actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, text="Hm.")
    assert not AuditEvent.objects.filter(type="change.commented").exists()


@pytest.mark.parametrize("by", ["sid", "rex"])
def test_a_role_of_one_environment_says_nothing_in_another(world: World, by: str) -> None:
    change = world.submit(make(), environment="prod")
    with pytest.raises(NotAllowed):
        comment(actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, text="Hm.")


def test_an_empty_comment_and_a_change_that_is_not_there_are_refused(world: World) -> None:
    change = world.submit(make())
    with pytest.raises(BadChange):
        comment(actor=world.actor("sam"), tenant_id=change.tenant_id, number=1, text="  ")
    with pytest.raises(UnknownObject):
        comment(actor=world.actor("sam"), tenant_id=change.tenant_id, number=99, text="Hm.")
