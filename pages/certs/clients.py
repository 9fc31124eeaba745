"""Pages about clients: golden clients, and whether one gets in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approvals.policy import may_submit
from approvals.simulating import ask
from certs.golden_clients import keep as golden_clients
from certs.models import (
    Certificate,
    GoldenClient,
    Simulation,
)
from pages.certs.forms import (
    GoldenClientForm,
    SimulationForm,
    in_order,
)
from pages.certs.tables import GoldenClientRow, GoldenClientTable, SimulationTable
from pages.fields import ReasonForm, cleaned
from pages.page_access import TenantRequest, tenant_page
from pages.silence import silence_of
from tenants.actors import actor_of
from tenants.errors import BadValue, NotPossible, StaleDecision, UnknownObject
from tenants.rights import Act
from web.errors import Refusal, keep_on_page


@tenant_page(methods=("GET", "POST"))
def golden_client_list(request: TenantRequest) -> HttpResponse:
    """Clients that must get in, with what is predicted for them now; submitters keep new ones here."""
    form = GoldenClientForm(
        request.POST or None, request.FILES or None, tenant_id=request.tenant.pk
    )
    intake = form.intake() if form.is_valid() else None
    refused, status = None, 422 if request.method == "POST" else 200
    if intake is not None and not intake.refusals:
        try:
            golden_clients.add(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                trust_config_id=form.cleaned_data["trust_config"],
                name=form.cleaned_data["name"],
                chain=in_order(intake),
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:golden-client-list", request.tenant.slug)
    rows = (
        GoldenClient.objects.filter(tenant=request.tenant)
        .select_related("tenant", "trust_config__environment", "added_by", "removal_asked_by")
        .prefetch_related("trust_config__tenants")
    )
    clients = [
        GoldenClientRow(
            client,
            golden_clients.may_decide_removal(request.user.pk, client)
            if client.removal_asked_by_id
            else None,
        )
        for client in rows
    ]
    context = {
        "form": form,
        "table": GoldenClientTable(clients).by_url(request),
        "refused": refused,
        "intake": intake,
        "may_submit": may_submit(request.user.pk, request.tenant),
    }
    return render(request, "certs/golden_client_list.html", context, status=status)


@tenant_page(Act.KEEP_GOLDEN_CLIENTS, methods=("POST",))
def golden_client_remove(request: TenantRequest, client_id: int) -> HttpResponse:
    try:
        is_gone = golden_clients.remove(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            client_id=client_id,
            reason=cleaned(ReasonForm(request.POST))["reason"],
        )
    except (BadValue, NotPossible) as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
    else:
        if not is_gone:
            messages.success(request, _("A security reviewer must agree before it goes."))
    return redirect("certs:golden-client-list", request.tenant.slug)


@tenant_page(methods=("POST",))
def golden_client_decide(request: TenantRequest, client_id: int) -> HttpResponse:
    try:
        golden_clients.decide_removal(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            client_id=client_id,
            asked_at=request.POST.get("asked_at", ""),
            is_confirmed=request.POST.get("decision") == "confirm",
        )
    except StaleDecision as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
    return redirect("certs:golden-client-list", request.tenant.slug)


@tenant_page(methods=("GET", "POST"))
def simulation_new(request: TenantRequest) -> HttpResponse:
    """Will this client get in? The question is answered by a worker, on the next page."""
    form = SimulationForm(
        request.POST or None,
        request.FILES or None,
        tenant_id=request.tenant.pk,
        initial=request.GET.dict(),
    )
    intake = form.intake() if form.is_valid() else None
    refused, status = None, 422 if request.method == "POST" else 200
    if intake is not None and not intake.refusals:
        try:
            pk = ask.ask(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                trust_config_id=form.cleaned_data["trust_config"],
                chain=in_order(intake),
                change_number=form.cleaned_data["change"],
                judged_at=form.judged_at(),
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:simulation-detail", request.tenant.slug, pk)
    recent = Simulation.objects.filter(tenant=request.tenant).select_related(
        "trust_config__environment", "asked_by"
    )
    return render(
        request,
        "certs/simulation_new.html",
        {
            "form": form,
            "refused": refused,
            "intake": intake,
            "recent": SimulationTable(recent).by_url(request),
        },
        status=status,
    )


@tenant_page()
def simulation_detail(request: TenantRequest, simulation_id: int) -> HttpResponse:
    """The answer, or that a worker is at it; the page looks again by itself until it is there."""
    found = (
        Simulation.objects.filter(tenant=request.tenant, pk=simulation_id)
        .select_related("trust_config__environment", "asked_by")
        .first()
    )
    if found is None:
        raise UnknownObject
    fingerprints = {fingerprint for answer in found.answers for fingerprint in answer["path"]}
    known = dict(
        Certificate.objects.for_tenant(request.tenant.pk)
        .filter(sha256_fingerprint__in=fingerprints)
        .values_list("sha256_fingerprint", "subject")
    )
    queue = found.trust_config.environment.queue
    silence = "" if found.answered_at else silence_of(queue, found.asked_at)
    return render(
        request,
        "certs/simulation_detail.html",
        {
            "silence": silence,
            "simulation": found,
            "known": known | {found.sha256_fingerprint: found.subject},
        },
    )
