"""What people decide on a whole trust config: its drift, and trying again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from approvals.errors import BadChange
from approvals.flows import resolve_drift, retry
from approvals.forms import DriftForm, cleaned
from pki.catalogue import text_of
from tenants.actors import actor_of
from tenants.gate import TenantRequest, tenant_page


@tenant_page(methods=("POST",))
def drift_adopt(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    data = cleaned(DriftForm(request.POST))
    slug, number = resolve_drift.adopt(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        trust_config_id=trust_config_id,
        digest=data["digest"],
        reason=data["reason"],
        names_revocation=data["names_revocation"],
    )
    return redirect("approvals:change-detail", slug, number)


@tenant_page(methods=("POST",))
def drift_put_back(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    form = DriftForm(request.POST, request.FILES)
    data, intake = cleaned(form), form.intake()
    if intake.refusals:
        raise BadChange(text_of(intake.refusals[0].code).sentence.in_language(get_language() or "en", intake.refusals[0].evidence))
    slug, number = resolve_drift.put_back(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        trust_config_id=trust_config_id,
        digest=data["digest"],
        reason=data["reason"],
        originals=intake.certificates,
    )
    return redirect("approvals:change-detail", slug, number)


@tenant_page(methods=("POST",))
def drift_acknowledge(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    data = cleaned(DriftForm(request.POST))
    resolve_drift.acknowledge(
        actor=actor_of(request), tenant_id=request.tenant.pk, trust_config_id=trust_config_id, digest=data["digest"], reason=data["reason"]
    )
    messages.success(request, _("The label is acknowledged; publishing goes on."))
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)


@tenant_page(methods=("POST",))
def trust_config_retry(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    retry.retry_trust_config(actor=actor_of(request), tenant_id=request.tenant.pk, trust_config_id=trust_config_id)
    messages.success(request, _("The worker tries again."))
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)
