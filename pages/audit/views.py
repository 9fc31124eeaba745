"""The audit: who, when, what, did it take effect, was it rolled back. For one tenant, or across tenants for those who may."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from approvals.models import ChangeRequest
from audit import questions
from audit.models import AuditEvent
from pages.audit.filters import AllEventFilter, EventFilter
from pages.audit.tables import EventTable
from pages.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants.models import Tenant
from tenants.rights import Act


@dataclass(frozen=True)
class Row:
    """An event with the fate of the change that it is about, as it stands today."""

    event: AuditEvent
    change: ChangeRequest | None
    tenant: Tenant | None

    @property
    def is_proven(self) -> bool:
        return self.change is not None and bool(self.change.proofs.all())


@tenant_page()
def event_list(request: TenantRequest) -> HttpResponse:
    events = questions.events_of_tenant(request.tenant.pk)
    return _render(request, EventFilter(request.GET, queryset=events, request=request), {})


@platform_page(Act.READ_ALL_AUDIT)
def event_list_all(request: SignedInRequest) -> HttpResponse:
    events = AuditEvent.objects.all()
    filters = AllEventFilter(request.GET, queryset=events, request=request)
    return _render(request, filters, {"is_across": True})


def _render(request: HttpRequest, filters: EventFilter, extra: dict[str, Any]) -> HttpResponse:
    before = request.GET.get("before", "")
    found = questions.page(
        filters.found,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    table = EventTable(_rows(found.events))
    table.choose_columns(request)
    context = {"filters": filters, "table": table, "older": found.older, **extra}
    return render(request, "audit/event_list.html", context, status=filters.status)


def _rows(events: list[AuditEvent]) -> list[Row]:
    tenants = {
        tenant.pk: tenant
        for tenant in Tenant.objects.filter(
            pk__in={event.tenant_id for event in events if event.tenant_id}
        )
    }
    numbers = {(event.tenant_id, event.change_number) for event in events if event.change_number}
    changes = ChangeRequest.objects.filter(
        tenant_id__in={t for t, _n in numbers}, number__in={n for _t, n in numbers}
    ).select_related("tenant", "trust_config")
    by_number = {
        (change.tenant_id, change.number): change
        for change in changes.prefetch_related("inverted_by", "proofs")
    }
    return [
        Row(
            event,
            by_number.get((event.tenant_id or 0, event.change_number or 0)),
            tenants.get(event.tenant_id or 0),
        )
        for event in events
    ]
