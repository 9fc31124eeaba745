"""A vote counts only while its voter may vote."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.deciding import validate, vote
from approvals.draft import Removal, Timing
from approvals.errors import SelfApproval, VoteRefused
from approvals.models import ChangeRequest, Vote
from approvals.publishing.conductor import publish
from approvals.votes import has_votes, may_vote, rests_on_the_policy
from pages.changes.summary import votes_of
from tenants.models import Grant
from tests.certificates import Made, make
from tests.world import World


def approved_by_rita(world: World) -> ChangeRequest:
    """Approved in dev, with the write still to come."""
    change = world.checked(make("approved"))
    world.approve(change)
    change = world.fresh(change)
    assert change.state == "approved"
    return change


def write(world: World, change: ChangeRequest) -> ChangeRequest:
    publish(trust_config_id=str(change.trust_config_id))
    return world.fresh(change)


def lost_grant(world: World, _made: Made) -> None:
    world.take_grant("rita", "reviewer")


def suspended(world: World, _made: Made) -> None:
    user = world.user("rita")
    user.is_active = False
    user.save()


def since_uploaded(world: World, made: Made) -> None:
    Grant.objects.create(user=world.user("rita"), tenant=world.tenant(), role="submitter")
    world.submit(made, by="rita", environment="prod")


def moved_elsewhere(world: World, _made: Made) -> None:
    prod = world.trust_config(environment="prod").environment
    world.user("rita").grants.filter(role="reviewer").update(environment=prod)


@pytest.mark.parametrize("fate", [lost_grant, suspended, since_uploaded, moved_elsewhere])
def test_a_vote_whose_voter_may_not_vote_any_more_is_not_written(
    world: World, fate: Callable[[World, Made], None]
) -> None:
    made = make()
    change = world.checked(made)
    world.approve(change)
    fate(world, made)
    change = write(world, change)
    assert change.state == "validated"
    assert change.causes == [{"code": "returned-votes", "names": "Rita"}]
    assert world.updates() == []


def test_a_vote_whose_voter_may_still_vote_is_written(world: World) -> None:
    change = approved_by_rita(world)
    world.take_grant("ravi", "reviewer")
    write(world, change)
    world.work()
    assert world.fresh(change).state == "applied"


def test_at_the_approval_only_votes_that_stand_are_counted(world: World) -> None:
    world.add_user("rosa", ("reviewer", ""))
    change = world.checked(make(), environment="prod")
    world.approve(change, by="rita")
    world.take_grant("rita", "reviewer")
    world.approve(change, by="ravi")
    change = world.fresh(change)
    assert change.state == "validated"
    shown = votes_of(change, world.user("ravi").pk)
    assert (shown.given_count, shown.lost) == (1, ["Rita"])
    world.approve(change, by="rosa")
    assert world.fresh(change).state == "approved"


def test_the_second_uploader_of_a_certificate_may_not_vote_on_it(world: World) -> None:
    client = make()
    world.applied(client)
    world.applied(
        make("other"), removed=[Removal(client.fingerprint, "allowlisted_certificate", "retired")]
    )
    Grant.objects.create(user=world.user("rita"), tenant=world.tenant(), role="submitter")
    world.submit(client, by="rita", environment="prod")
    change = world.checked(client)  # sam was the first to upload it, rita the second
    offered = may_vote(world.user("rita").pk, change)
    assert not offered
    assert "You uploaded a certificate" in str(offered.reason)
    with pytest.raises(SelfApproval):
        world.approve(change, by="rita")
    world.approve(change, by="ravi")
    assert world.fresh(change).state == "approved"


def test_a_reviewer_of_one_environment_has_no_vote_in_another(world: World) -> None:
    change = world.checked(make(), environment="prod")
    with pytest.raises(VoteRefused):
        world.approve(change, by="rex")
    assert not has_votes(world.fresh(change))
    here = world.checked(make("here"))
    world.approve(here, by="rex")
    assert world.fresh(here).state == "approved"


def test_who_took_part_in_asking_is_told_so_and_has_no_vote(world: World) -> None:
    Grant.objects.create(user=world.user("sam"), role="reviewer")
    change = world.checked(make())
    with pytest.raises(SelfApproval):
        world.approve(change, by="sam")


def test_a_voter_who_has_the_role_again_is_counted_again(world: World) -> None:
    """Nobody may vote a second time, so the change must not wait for another vote."""
    change = world.checked(make(), environment="prod")
    world.approve(change, by="rita")
    world.take_grant("rita", "reviewer")
    world.approve(change, by="ravi")
    vote.recount()
    assert world.fresh(change).state == "validated"
    Grant.objects.create(user=world.user("rita"), role="reviewer")
    vote.recount()
    assert world.fresh(change).state == "approved"


def test_a_recount_approves_nothing_that_lacks_votes(world: World) -> None:
    change = world.checked(make(), environment="prod")
    world.approve(change, by="rita")
    vote.recount()
    assert world.fresh(change).state == "validated"


def test_one_vote_that_declines_is_enough_whoever_else_approves(world: World) -> None:
    change = world.checked(make())
    for name, decision in (("ravi", "reject"), ("rita", "approve")):
        Vote.objects.create(
            change=change,
            voter=world.user(name),
            decision=decision,
            change_digest=change.change_digest,
            cast_at=change.state_since,
        )
    assert not has_votes(change)


def _follower(world: World, **mode: Any) -> ChangeRequest:
    old = make("old")
    world.applied(old, make("other"))
    if mode:
        world.self_service("payments", **mode)
    change = world.submit(
        make("new"),
        removed=[Removal(old.fingerprint, "allowlisted_certificate", "retired")],
        timing=Timing(overlap_until=timezone.now() + timedelta(days=9)),
    )
    validate.validate(change_id=change.pk)
    if not mode:
        world.approve(change)
    second: ChangeRequest = world.fresh(change).followers.get()
    return second


def test_a_follower_shares_the_votes_of_its_first_until_it_comes_back(world: World) -> None:
    second = _follower(world)
    assert has_votes(second)
    second.voting_round = 2
    assert not has_votes(second)


def test_a_follower_of_mode_b_rests_on_the_policy_as_its_first_does(world: World) -> None:
    wide = {"roles": ("allowlisted_certificate",), "item_count": 9}
    assert rests_on_the_policy(_follower(world, **wide))


def test_a_follower_that_people_approved_does_not(world: World) -> None:
    assert not rests_on_the_policy(_follower(world))
