"""Pages of certificates."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from approvals.judging.revocations import revoked_by
from approvals.models import ChangeRequest
from approvals.policy import may_submit
from audit.questions import events_of_certificate
from certs.kept import kept_of_certificate
from certs.models import (
    Certificate,
    TrustEntry,
)
from pki.x509_rules import EXPIRES_SOON_DAYS
from tenants.errors import UnknownObject
from tenants.page_access import TenantRequest, tenant_page

PAGE_SIZE = 50


@tenant_page()
def certificate_list(request: TenantRequest) -> HttpResponse:
    query, state = (
        request.GET.get("q", "").replace("\0", "").strip()[:200],
        request.GET.get("state", ""),
    )
    certificates = Certificate.objects.for_tenant(request.tenant.pk).select_related("uploaded_by")
    now = timezone.now()
    if state == "trusted":
        certificates = certificates.trusted()
    elif state == "expiring":
        certificates = certificates.trusted().filter(
            not_after__lt=now + timedelta(days=EXPIRES_SOON_DAYS)
        )
    elif state == "untrusted":
        certificates = certificates.untrusted()
    if query:
        bare = query.replace(":", "").replace(" ", "").lower()
        text = Q(subject__icontains=query) | Q(issuer__icontains=query)
        certificates = certificates.filter(
            text
            | Q(sha256_fingerprint__startswith=bare)
            | Q(serial_number__iexact=bare.lstrip("0"))
        )
    revoked = revoked_by(request.tenant.pk)
    if state == "revoked":
        certificates = certificates.filter(sha256_fingerprint__in=list(revoked))
    page = Paginator(certificates, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "certs/certificate_list.html",
        {
            "page": page,
            "places": _places(request, page.object_list),
            "revoked": revoked,
            "q": query,
            "state": state,
        },
    )


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
    context = {
        "kept": kept_of_certificate(request.tenant.pk, fingerprint),
        "certificate": found,
        "facts": found.as_facts(),
        "revoked": revoked_by(request.tenant.pk).get(fingerprint),
        "entries": entries.select_related(
            "trust_config__environment", "added_publication", "removed_publication"
        ),
        "changes": ChangeRequest.objects.for_tenant(request.tenant.pk)
        .filter(items__certificate=found)
        .distinct()
        .for_lists()[:50],
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
