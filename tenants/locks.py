"""The first lock of every flow that has one: the tenant, before its trust config and its change."""

from django.db import connection

from tenants.errors import UnknownObject
from tenants.models import Tenant


def lock_tenant(tenant_id: int) -> Tenant:
    """The tenant, locked for its next number of a change, a client or a policy.

    :raises UnknownObject: when there is no such tenant.
    """
    assert connection.in_atomic_block
    tenant = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
    if tenant is None:
        raise UnknownObject
    return tenant
