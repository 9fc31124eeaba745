"""Reads of changes. Every list of a tenant's changes starts with ``for_tenant``."""

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from approvals.states import OPEN, State
from certs.models import Publication
from tenants.models import Grant, Tenant
from tenants.rights import RIGHTS, Act

if TYPE_CHECKING:
    from approvals.models import ChangeRequest, Item  # noqa: F401


class ChangeQuerySet(models.QuerySet["ChangeRequest"]):
    def for_tenant(self, tenant_id: int) -> Self:
        return self.filter(tenant_id=tenant_id)

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def for_lists(self) -> Self:
        """With everything that a row of a list shows."""
        from approvals.models import Item, Vote

        rows = self.select_related(
            "tenant", "trust_config__environment", "submitted_by", "taken_over_by"
        )
        return rows.prefetch_related(
            Prefetch("items", Item.objects.select_related("certificate")),
            Prefetch("votes", Vote.objects.select_related("voter")),
            "findings",
            "inverts",
            "trust_config__environment__freezes",
        )

    def of_person(self, user_id: int) -> Self:
        """Changes that the person submitted, or takes care of."""
        return self.filter(Q(submitted_by_id=user_id) | Q(taken_over_by_id=user_id))

    def without_asker(self) -> Self:
        """Open changes whose asker has no role any more that asks for changes there, or is not active.

        Whether one may be taken over, and by whom, the policy says.
        """
        asker = Coalesce(OuterRef("taken_over_by"), OuterRef("submitted_by"))
        return self.open().filter(~Exists(_grants_for(Act.FOLLOW_UP, asker)))

    def where_may(self, user_id: int, act: Act) -> Self:
        """Changes where the person has a role of their tenant for the act, as :func:`tenants.access.may` would say."""
        return self.filter(Exists(_grants_for(act, user_id)))

    def not_yet_written(self) -> Self:
        """Approved changes, with what tells when their time has come."""
        rows = self.filter(state=State.APPROVED).select_related(
            "tenant", "follows", "trust_config__environment", "submitted_by"
        )
        return rows.prefetch_related("items")

    def in_unresolved_publication(self) -> Self:
        """Changes that a write whose outcome is not known yet carries."""
        return self.filter(Exists(_unresolved_attempts()))

    def due(self, trust_config_id: UUID | str) -> Self:
        """Approved changes of one trust config that no write carries yet, oldest approval first.

        Whether their time has come, :mod:`approvals.judging.schedule` says; what follows another change waits until that is applied.
        """
        return self._ready(trust_config_id).filter(kind="regular")

    def resolutions(self, trust_config_id: UUID | str) -> Self:
        """Approved changes that resolve the drift case of a trust config."""
        return self._ready(trust_config_id).filter(drift_case__state="open")

    def _ready(self, trust_config_id: UUID | str) -> Self:
        ready = self.filter(
            ~Exists(_unresolved_attempts()),
            trust_config_id=trust_config_id,
            state=State.APPROVED,
            held_code="",
        )
        # What follows a change waits for it, and while that is being undone.
        ready = ready.filter(Q(follows=None) | Q(follows__state=State.APPLIED)).exclude(
            follows__inverted_by__state__in=OPEN
        )
        return ready.order_by("approved_at", "pk").prefetch_related(
            "items__certificate", "later_removals", "findings", "votes"
        )


class ItemQuerySet(models.QuerySet["Item"]):
    def uploads(self) -> Self:
        """Items that a person uploaded a file for: not what a rollback, a return or a drift adds."""
        return self.filter(
            action="add",
            change__kind="regular",
            change__inverts=None,
            change__returns_to=None,
        )


def _grants_for(act: Act, user: Any) -> QuerySet[Grant]:
    """Grants of the person that count for the act in a change's tenant and environment."""
    right = RIGHTS[act]
    return Grant.objects.filter(
        Q(tenant=OuterRef("tenant")) | Q(tenant=None),
        Q(environment=OuterRef("trust_config__environment")) | Q(environment=None),
        user=user,
        role__in=right.tenant | right.platform,
        user__is_active=True,
    )


def _unresolved_attempts() -> QuerySet[Any]:
    """Writes of a change whose outcome is not known yet."""
    from approvals.models import ChangePublication

    return ChangePublication.objects.filter(
        change=OuterRef("pk"), publication__state__in=Publication.UNRESOLVED
    )


def with_change_counts(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """With how many changes of each are open, and how many of those wait for votes; counted for the rows that are shown."""
    from approvals.models import ChangeRequest

    open_here = ChangeRequest.objects.open().filter(tenant=OuterRef("pk")).order_by()
    waiting_here = open_here.filter(state=State.VALIDATED)
    counted, waiting = (
        rows.values("tenant").annotate(count=Count("pk")).values("count")
        for rows in (open_here, waiting_here)
    )
    return tenants.annotate(
        open_count=Coalesce(Subquery(counted), 0), waiting_count=Coalesce(Subquery(waiting), 0)
    )
