"""The page of a tenant: its mode and limits, the way to switch it, its environments, and who has which role."""

from django.http import HttpResponse
from django.shortcuts import render

from approvals import policy
from approvals.forms import SelfServiceForm
from certs.models import Role
from certs.sealing import current_vault_key
from tenants.gate import TenantRequest, tenant_page
from tenants.models import Grant, ModeSwitch, Purpose


@tenant_page()
def tenant_detail(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    proposed = tenant.mode_switches.filter(state=ModeSwitch.State.PROPOSED).select_related("proposed_by").first()
    environments = list(tenant.environments.all())
    context = {
        "environments": [(e, all(current_vault_key(tenant.pk, e.pk, purpose) for purpose in Purpose.values)) for e in environments],
        "grants": Grant.objects.filter(tenant=tenant).select_related("user", "environment").order_by("role", "user__full_name"),
        "platform_grants": Grant.objects.filter(tenant=None).select_related("user", "environment").order_by("role", "user__full_name"),
        "roles": [Role(role).label for role in tenant.self_service_roles],
        "switches": tenant.mode_switches.select_related("proposed_by", "decided_by")[:20],
        "proposed": proposed,
        "proposed_roles": [Role(role).label for role in proposed.limits["roles"]] if proposed else [],
        "may_brake": policy.may_brake(request.user.pk, tenant),
        "may_propose": policy.may_propose_self_service(request.user.pk),
        "may_decide": policy.may_decide_self_service(request.user.pk, proposed.proposed_by) if proposed else None,
        "self_service_form": SelfServiceForm(initial={"roles": tenant.self_service_roles, "item_count": tenant.self_service_item_count}),
    }
    return render(request, "tenants/tenant_detail.html", context)
