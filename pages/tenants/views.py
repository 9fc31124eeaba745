"""The pages of a tenant and of the platform: mode and limits, environments, people, and policies."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from approvals import policy
from approvals.deciding import switch_mode
from approvals.judging.schedule import freeze_now
from approvals.querysets import with_change_counts
from certs.models import Role
from certs.trust_configs.ask import location_of, room_in
from certs.vault.kept import kept_by_tenant
from certs.vault.sealing import current_vault_key
from pages.certs import policy_drafts
from pages.changes.forms import SelfServiceForm
from pages.fields import ReasonForm, cleaned
from pages.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from pages.silence import LONG_AGO, silence_of
from pages.tenants.filters import TenantFilter
from pages.tenants.forms import FreezeForm, PolicyForm, WindowsForm, window_line
from pages.tenants.tables import EnvironmentRow, EnvironmentTable, TenantTable
from pki.policy import Policy
from tenants import policies
from tenants.access import may, visible_tenants
from tenants.actors import actor_of
from tenants.errors import StaleDecision, UnknownObject
from tenants.flows import policies as policies_flow
from tenants.flows import windows
from tenants.models import (
    Environment,
    Grant,
    ModeSwitch,
    PolicyVersion,
    Purpose,
    Tenant,
)
from tenants.rights import Act
from tenants.windows import next_opening
from web.errors import Refusal, keep_on_page


@tenant_page()
def tenant_detail(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    proposed = (
        tenant.mode_switches.filter(state=ModeSwitch.State.PROPOSED)
        .select_related("proposed_by")
        .first()
    )
    environments = list(tenant.environments.all())
    context = {
        "environments": [
            (e, all(current_vault_key(tenant.pk, e.pk, purpose) for purpose in Purpose.values))
            for e in environments
        ],
        "grants": Grant.objects.filter(tenant=tenant)
        .select_related("user", "environment")
        .order_by("role", "user__full_name"),
        "platform_grants": Grant.objects.filter(tenant=None)
        .select_related("user", "environment")
        .order_by("role", "user__full_name"),
        "roles": [Role(role).label for role in tenant.self_service_roles],
        "kept": kept_by_tenant(tenant.pk),
        "switches": tenant.mode_switches.select_related("proposed_by", "decided_by")[:20],
        "proposed": proposed,
        "proposed_digest": switch_mode.shown_digest(proposed, timezone.now()) if proposed else "",
        "ceiling": policies.in_force(tenant.pk, timezone.now()).self_service,
        "proposed_roles": [Role(role).label for role in proposed.limits["roles"]]
        if proposed
        else [],
        "may_brake": policy.may_brake(request.user.pk, tenant),
        "may_propose": policy.may_propose_self_service(request.user.pk),
        "may_decide": policy.may_decide_self_service(request.user.pk, proposed.proposed_by)
        if proposed
        else None,
        "self_service_form": SelfServiceForm(
            initial={
                "roles": tenant.self_service_roles,
                "item_count": tenant.self_service_item_count,
            }
        ),
    }
    return render(request, "tenants/tenant_detail.html", context)


@tenant_page(methods=("GET", "POST"))
def policy_detail(request: TenantRequest) -> HttpResponse:
    """The policies that hold for a tenant, line by line; its admins and the platform's draft the next version here."""
    return _policy_page(request, request.tenant)


@platform_page(Act.READ_PLATFORM, methods=("GET", "POST"))
def platform_policy(request: SignedInRequest) -> HttpResponse:
    """The platform's floor."""
    return _policy_page(request, None)


@platform_page(Act.CONFIRM_POLICY, methods=("POST",))
def policy_decide(request: SignedInRequest, version_id: int) -> HttpResponse:
    try:
        version = policies_flow.decide(
            actor=actor_of(request),
            version_id=version_id,
            digest=request.POST.get("digest", ""),
            is_confirmed=request.POST.get("decision") == "confirm",
        )
    except StaleDecision as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
        version = PolicyVersion.objects.select_related("tenant").get(pk=version_id)
    if version.tenant:
        return redirect("tenants:policy-detail", version.tenant.slug)
    return redirect("tenants:platform-policy")


def _policy_page(request: TenantRequest | SignedInRequest, tenant: Tenant | None) -> HttpResponse:
    now, tenant_id = timezone.now(), tenant.pk if tenant else None
    own = policies.version_in_force(tenant_id, now)
    form = PolicyForm(
        request.POST or None, initial=PolicyForm.initial_of(own.policy if own else Policy())
    )
    refused, status = None, 422 if request.method == "POST" else 200
    if form.is_valid() and request.POST.get("act") == "propose":
        try:
            policies_flow.propose(
                actor=actor_of(request),
                tenant_id=tenant_id,
                policy=form.policy,
                effective_from=form.begins_at(),
                reason=form.cleaned_data["reason"],
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            messages.success(request, _("The new version is recorded."))
            return (
                redirect("tenants:policy-detail", tenant.slug)
                if tenant
                else redirect("tenants:platform-policy")
            )
    draft = (
        policy_drafts.draft_of(form.policy, tenant_id, own, form.preview_at())
        if form.is_bound and form.is_valid()
        else None
    )
    if draft and request.POST.get("act") == "preview":
        status = 200
    versions = PolicyVersion.objects.filter(tenant=tenant).select_related(
        "proposed_by", "decided_by", "tenant"
    )
    waiting = versions.filter(state=PolicyVersion.State.PROPOSED).first()
    context = {
        "own": own,
        "lines": policy_drafts.lines(policies.version_in_force(None, now), own if tenant else None),
        "form": form,
        "draft": draft,
        "refused": refused,
        "versions": versions[:50],
        "waiting": policies.loosening_of(waiting, now) if waiting else None,
        "may_propose": policies.may_propose(request.user.pk, tenant, is_loosening=False),
        "may_decide": policies.may_decide(request.user.pk, waiting) if waiting else None,
        "documents": policy_drafts.documents(tenant_id, now),
    }
    return render(request, "tenants/policy_detail.html", context, status=status)


@require_safe
def tenant_list(request: SignedInRequest) -> HttpResponse:
    """The tenants whose pages the person may open; a small installation's menu shows them besides."""
    mine = visible_tenants(request.user.pk)
    filters = TenantFilter(request.GET, queryset=with_change_counts(mine), request=request)
    empty = _("No tenant fits.") if filters.is_set else _("You have no role in any tenant yet.")
    context = {
        "table": TenantTable(filters.found, empty_text=empty).by_url(request),
        "filters": filters,
    }
    return render(request, "tenants/tenant_list.html", context, status=filters.status)


@platform_page(Act.READ_PLATFORM)
def environment_list(request: SignedInRequest) -> HttpResponse:
    """Every environment: its project and room there, and when it may be written."""
    at = timezone.now()
    rows = [
        EnvironmentRow(each, *room_in(each), _next_window(each, at), freeze_now(each))
        for each in Environment.objects.prefetch_related("windows", "freezes")
    ]
    return render(
        request,
        "tenants/environment_list.html",
        {
            "table": EnvironmentTable(rows).by_url(request),
            "may_administer": may(request.user.pk, Act.ADMINISTER),
        },
    )


@platform_page(Act.READ_PLATFORM, methods=("GET", "POST"))
def environment_detail(request: SignedInRequest, environment: str) -> HttpResponse:
    """The windows and freezes of one environment; platform admins set them here."""
    found = Environment.objects.filter(slug=environment).first()
    if found is None:
        raise UnknownObject
    act = request.POST.get("act", "")
    text = "\n".join(window_line(row.window) for row in found.windows.all())
    windows_form = WindowsForm(
        request.POST if act == "windows" else None, initial={"windows": text}
    )
    freeze_form = FreezeForm(request.POST if act == "freeze" else None)
    refused, status = None, 422 if request.method == "POST" else 200
    try:
        if _set_times(request, found, act, windows_form, freeze_form):
            messages.success(request, _("Recorded."))
            return redirect("tenants:environment-detail", environment)
    except Refusal as error:
        refused, status = error, keep_on_page(request, error)
    at = timezone.now()
    context = {
        "environment": found,
        "windows_form": windows_form,
        "freeze_form": freeze_form,
        "location": location_of(found),
        "silence": silence_of(found.queue, LONG_AGO),
        "freezes": found.freezes.filter(ends_at__gt=at).select_related("set_by"),
        "opens": _next_window(found, at),
        "now": at,
        "refused": refused,
        "may_administer": may(request.user.pk, Act.ADMINISTER),
    }
    return render(request, "tenants/environment_detail.html", context, status=status)


def _set_times(
    request: SignedInRequest,
    environment: Environment,
    act: str,
    windows_form: WindowsForm,
    freeze_form: FreezeForm,
) -> bool:
    """Makes the one call that the page asks for; False when there is none, or its form is not complete."""
    actor, slug = actor_of(request), environment.slug
    if act == "windows" and windows_form.is_valid():
        data = windows_form.cleaned_data
        windows.set_windows(
            actor=actor, environment_slug=slug, windows=data["windows"], reason=data["reason"]
        )
    elif act == "freeze" and freeze_form.is_valid():
        data = freeze_form.cleaned_data
        windows.freeze(
            actor=actor,
            environment_slug=slug,
            begins_at=data["begins_at"],
            ends_at=data["ends_at"],
            reason=data["reason"],
        )
    elif act == "lift" and request.POST.get("freeze", "").isdecimal():
        windows.lift_freeze(
            actor=actor,
            environment_slug=slug,
            freeze_id=int(request.POST["freeze"][:15]),
            reason=cleaned(ReasonForm(request.POST))["reason"],
        )
    else:
        return False
    return True


def _next_window(environment: Environment, at: datetime) -> datetime | None:
    return next_opening(
        [row.window for row in environment.windows.all()],
        [row.closure for row in environment.freezes.all() if row.ends_at > at],
        at,
    )
