"""The table of rights, held against a second writing of it, and where a grant holds."""

import pytest

from tenants import access, rights_document
from tenants.errors import NotAllowed
from tenants.models import AccessRole, Environment, Grant, Mode, User
from tenants.rights import Act
from tests.world import World

S, R, A, T, P = (
    AccessRole.SUBMITTER,
    AccessRole.REVIEWER,
    AccessRole.AUDITOR,
    AccessRole.TENANT_ADMIN,
    AccessRole.PLATFORM_ADMIN,
)

# Act: roles that suffice in the tenant, and roles that suffice platform-wide besides.
EXPECTED: dict[Act, tuple[set[AccessRole], set[AccessRole]]] = {
    Act.READ_TENANT: ({S, R, A, T, P}, set()),
    Act.READ_PLATFORM: (set(), {R, A, P}),
    Act.READ_ALL_AUDIT: (set(), {R, A, P}),
    Act.COUNT_OTHERS: (set(), {S, R, A, P}),
    Act.SEE_ALL_ENTRIES: (set(), {R}),
    Act.SUBMIT: ({S}, set()),
    Act.FOLLOW_UP: ({S, R}, set()),
    Act.COMMENT: ({S, R, T, P}, set()),
    Act.VOTE: (set(), {R}),
    Act.STOP: (set(), {R}),
    Act.TRY_AGAIN: ({S, R, P}, set()),
    Act.PROVE: ({S}, set()),
    Act.ROLL_BACK: ({S}, {R}),
    Act.ROLL_BACK_ALONE: (set(), {R}),
    Act.RESOLVE_DRIFT: ({S}, {R}),
    Act.RESOLVE_OLDER_DATABASE: (set(), {P}),
    Act.KEEP_GOLDEN_CLIENTS: ({S}, set()),
    Act.DECIDE_GOLDEN_REMOVAL: (set(), {R}),
    Act.BRAKE: ({R, T, P}, set()),
    Act.PROPOSE_SELF_SERVICE: (set(), {P}),
    Act.CONFIRM_SELF_SERVICE: (set(), {R, P}),
    Act.PROPOSE_POLICY: (set(), {P}),
    Act.TIGHTEN_POLICY: ({T}, set()),
    Act.CONFIRM_POLICY: (set(), {R, P}),
    Act.ADMINISTER: (set(), {P}),
    Act.OPERATE: (set(), {P}),
}
IN_ONE_ENVIRONMENT = {Act.READ_PLATFORM, Act.COUNT_OTHERS}


@pytest.fixture
def somebody(world: World) -> User:
    """A person without any grant."""
    return User.objects.create(username="new@example.com", email="new@example.com")


def test_every_act_is_expected_here() -> None:
    assert set(EXPECTED) == set(Act)


@pytest.mark.parametrize("role", [S, R, A, T])
def test_a_role_of_the_tenant_may_do_what_the_table_says(
    world: World, somebody: User, role: AccessRole
) -> None:
    tenant, other = world.tenant(), world.tenant("logistics")
    Grant.objects.create(user=somebody, role=role, tenant=tenant)
    may = {act for act in Act if access.may(somebody.pk, act, tenant=tenant)}
    assert may == {act for act, (in_tenant, _) in EXPECTED.items() if role in in_tenant}
    assert not [act for act in Act if access.may(somebody.pk, act, tenant=other)]
    assert not [act for act in Act if access.may(somebody.pk, act)]


@pytest.mark.parametrize("role", [S, R, A, P])
def test_a_role_of_the_platform_may_do_what_the_table_says_in_every_tenant(
    world: World, somebody: User, role: AccessRole
) -> None:
    Grant.objects.create(user=somebody, role=role)
    for slug in ("payments", "logistics"):
        may = {act for act in Act if access.may(somebody.pk, act, tenant=world.tenant(slug))}
        assert may == {act for act, roles in EXPECTED.items() if role in set.union(*roles)}


@pytest.mark.parametrize("role", [S, R, A, P])
def test_a_role_of_the_platform_in_one_environment_holds_there_only(
    world: World, somebody: User, role: AccessRole
) -> None:
    tenant = world.tenant()
    dev = world.trust_config().environment
    prod = world.trust_config(environment="prod").environment
    Grant.objects.create(user=somebody, role=role, environment=dev)
    expected = {act for act, roles in EXPECTED.items() if role in set.union(*roles)}
    there = {act for act in Act if access.may(somebody.pk, act, tenant=tenant, environment=dev)}
    assert there == expected
    assert not [act for act in Act if access.may(somebody.pk, act, tenant=tenant, environment=prod)]
    anywhere = {act for act in Act if access.may(somebody.pk, act)}
    assert anywhere == {act for act in IN_ONE_ENVIRONMENT if role in EXPECTED[act][1]}
    # Where no environment is in question, roles of the tenant's column count wherever they hold.
    somewhere = {act for act in Act if access.may(somebody.pk, act, tenant=tenant)}
    assert somewhere == anywhere | {act for act, (ours, _) in EXPECTED.items() if role in ours}
    for act in Act:
        is_covered = role in EXPECTED[act][1]
        assert access.platform_scope(somebody.pk, act).covers(dev) is is_covered
        assert not access.platform_scope(somebody.pk, act).covers(prod)
        assert (somebody in access.people_who_may(act, dev)) is is_covered
        assert somebody not in access.people_who_may(act, prod)


def test_a_submitter_decides_a_removal_alone_in_mode_b_only(world: World) -> None:
    sam, tenant = world.user("sam").pk, world.tenant()
    act = Act.ROLL_BACK_ALONE
    assert access.may(sam, act, tenant=tenant, mode=Mode.SELF_SERVICE)
    assert not access.may(sam, act, tenant=tenant, mode=Mode.PLATFORM_MANAGED)
    assert not access.may(sam, act, tenant=tenant)
    assert not access.may(world.user("ada").pk, act, tenant=tenant, mode=Mode.SELF_SERVICE)


def test_a_role_of_one_environment_of_the_tenant_holds_there_only(world: World) -> None:
    tenant, sid = world.tenant(), world.user("sid").pk
    dev = world.trust_config().environment
    prod = world.trust_config(environment="prod").environment
    assert access.may(sid, Act.SUBMIT, tenant=tenant, environment=dev)
    assert not access.may(sid, Act.SUBMIT, tenant=tenant, environment=prod)
    assert access.may(sid, Act.SUBMIT, tenant=tenant)  # opens the form; its flow asks again


@pytest.mark.parametrize("name", ["sam", "tom", "rita", "paula"])
def test_an_inactive_person_may_nothing_and_sees_nothing(world: World, name: str) -> None:
    user, tenant = world.user(name), world.tenant()
    environment = world.trust_config().environment
    assert access.may(user.pk, Act.READ_TENANT, tenant=tenant)
    user.is_active = False
    user.save()
    for act in Act:
        assert not access.may(user.pk, act, tenant=tenant)
        assert not access.may(user.pk, act, tenant=tenant, environment=environment)
        assert not access.platform_scope(user.pk, act)
        assert user not in access.people_who_may(act, environment)
        assert list(access.tenants_where(user.pk, act)) == []
    assert list(access.visible_tenants(user.pk)) == []


def test_tenants_where_a_person_submits(world: World) -> None:
    sam, paula = world.user("sam").pk, world.user("paula").pk
    assert [t.slug for t in access.tenants_where(sam, Act.SUBMIT)] == ["payments"]
    assert list(access.tenants_where(paula, Act.SUBMIT)) == []
    assert {t.slug for t in access.visible_tenants(paula)} >= {"payments", "logistics"}


def test_a_refusal_says_who_may(world: World) -> None:
    with pytest.raises(NotAllowed) as refused:
        access.require(world.user("sam").pk, Act.ADMINISTER)
    assert "platform admins" in str(refused.value.sentence)
    verdict = access.may(None, Act.SUBMIT, tenant=world.tenant())
    assert "Only submitters" in str(verdict.reason)


def test_the_document_says_for_each_act_what_is_expected_here() -> None:
    rows = [row for row in rights_document.markdown().splitlines() if row.startswith("| ")][1:]
    for act, row in zip(Act, rows, strict=True):
        label, *cells = [cell.strip() for cell in row.strip("|").split("|")]
        in_tenant, on_platform = EXPECTED[act]
        assert label.removesuffix(" \\*") == str(act.label)
        assert label.endswith("\\*") is (act in IN_ONE_ENVIRONMENT)
        held = dict(zip(AccessRole, cells, strict=True))
        assert {
            role for role in held if "in the tenant or platform-wide" in held[role]
        } == in_tenant
        assert {role for role in held if "platform-wide only" in held[role]} == on_platform
        is_by_mode = act == Act.ROLL_BACK_ALONE
        assert {role for role in held if "mode B" in held[role]} == ({S} if is_by_mode else set())


def test_who_may_vote_is_said_by_environment(world: World) -> None:
    def names(slug: str) -> set[str]:
        environment = Environment.objects.get(slug=slug)
        return {user.email for user in access.people_who_may(Act.VOTE, environment)}

    assert "rex@example.com" in names("dev")
    assert "rex@example.com" not in names("prod")
    assert "rita@example.com" in names("prod")


def test_an_inactive_person_has_nothing_any_more(world: World) -> None:
    for name in ("rita", "sam"):
        user = world.user(name)
        assert access.visible_tenants(user.pk).exists()
        user.is_active = False
        user.save()
        assert not access.visible_tenants(user.pk).exists()
    assert not access.platform_scope(world.user("rita").pk, Act.VOTE)
