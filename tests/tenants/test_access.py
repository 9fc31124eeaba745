"""Roles hold where they were given, and for people who are active."""

import pytest

from tenants import access
from tenants.models import AccessRole
from tests.world import World


def suspend(world: World, name: str) -> int:
    user = world.user(name)
    user.is_active = False
    user.save()
    return int(user.pk)


@pytest.mark.parametrize("name", ["sam", "tom", "rita", "paula"])
def test_an_inactive_person_has_no_role_and_sees_nothing(world: World, name: str) -> None:
    tenant = world.tenant()
    assert access.roles(world.user(name).pk, tenant)
    pk = suspend(world, name)
    assert access.roles(pk, tenant) == frozenset()
    assert access.platform_roles(pk) == frozenset()
    assert access.platform_roles_anywhere(pk) == frozenset()
    assert list(access.visible_tenants(pk)) == []
    assert not access.reviewer_scope(pk).is_everywhere


def test_a_role_of_one_environment_holds_there_only(world: World) -> None:
    tenant = world.tenant()
    dev = world.trust_config().environment
    prod = world.trust_config(environment="prod").environment
    sid, rex = world.user("sid").pk, world.user("rex").pk
    assert access.roles(sid, tenant, dev) == {AccessRole.SUBMITTER}
    assert access.roles(sid, tenant, prod) == frozenset()
    assert access.platform_roles(rex, dev) == {AccessRole.REVIEWER}
    assert access.platform_roles(rex, prod) == frozenset()
    assert access.platform_roles(rex) == frozenset()
    assert access.reviewer_scope(rex).covers(dev)
    assert not access.reviewer_scope(rex).covers(prod)
    assert world.user("rex") in access.reviewers(dev)
    assert world.user("rex") not in access.reviewers(prod)


def test_an_inactive_reviewer_is_not_among_those_who_can_vote(world: World) -> None:
    environment = world.trust_config().environment
    assert world.user("rita") in access.reviewers(environment)
    suspend(world, "rita")
    assert world.user("rita") not in access.reviewers(environment)
