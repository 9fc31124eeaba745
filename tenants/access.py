"""Reads grants against the table of rights. Every refusal knows its reason."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from tenants.errors import NotAllowed, UnknownTenant
from tenants.models import AccessRole, Environment, Grant, Mode, Tenant, User
from tenants.rights import RIGHTS, Act


@dataclass(frozen=True)
class Verdict:
    """The answer to "may this person do that?". The button's sentence and the 403 page are the same ``reason``."""

    is_allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.is_allowed


ALLOWED = Verdict(is_allowed=True)


def may(
    user_id: int | None,
    act: Act,
    *,
    tenant: Tenant | None = None,
    environment: Environment | None = None,
    mode: Mode | None = None,
) -> Verdict:
    """Whether the person has a role for the act, and the sentence if not. One query.

    Without an environment a role of the table's ``tenant`` column counts in whatever environment it holds, one of its
    ``platform`` column only if it holds in all of them (or in any, where the table says so). ``mode`` is the mode by which a change goes, where that matters.
    """
    right = RIGHTS[act]
    wanted = Q(tenant=None, role__in=right.platform)
    if environment is None and not right.in_one_environment:
        wanted &= Q(environment=None)
    if tenant is not None:
        wanted |= Q(tenant=tenant, role__in=right.tenant_roles(mode))
        wanted |= Q(tenant=None, role__in=right.tenant_roles(mode))
    grants = _grants(user_id).filter(wanted)
    if environment is not None:
        grants = grants.filter(Q(environment=environment) | Q(environment=None))
    if grants.exists():
        return ALLOWED
    return Verdict(is_allowed=False, reason=right.refusal)


def require(
    user_id: int | None,
    act: Act,
    *,
    tenant: Tenant | None = None,
    environment: Environment | None = None,
) -> None:
    """:raises NotAllowed: when the person has no role for the act there; says which people have."""
    verdict = may(user_id, act, tenant=tenant, environment=environment)
    if not verdict:
        raise NotAllowed(verdict.reason)


@dataclass(frozen=True)
class PlatformScope:
    """Where a person may do an act of the platform: in all environments, or in those with these ids."""

    is_everywhere: bool
    environment_ids: frozenset[int]

    def covers(self, environment: Environment) -> bool:
        return self.is_everywhere or environment.pk in self.environment_ids

    def __bool__(self) -> bool:
        return self.is_everywhere or bool(self.environment_ids)


def platform_scope(user_id: int, act: Act) -> PlatformScope:
    """For lists: one query for any number of rows."""
    grants = _grants(user_id).filter(tenant=None, role__in=RIGHTS[act].platform)
    found = set(grants.values_list("environment_id", flat=True))
    return PlatformScope(None in found, frozenset(pk for pk in found if pk is not None))


def people_who_may(act: Act, environment: Environment) -> QuerySet[User]:
    """Every active person with a role of the table's ``platform`` column for the act in this environment, by name."""
    grants = Grant.objects.filter(
        Q(environment=environment) | Q(environment=None),
        role__in=RIGHTS[act].platform,
        tenant=None,
    )
    return User.objects.filter(is_active=True, grants__in=grants).distinct().order_by("full_name")


def tenants_where(user_id: int, act: Act) -> QuerySet[Tenant]:
    """Tenants in which a role of the table's ``tenant`` column lets the person do an act, in whatever environment; by name."""
    roles: frozenset[AccessRole] = RIGHTS[act].tenant
    grants = _grants(user_id).filter(role__in=roles)
    if grants.filter(tenant=None).exists():
        return Tenant.objects.all()
    return Tenant.objects.filter(grants__in=grants).distinct()


def visible_tenants(user_id: int) -> QuerySet[Tenant]:
    """Tenants whose pages this person may open: all with a platform-wide grant, else those with a grant of their own."""
    return tenants_where(user_id, Act.READ_TENANT)


def visible_tenant(user_id: int, slug: str) -> Tenant:
    """:raises UnknownTenant: for outsiders as for tenants that do not exist."""
    tenant = visible_tenants(user_id).filter(slug=slug).first()
    if tenant is None:
        raise UnknownTenant
    return tenant


def _grants(user_id: int | None) -> QuerySet[Grant]:
    return Grant.objects.filter(user=user_id, user__is_active=True)
