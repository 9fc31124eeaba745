"""What people decide on a whole trust config: its drift, and trying again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from approvals.flows import retry, take_over
from approvals.forms import TakeOverForm, cleaned
from tenants.actors import actor_of
from tenants.gate import TenantRequest, tenant_page


@tenant_page(methods=("POST",))
def trust_config_take_over(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    data = cleaned(TakeOverForm(request.POST))
    take_over.take_over(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        trust_config_id=trust_config_id,
        digest=data["digest"],
        reason=data["reason"],
        names_revocation=data["names_revocation"],
    )
    messages.success(request, _("What is live is taken over; publishing goes on."))
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)


@tenant_page(methods=("POST",))
def trust_config_retry(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    retry.retry_trust_config(actor=actor_of(request), tenant_id=request.tenant.pk, trust_config_id=trust_config_id)
    messages.success(request, _("The worker tries again."))
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)
