"""Pages of the inventory: certificates with their metadata, trust configs with what is live, pending, and left of Google's limits."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals.checks import revoked_by
from approvals.flows import simulate
from approvals.forms import cleaned
from approvals.models import ChangeRequest
from approvals.policy import may_resolve_drift, may_retry_trust_config, may_submit
from approvals.restoring import revoked_again
from approvals.schedule import freeze_now
from audit.questions import events_of_certificate, events_of_trust_config
from certs.drift import open_case
from certs.flows import ask_for_trust_config, gate, golden_clients
from certs.forms import EnforcementForm, GoldenClientForm, NewTrustConfigForm, SimulationForm, in_order
from certs.inventory import facts_of
from certs.models import Certificate, DriftCase, GoldenClient, GoogleLocation, Simulation, TrustConfig, TrustEntry
from certs.remedies import remedy
from certs.sealing import kept
from pki.limits import counts
from pki.plan import revision_digest
from pki.roles import TrustRole
from pki.x509_rules import EXPIRES_SOON_DAYS
from portal.errors import OURS, keep_on_page
from tenants.access import platform_roles
from tenants.actors import actor_of
from tenants.errors import UnknownObject
from tenants.gate import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants.models import AccessRole, Environment, Tenant

PAGE_SIZE = 50


@tenant_page()
def certificate_list(request: TenantRequest) -> HttpResponse:
    query, state = request.GET.get("q", "").replace("\0", "").strip()[:200], request.GET.get("state", "")
    certificates = Certificate.objects.for_tenant(request.tenant.pk).select_related("uploaded_by")
    now = timezone.now()
    if state == "trusted":
        certificates = certificates.trusted()
    elif state == "expiring":
        certificates = certificates.trusted().filter(not_after__lt=now + timedelta(days=EXPIRES_SOON_DAYS))
    elif state == "untrusted":
        certificates = certificates.untrusted()
    if query:
        bare = query.replace(":", "").replace(" ", "").lower()
        text = Q(subject__icontains=query) | Q(issuer__icontains=query)
        certificates = certificates.filter(text | Q(sha256_fingerprint__startswith=bare) | Q(serial_number__iexact=bare.lstrip("0")))
    revoked = revoked_by(request.tenant.pk)
    if state == "revoked":
        certificates = certificates.filter(sha256_fingerprint__in=list(revoked))
    page = Paginator(certificates, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request, "certs/certificate_list.html", {"page": page, "places": _places(request, page.object_list), "revoked": revoked, "q": query, "state": state}
    )


@tenant_page()
def certificate_detail(request: TenantRequest, fingerprint: str) -> HttpResponse:
    found = Certificate.objects.for_tenant(request.tenant.pk).filter(sha256_fingerprint=fingerprint).select_related("uploaded_by").first()
    if found is None:
        raise UnknownObject
    entries = TrustEntry.objects.for_tenant(request.tenant.pk).filter(certificate=found)
    context = {
        "certificate": found,
        "facts": found.as_facts(),
        "revoked": revoked_by(request.tenant.pk).get(fingerprint),
        "entries": entries.select_related("trust_config__environment", "added_publication", "removed_publication"),
        "changes": ChangeRequest.objects.for_tenant(request.tenant.pk).filter(items__certificate=found).distinct().for_lists()[:50],
        "events": events_of_certificate(request.tenant.pk, fingerprint),
        "may_submit": may_submit(request.user.pk, request.tenant),
    }
    return render(request, "certs/certificate_detail.html", context)


@tenant_page()
def trust_config_list(request: TenantRequest) -> HttpResponse:
    trust_configs = list(TrustConfig.objects.for_tenant(request.tenant.pk).prefetch_related("tenants"))
    pending = Counter(ChangeRequest.objects.open().filter(trust_config__in=trust_configs).values_list("trust_config_id", flat=True))
    rows = [(trust_config, _role_counts(trust_config), pending[trust_config.pk]) for trust_config in trust_configs]
    return render(request, "certs/trust_config_list.html", {"rows": rows})


@tenant_page()
def trust_config_detail(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    """Live as last observed: the tenant's own entries by name, everybody else's as counts."""
    return show_trust_config(request, trust_config_id)


def act_on_trust_config(request: TenantRequest, trust_config_id: str, act: Callable[[], str], *, done: str = "") -> HttpResponse:
    """Makes the one call, which says where to go. What is refused is said on the page, which keeps what was typed."""
    try:
        where = act()
    except UnknownObject:
        raise
    except OURS as error:
        return show_trust_config(request, trust_config_id, refused=error, status=keep_on_page(request, error))
    if done:
        messages.success(request, done)
    return redirect(where)


def show_trust_config(request: TenantRequest, trust_config_id: str, *, refused: Exception | None = None, status: int = 200) -> HttpResponse:
    trust_config = TrustConfig.objects.for_tenant(request.tenant.pk).filter(pk=trust_config_id).prefetch_related("tenants").first()
    if trust_config is None:
        raise UnknownObject
    entries = TrustEntry.objects.open().filter(trust_config=trust_config).select_related("certificate", "added_publication")
    own = list(entries.for_tenant(request.tenant.pk).order_by("role", "certificate__not_after"))
    own_set = {entry.holding.entry for entry in own}
    pending = ChangeRequest.objects.open().filter(trust_config=trust_config)
    facts = facts_of(trust_config)
    context: dict[str, Any] = {
        "trust_config": trust_config,
        "own": own,
        "others": Counter(entry.role for entry in trust_config.observed - own_set),
        "headroom": counts((entry for entry in trust_config.observed if entry.sha256_fingerprint in facts), facts),
        "pending": pending.for_tenant(request.tenant.pk).for_lists(),
        "pending_others_count": pending.exclude(tenant=request.tenant).count(),
        "publications": trust_config.publications.all()[:20],
        "events": events_of_trust_config(request.tenant.pk, str(trust_config.pk)),
        "may_submit": may_submit(request.user.pk, request.tenant, trust_config.environment),
        "may_resolve": may_resolve_drift(request.user.pk, trust_config),
        "drift_cases": trust_config.drift_cases.exclude(state="open")[:10],
        "may_retry": may_retry_trust_config(request.user.pk, request.tenant, trust_config),
        "remedy": remedy(trust_config.waiting_code, trust_config.waiting_detail, trust_config),
        "observed_digest": revision_digest(trust_config.observed),
        "expiring": _expiring(own),
        "may_administer": AccessRole.PLATFORM_ADMIN in platform_roles(request.user.pk),
        "enforcement_form": EnforcementForm(initial={"enforcement": trust_config.enforcement, "policy_name": trust_config.enforcement_policy}),
        "endpoints": settings.GATE_ENDPOINTS,
    }
    if case := open_case(trust_config):
        context["drift"] = _drift(
            trust_config, case, request.tenant.pk, sees_all=AccessRole.REVIEWER in platform_roles(request.user.pk, trust_config.environment)
        )
    context |= {"refused": refused, "typed": request.POST.get("reason", ""), "freeze": freeze_now(trust_config.environment)}
    context["now"] = timezone.now()
    context["location"] = ask_for_trust_config.location_of(trust_config.environment)
    return render(request, "certs/trust_config_detail.html", context, status=status)


@tenant_page(methods=("POST",))
def enforcement_declare(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        data = cleaned(EnforcementForm(request.POST))
        gate.declare_enforcement(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            trust_config_id=trust_config_id,
            enforcement=data["enforcement"],
            policy_name=data["policy_name"],
        )
        return reverse("certs:trust-config-detail", args=[request.tenant.slug, trust_config_id])

    return act_on_trust_config(request, trust_config_id, act, done=_("The declaration is recorded."))


@tenant_page(methods=("POST",))
def endpoint_name(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    gate.name_endpoint(actor=actor_of(request), tenant_id=request.tenant.pk, trust_config_id=trust_config_id, endpoint=request.POST.get("endpoint", "")[:255])
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)


@platform_page(AccessRole.PLATFORM_ADMIN, methods=("GET", "POST"))
def trust_config_new(request: SignedInRequest) -> HttpResponse:
    """A trust config that does not exist at Google yet: where, its name, whom it serves; with the room that each project has."""
    environments = list(Environment.objects.all())
    form = NewTrustConfigForm(request.POST or None, environments=environments, tenants=Tenant.objects.all())
    refused, status = None, 422 if request.method == "POST" else 200
    if form.is_valid():
        data = form.cleaned_data
        try:
            pk = ask_for_trust_config.ask_for_trust_config(
                actor=actor_of(request), environment_slug=data["environment"], name=data["name"], purpose=data["purpose"], tenant_slugs=form.all_tenants()
            )
        except OURS as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:trust-config-detail", data["custodian"], pk)
    rooms = [(environment, *ask_for_trust_config.room_in(environment), _listed_at(environment)) for environment in environments]
    return render(request, "certs/trust_config_new.html", {"form": form, "rooms": rooms, "refused": refused}, status=status)


def _listed_at(environment: Environment) -> datetime | None:
    listed = GoogleLocation.objects.filter(project=environment.project, listed_at__isnull=False)
    return listed.values_list("listed_at", flat=True).order_by("listed_at").first()


@tenant_page(methods=("GET", "POST"))
def golden_client_list(request: TenantRequest) -> HttpResponse:
    """Clients that must get in, with what is predicted for them now; submitters keep new ones here."""
    form = GoldenClientForm(request.POST or None, request.FILES or None, tenant_id=request.tenant.pk)
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
        except OURS as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:golden-client-list", request.tenant.slug)
    clients = GoldenClient.objects.filter(tenant=request.tenant).select_related("trust_config__environment", "added_by")
    context = {"form": form, "clients": clients, "refused": refused, "intake": intake, "may_submit": may_submit(request.user.pk, request.tenant)}
    return render(request, "certs/golden_client_list.html", context, status=status)


@tenant_page(AccessRole.SUBMITTER, methods=("POST",))
def golden_client_remove(request: TenantRequest, client_id: int) -> HttpResponse:
    golden_clients.remove(actor=actor_of(request), tenant_id=request.tenant.pk, client_id=client_id)
    return redirect("certs:golden-client-list", request.tenant.slug)


@tenant_page(methods=("GET", "POST"))
def simulation_new(request: TenantRequest) -> HttpResponse:
    """Will this client get in? The question is answered by a worker, on the next page."""
    form = SimulationForm(request.POST or None, request.FILES or None, tenant_id=request.tenant.pk, initial=request.GET.dict())
    intake = form.intake() if form.is_valid() else None
    refused, status = None, 422 if request.method == "POST" else 200
    if intake is not None and not intake.refusals:
        try:
            pk = simulate.ask(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                trust_config_id=form.cleaned_data["trust_config"],
                chain=in_order(intake),
                change_number=form.cleaned_data["change"],
                judged_at=form.judged_at(),
            )
        except OURS as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:simulation-detail", request.tenant.slug, pk)
    recent = Simulation.objects.filter(tenant=request.tenant).select_related("trust_config__environment", "asked_by")[:20]
    return render(request, "certs/simulation_new.html", {"form": form, "refused": refused, "intake": intake, "recent": recent}, status=status)


@tenant_page()
def simulation_detail(request: TenantRequest, simulation_id: int) -> HttpResponse:
    """The answer, or that a worker is at it; the page looks again by itself until it is there."""
    found = Simulation.objects.filter(tenant=request.tenant, pk=simulation_id).select_related("trust_config__environment", "asked_by").first()
    if found is None:
        raise UnknownObject
    fingerprints = {fingerprint for answer in found.answers for fingerprint in answer["path"]}
    known = dict(Certificate.objects.for_tenant(request.tenant.pk).filter(sha256_fingerprint__in=fingerprints).values_list("sha256_fingerprint", "subject"))
    return render(request, "certs/simulation_detail.html", {"simulation": found, "known": known | {found.sha256_fingerprint: found.subject}})


def _drift(trust_config: TrustConfig, case: DriftCase, tenant_id: int, *, sees_all: bool) -> dict[str, Any]:
    """What is live and should not be, and what should be and is not. Reviewers see all of it, a tenant its own; the rest is a count."""
    facts, known, change = case.as_facts(), facts_of(trust_config), case.difference
    own = {entry.holding.entry for entry in TrustEntry.objects.for_tenant(tenant_id).open().filter(trust_config=trust_config).select_related("certificate")}
    is_alone = not trust_config.is_shared
    added = sorted(change.added) if sees_all or is_alone else []
    removed = sorted(entry for entry in change.removed if sees_all or is_alone or entry in own)
    return {
        "added": [(entry, facts[entry.sha256_fingerprint]) for entry in added],
        "removed": [(entry, known.get(entry.sha256_fingerprint)) for entry in removed],
        "revoked": revoked_again(trust_config, change.added),
        "hidden_count": len(change.added) + len(change.removed) - len(added) - len(removed),
        "is_label_only": not change.added and not change.removed,
        "digest": revision_digest(case.entry_set),
        "case": case,
        "missing": sorted({entry.sha256_fingerprint for entry in removed if kept(None, trust_config.pk, entry.sha256_fingerprint) is None}),
        "change": ChangeRequest.objects.open().filter(drift_case=case).select_related("tenant").first(),
        "may_follow": sees_all or tenant_id == trust_config.custodian_id,
    }


def _expiring(own: list[TrustEntry]) -> list[TrustEntry]:
    """What is past its date or nearly: allowlisted certificates that Google goes on accepting, and CAs that it will not."""
    soon = timezone.now() + timedelta(days=EXPIRES_SOON_DAYS)
    return sorted((entry for entry in own if entry.certificate.not_after <= soon), key=lambda entry: entry.certificate.not_after)


def _role_counts(trust_config: TrustConfig) -> list[tuple[str, int]]:
    roles = Counter(entry.role for entry in trust_config.observed)
    return [(role.value, roles[role]) for role in TrustRole]


def _places(request: TenantRequest, certificates: Any) -> dict[int, list[TrustEntry]]:
    entries = TrustEntry.objects.for_tenant(request.tenant.pk).open().filter(certificate__in=list(certificates))
    places: dict[int, list[TrustEntry]] = {}
    for entry in entries.select_related("trust_config__environment"):
        places.setdefault(entry.certificate_id, []).append(entry)
    return places
