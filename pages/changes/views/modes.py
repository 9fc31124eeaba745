"""Switching a tenant between the modes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from approvals.deciding import switch_mode
from pages.changes.forms import SelfServiceForm
from pages.fields import ReasonForm, cleaned
from pages.page_access import TenantRequest, tenant_page
from tenants.actors import actor_of
from tenants.errors import StaleDecision
from web.errors import keep_on_page


@tenant_page(methods=("POST",))
def mode_brake(request: TenantRequest) -> HttpResponse:
    switch_mode.brake(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        reason=cleaned(ReasonForm(request.POST))["reason"],
    )
    messages.success(request, _("The tenant is in mode A now."))
    return redirect("tenants:tenant-detail", request.tenant.slug)


@tenant_page(methods=("POST",))
def mode_propose(request: TenantRequest) -> HttpResponse:
    form = SelfServiceForm(request.POST)
    data = cleaned(form)
    switch_mode.propose(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        reason=data["reason"],
        limits=form.limits(),
    )
    messages.success(request, _("Mode B is proposed; a second person must confirm it."))
    return redirect("tenants:tenant-detail", request.tenant.slug)


@tenant_page(methods=("POST",))
def mode_decide(request: TenantRequest, switch_id: int) -> HttpResponse:
    is_confirmed = request.POST.get("decision") == "confirm"
    try:
        switch_mode.decide(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            switch_id=switch_id,
            digest=request.POST.get("digest", ""),
            is_confirmed=is_confirmed,
        )
    except StaleDecision as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
    return redirect("tenants:tenant-detail", request.tenant.slug)
