"""The locks that flows take, in their one order: tenant (``tenants.locks``), trust config, change."""

from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from approvals.errors import WrongState
from approvals.models import ChangeRequest
from approvals.states import OPEN, State
from certs.models import TrustConfig
from tenants.errors import UnknownObject


def lock_trust_config(trust_config_id: UUID | str) -> TrustConfig:
    """Every flow that changes what a trust config's changes rest on locks it first; it is the one lock there is."""
    assert connection.in_atomic_block
    rows = TrustConfig.objects.select_for_update(of=("self",)).select_related("environment")
    trust_config = rows.filter(pk=trust_config_id).first()
    if trust_config is None:
        raise UnknownObject
    return trust_config


def lock_change(tenant_id: int, number: int) -> ChangeRequest:
    """The change, locked after its trust config.

    :raises UnknownObject: when the tenant has no such change.
    """
    found = (
        ChangeRequest.objects.for_tenant(tenant_id)
        .filter(number=number)
        .values_list("trust_config_id", flat=True)
        .first()
    )
    if found is None:
        raise UnknownObject
    lock_trust_config(found)
    rows = ChangeRequest.objects.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment", "submitted_by"
    )
    return rows.get(tenant_id=tenant_id, number=number)


def require_open(change: ChangeRequest, *states: State) -> None:
    """:raises WrongState: when the change is in none of these states."""
    if change.state not in (states or OPEN):
        raise WrongState(
            _("This cannot be done any more: the change is %(state)s.")
            % {"state": State(change.state).label}
        )


def is_in_unresolved_publication(change: ChangeRequest) -> bool:
    return ChangeRequest.objects.filter(pk=change.pk).in_unresolved_publication().exists()
