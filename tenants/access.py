"""Who may do what. One table of grants, read here and nowhere else; every refusal knows its reason."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.errors import NotAllowed, UnknownTenant
from tenants.models import AccessRole, Environment, Grant, Tenant, User


@dataclass(frozen=True)
class Verdict:
    """The answer to "may this person do that?". The button's sentence and the 403 page are the same ``reason``."""

    is_allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.is_allowed


ALLOWED = Verdict(is_allowed=True)

# Roles that open a tenant's pages. All of them may read; what else they may do is asked by role.
READING_ROLES = frozenset(AccessRole)


def roles(
    user_id: int, tenant: Tenant, environment: Environment | None = None
) -> frozenset[AccessRole]:
    """The person's roles in this tenant, platform-wide grants included; with an environment, only those that hold there."""
    grants = Grant.objects.filter(
        Q(tenant=tenant) | Q(tenant=None), user_id=user_id, user__is_active=True
    )
    if environment is not None:
        grants = grants.filter(Q(environment=environment) | Q(environment=None))
    return _roles(grants)


def platform_roles(user_id: int, environment: Environment | None = None) -> frozenset[AccessRole]:
    """The person's platform-wide roles in an environment; without one, only those that hold in all of them."""
    in_question = (
        Q(environment=None)
        if environment is None
        else Q(environment=environment) | Q(environment=None)
    )
    return _roles(_platform_grants(user_id).filter(in_question))


def platform_roles_anywhere(user_id: int) -> frozenset[AccessRole]:
    """The person's platform-wide roles, also those that hold in one environment only. Opens pages, decides nothing."""
    return _roles(_platform_grants(user_id))


@dataclass(frozen=True)
class ReviewerScope:
    """Where a person is a reviewer of the platform: in all environments, or in those with these ids."""

    is_everywhere: bool
    environment_ids: frozenset[int]

    def covers(self, environment: Environment) -> bool:
        return self.is_everywhere or environment.pk in self.environment_ids


def reviewer_scope(user_id: int) -> ReviewerScope:
    """In mode A only reviewers with a platform-wide grant count; one query for any number of changes."""
    found = set(
        _platform_grants(user_id)
        .filter(role=AccessRole.REVIEWER)
        .values_list("environment_id", flat=True)
    )
    return ReviewerScope(None in found, frozenset(pk for pk in found if pk is not None))


def _platform_grants(user_id: int) -> QuerySet[Grant]:
    return Grant.objects.filter(user_id=user_id, tenant=None, user__is_active=True)


def _roles(grants: QuerySet[Grant]) -> frozenset[AccessRole]:
    return frozenset(AccessRole(role) for role in grants.values_list("role", flat=True))


def visible_tenants(user_id: int) -> QuerySet[Tenant]:
    """Tenants whose pages this person may open: all with a platform-wide grant, else those with a grant of their own."""
    if _platform_grants(user_id).exists():
        return Tenant.objects.all()
    return Tenant.objects.filter(grants__user_id=user_id, grants__user__is_active=True).distinct()


def visible_tenant(user_id: int, slug: str) -> Tenant:
    """:raises UnknownTenant: for strangers as for tenants that do not exist."""
    tenant = visible_tenants(user_id).filter(slug=slug).first()
    if tenant is None:
        raise UnknownTenant
    return tenant


def require(
    user_id: int, tenant: Tenant, *wanted: AccessRole, environment: Environment | None = None
) -> None:
    """:raises NotAllowed: when the person has none of the wanted roles there."""
    if not roles(user_id, tenant, environment) & set(wanted):
        raise NotAllowed(_needs(wanted))


def require_platform(user_id: int, *wanted: AccessRole) -> None:
    """:raises NotAllowed: when the person has none of the wanted roles for the whole platform, in all environments."""
    if not platform_roles(user_id) & set(wanted):
        raise NotAllowed(_needs(wanted))


def reviewers(environment: Environment) -> QuerySet[User]:
    """Everyone whose vote counts in this environment: active people with a platform-wide reviewer's grant there."""
    grants = Grant.objects.filter(
        Q(environment=environment) | Q(environment=None), role=AccessRole.REVIEWER, tenant=None
    )
    return User.objects.filter(is_active=True, grants__in=grants).distinct().order_by("full_name")


def _needs(wanted: tuple[AccessRole, ...]) -> str | Promise:
    names = " / ".join(str(role.label) for role in wanted)
    return _(
        "This needs the role %(role)s. Ask an admin of the tenant or of the platform for it."
    ) % {"role": names}
