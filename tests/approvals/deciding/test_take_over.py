"""Changes whose asker has lost the role, and who takes care of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.deciding import take_over, withdraw
from approvals.draft import Removal, Timing
from approvals.errors import SelfApproval
from approvals.models import ChangeRequest
from audit.models import AuditEvent
from tenants.errors import NotAllowed
from tenants.models import Grant
from tests.certificates import make
from tests.world import World


def take(world: World, change: ChangeRequest, by: str) -> None:
    take_over.take_over(actor=world.actor(by), tenant_id=change.tenant_id, number=change.number)


def end(world: World, change: ChangeRequest, by: str) -> None:
    withdraw.withdraw(
        actor=world.actor(by), tenant_id=change.tenant_id, number=change.number, reason="Over."
    )


@pytest.fixture
def orphan(world: World) -> ChangeRequest:
    """An open change of sam, who is a submitter no more; sue is one."""
    change = world.checked(make())
    world.add_user("sue", ("submitter", "payments"))
    world.take_grant("sam", "submitter")
    return change


def test_who_has_lost_the_role_cannot_withdraw(world: World, orphan: ChangeRequest) -> None:
    with pytest.raises(NotAllowed, match="no role any more"):
        end(world, orphan, "sam")
    assert world.fresh(orphan).state == "validated"


def test_a_submitter_takes_it_over_and_may_withdraw_it(world: World, orphan: ChangeRequest) -> None:
    with pytest.raises(NotAllowed):
        end(world, orphan, "sue")
    take(world, orphan, "sue")
    event = AuditEvent.objects.get(type="change.taken_over")
    assert event.actor_id == str(world.user("sue").pk)
    end(world, orphan, "sue")
    assert world.fresh(orphan).state == "withdrawn"


def test_who_took_it_over_may_not_vote_on_it(world: World, orphan: ChangeRequest) -> None:
    Grant.objects.create(user=world.user("sue"), role="reviewer")
    take(world, orphan, "sue")
    with pytest.raises(SelfApproval):
        world.approve(orphan, by="sue")


def test_a_change_that_is_taken_care_of_is_not_taken(world: World) -> None:
    world.add_user("sue", ("submitter", "payments"))
    change = world.checked(make())
    with pytest.raises(NotAllowed, match="Sam still takes care"):
        take(world, change, "sue")


@pytest.mark.parametrize("by", ["rita", "tom", "ada", "paula", "lena", "sam"])
def test_only_submitters_of_the_tenant_take_over(
    world: World, orphan: ChangeRequest, by: str
) -> None:
    with pytest.raises(NotAllowed):
        take(world, orphan, by)
    assert world.fresh(orphan).taken_over_by is None


def test_a_submitter_of_one_environment_takes_over_there_only(world: World) -> None:
    there = world.checked(make("there"), environment="prod")
    here = world.checked(make("here"))
    world.take_grant("sam", "submitter")
    with pytest.raises(NotAllowed):
        take(world, there, "sid")
    take(world, here, "sid")
    assert world.fresh(here).responsible == world.user("sid")


def test_home_shows_it_to_those_who_can_take_it_over(world: World, orphan: ChangeRequest) -> None:
    assert "Nobody takes care" in world.page("sue").get("/").content.decode()
    for name in ("rita", "lena", "sam"):
        assert "Nobody takes care" not in world.page(name).get("/").content.decode()
    take(world, orphan, "sue")
    home = world.page("sue").get("/").content.decode()
    assert "Nobody takes care" not in home
    assert f"#{orphan.number}" in home  # among those that sue sent or takes care of


def test_home_shows_it_also_when_its_asker_kept_another_role(
    world: World, orphan: ChangeRequest
) -> None:
    Grant.objects.create(user=world.user("sam"), role="auditor", tenant=orphan.tenant)
    assert "Nobody takes care" in world.page("sue").get("/").content.decode()


def test_who_took_it_over_answers_its_findings(world: World) -> None:
    from approvals.votes import uploaders

    change = world.checked(make())
    world.take_grant("sam", "submitter")
    take(world, change, "sid")
    change = world.fresh(change)
    change.awaits_answer = True
    from approvals.policy import may_answer

    assert may_answer(world.user("sid").pk, change)
    assert not may_answer(world.user("sam").pk, change)
    assert world.user("sid").pk in uploaders(change)


def test_a_second_take_over_does_not_forget_the_first(world: World, orphan: ChangeRequest) -> None:
    world.add_user("zoe", ("submitter", "payments"))
    take(world, orphan, "sue")
    world.take_grant("sue", "submitter")
    take(world, orphan, "zoe")
    Grant.objects.create(user=world.user("sue"), role="reviewer")
    with pytest.raises(SelfApproval):
        world.approve(orphan, by="sue")


def test_a_follower_that_somebody_takes_care_of_stays_with_them(world: World) -> None:
    old, new = make("old"), make("new")
    world.applied(old)
    now = timezone.now()
    first = world.approved(
        new,
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing("at_time", now + timedelta(days=1), now + timedelta(days=8)),
    )
    second = first.followers.get()
    world.add_user("sue", ("submitter", "payments"))
    world.add_user("pat", ("submitter", "payments"))
    world.take_grant("sam", "submitter")
    take(world, second, "sue")
    take(world, first, "pat")
    assert world.fresh(first).responsible == world.user("pat")
    assert world.fresh(second).responsible == world.user("sue")
