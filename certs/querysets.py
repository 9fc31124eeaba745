"""Reads. Every list of a tenant's things starts with ``for_tenant``."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef

from pki.plan import Entry, Holding
from pki.roles import TrustRole

if TYPE_CHECKING:
    from certs.models import Certificate, Publication, TrustConfig, TrustEntry  # noqa: F401


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def for_tenant(self, tenant_id: int) -> Self:
        return self.filter(tenant_id=tenant_id)

    def trusted(self) -> Self:
        """Those with an open entry in some trust config."""
        return self.filter(self._is_trusted())

    def untrusted(self) -> Self:
        return self.exclude(self._is_trusted())

    def _is_trusted(self) -> Exists:
        from certs.models import TrustEntry

        return Exists(TrustEntry.objects.open().filter(certificate=OuterRef("pk")))


class TrustConfigQuerySet(models.QuerySet["TrustConfig"]):
    def for_tenant(self, tenant_id: int) -> Self:
        return self.filter(tenants=tenant_id).select_related("environment")


class TrustEntryQuerySet(models.QuerySet["TrustEntry"]):
    def for_tenant(self, tenant_id: int) -> Self:
        return self.filter(tenant_id=tenant_id)

    def open(self) -> Self:
        return self.filter(removed_at=None)

    def holdings(self) -> frozenset[Holding]:
        """Who holds what, by tenant, role and fingerprint."""
        rows = self.open().values_list("tenant_id", "role", "certificate__sha256_fingerprint")
        return frozenset(
            Holding(tenant, Entry(TrustRole(role), fingerprint))
            for tenant, role, fingerprint in rows
        )


class PublicationQuerySet(models.QuerySet["Publication"]):
    def unresolved(self, trust_config_id: UUID | str) -> Self:
        """Those whose outcome is not known yet, in the order in which they were intended."""
        return self.filter(
            trust_config_id=trust_config_id, state__in=self.model.UNRESOLVED
        ).order_by("revision")
