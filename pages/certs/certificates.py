"""Pages of certificates."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from approvals.judging.revocations import revoked_by
from approvals.models import ChangeRequest, Item
from approvals.policy import may_submit
from audit.questions import events_of_certificate
from certs.models import (
    Certificate,
    TrustEntry,
)
from certs.vault.kept import kept_of_certificate
from pages.certs.filters import CertificateFilter
from pages.certs.tables import CertificateTable
from pages.changes.tables import ChangeTable
from pages.page_access import TenantRequest, tenant_page
from tenants.errors import UnknownObject


@tenant_page()
def certificate_list(request: TenantRequest) -> HttpResponse:
    certificates = Certificate.objects.for_tenant(request.tenant.pk).select_related("uploaded_by")
    filters = CertificateFilter(request.GET, queryset=certificates, request=request)
    table = CertificateTable(filters.found).by_url(request)
    context = {
        "table": table,
        "filters": filters,
        "places": _places(request, [row.record for row in table.paginated_rows]),
        "revoked": revoked_by(request.tenant.pk),
    }
    return render(request, "certs/certificate_list.html", context, status=filters.status)


@tenant_page()
def certificate_detail(request: TenantRequest, fingerprint: str) -> HttpResponse:
    found = (
        Certificate.objects.for_tenant(request.tenant.pk)
        .filter(sha256_fingerprint=fingerprint)
        .select_related("uploaded_by")
        .first()
    )
    if found is None:
        raise UnknownObject
    entries = TrustEntry.objects.for_tenant(request.tenant.pk).filter(certificate=found)
    changes = ChangeRequest.objects.for_tenant(request.tenant.pk)
    context = {
        "kept": kept_of_certificate(request.tenant.pk, fingerprint),
        "certificate": found,
        "facts": found.as_facts(),
        "revoked": revoked_by(request.tenant.pk).get(fingerprint),
        "entries": entries.select_related(
            "trust_config__environment", "added_publication", "removed_publication"
        ),
        "changes": ChangeTable(
            changes.filter(
                pk__in=Item.objects.filter(certificate=found).values("change")
            ).for_lists(),
            empty_text=_("No change is about it."),
        ).by_url(request),
        "events": events_of_certificate(request.tenant.pk, fingerprint),
        "may_submit": may_submit(request.user.pk, request.tenant),
    }
    return render(request, "certs/certificate_detail.html", context)


def _places(request: TenantRequest, certificates: Any) -> dict[int, list[TrustEntry]]:
    entries = (
        TrustEntry.objects.for_tenant(request.tenant.pk)
        .open()
        .filter(certificate__in=list(certificates))
    )
    places: dict[int, list[TrustEntry]] = {}
    for entry in entries.select_related("trust_config__environment"):
        places.setdefault(entry.certificate_id, []).append(entry)
    return places
