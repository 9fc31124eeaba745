"""Pages of trust configs: what is live, what it protects, drift."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals.asking.resolve_drift import put_back_is_grave
from approvals.judging.revocations import revoked_again
from approvals.judging.schedule import freeze_now
from approvals.models import ChangeRequest
from approvals.policy import may_resolve_drift, may_retry_trust_config, may_submit
from audit.questions import events_of_trust_config
from certs.enforcement import declare as enforcement
from certs.models import (
    DriftCase,
    GoogleLocation,
    TrustConfig,
    TrustEntry,
)
from certs.querysets import TrustEntryQuerySet
from certs.trust_configs import ask as ask_for_trust_config
from certs.trust_configs.drift import open_case
from certs.trust_configs.inventory import facts_of
from certs.trust_configs.publications import hindrance_of
from certs.trust_configs.remedies import remedy
from certs.vault.sealing import kept
from pages.certs.forms import (
    EnforcementForm,
    NewTrustConfigForm,
)
from pages.certs.tables import TrustConfigRow, TrustConfigTable
from pages.changes.tables import ChangeTable
from pages.fields import cleaned
from pages.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from pages.silence import silence_of
from pki.limits import counts
from pki.plan import revision_digest
from pki.roles import TrustRole
from pki.x509_rules import EXPIRES_SOON_DAYS
from tenants.access import may
from tenants.actors import actor_of
from tenants.errors import UnknownObject
from tenants.models import Environment, Tenant
from tenants.rights import Act
from web.errors import Refusal, keep_on_page
from web.lists import PAGE_SIZE, begins_or_ends_with, fingerprint_part


@tenant_page()
def trust_config_list(request: TenantRequest) -> HttpResponse:
    trust_configs = list(
        TrustConfig.objects.for_tenant(request.tenant.pk).prefetch_related(
            "tenants", "environment__freezes"
        )
    )
    pending = Counter(
        ChangeRequest.objects.open()
        .filter(trust_config__in=trust_configs)
        .values_list("trust_config_id", flat=True)
    )
    rows = [
        TrustConfigRow(trust_config, _role_counts(trust_config), pending[trust_config.pk])
        for trust_config in trust_configs
    ]
    table = TrustConfigTable(rows).by_url(request)
    return render(request, "certs/trust_config_list.html", {"table": table})


@tenant_page()
def trust_config_detail(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    """Live as last observed: the tenant's own entries by name, everybody else's as counts."""
    return show_trust_config(request, trust_config_id)


def act_on_trust_config(
    request: TenantRequest, trust_config_id: str, act: Callable[[], str], *, done: str = ""
) -> HttpResponse:
    """Makes the one call, which says where to go. What is refused is said on the page, which keeps what was typed."""
    try:
        where = act()
    except UnknownObject:
        raise
    except Refusal as error:
        return show_trust_config(
            request, trust_config_id, refused=error, status=keep_on_page(request, error)
        )
    if done:
        messages.success(request, done)
    return redirect(where)


def show_trust_config(
    request: TenantRequest,
    trust_config_id: str,
    *,
    refused: Exception | None = None,
    status: int = 200,
) -> HttpResponse:
    trust_config = (
        TrustConfig.objects.for_tenant(request.tenant.pk)
        .filter(pk=trust_config_id)
        .prefetch_related("tenants")
        .first()
    )
    if trust_config is None:
        raise UnknownObject
    entries = (
        TrustEntry.objects.open()
        .filter(trust_config=trust_config)
        .select_related("certificate", "added_publication")
    )
    mine = entries.for_tenant(request.tenant.pk)
    own_set = {holding.entry for holding in mine.holdings()}
    pending = ChangeRequest.objects.open().filter(trust_config=trust_config)
    facts = facts_of(trust_config)
    why = hindrance_of(trust_config)
    context: dict[str, Any] = {
        "trust_config": trust_config,
        "page_url": reverse(
            "certs:trust-config-detail", args=[request.tenant.slug, trust_config.pk]
        ),
        "own": _page_of(mine, request),
        "own_count": len(own_set),
        "others": Counter(entry.role for entry in trust_config.observed - own_set),
        "headroom": counts(
            (entry for entry in trust_config.observed if entry.sha256_fingerprint in facts), facts
        ),
        "pending": ChangeTable(
            pending.for_tenant(request.tenant.pk).for_lists(),
            empty_text=_("No change of this tenant is under way."),
        ).by_url(request),
        "pending_others_count": pending.exclude(tenant=request.tenant).count(),
        "publications": trust_config.publications.all()[:20],
        "events": events_of_trust_config(request.tenant.pk, str(trust_config.pk)),
        "may_submit": may_submit(request.user.pk, request.tenant, trust_config.environment),
        "may_resolve": may_resolve_drift(request.user.pk, trust_config),
        "drift_cases": trust_config.drift_cases.exclude(state="open")[:10],
        "may_retry": may_retry_trust_config(request.user.pk, request.tenant, trust_config),
        "hindrance": why,
        "silence": silence_of(trust_config.environment.queue, trust_config.created_at),
        "remedy": remedy(why, trust_config),
        "observed_digest": revision_digest(trust_config.observed),
        "expiring": _expiring(mine),
        "may_administer": may(request.user.pk, Act.ADMINISTER),
        "enforcement_form": EnforcementForm(
            initial={
                "enforcement": trust_config.enforcement,
                "policy_name": trust_config.enforcement_policy,
            }
        ),
        "endpoints": settings.PROBE_ENDPOINTS,
    }
    sees_all = bool(may(request.user.pk, Act.SEE_ALL_ENTRIES, environment=trust_config.environment))
    context["sees_set"] = sees_all or not trust_config.is_shared
    if case := open_case(trust_config):
        context["drift"] = _drift(trust_config, case, request.tenant.pk, sees_all=sees_all)
    context |= {
        "refused": refused,
        "typed": {
            "reason": request.POST.get("reason", ""),
            "name": request.POST.get("typed_name", ""),
            "is_put_back": request.path.endswith("/put-back/"),
        },
        "freeze": freeze_now(trust_config.environment),
    }
    context["now"] = timezone.now()
    context["location"] = ask_for_trust_config.location_of(trust_config.environment)
    return render(request, "certs/trust_config_detail.html", context, status=status)


@tenant_page(methods=("POST",))
def enforcement_declare(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    def act() -> str:
        data = cleaned(EnforcementForm(request.POST))
        enforcement.declare_enforcement(
            actor=actor_of(request),
            tenant_id=request.tenant.pk,
            trust_config_id=trust_config_id,
            enforcement=data["enforcement"],
            policy_name=data["policy_name"],
        )
        return reverse("certs:trust-config-detail", args=[request.tenant.slug, trust_config_id])

    return act_on_trust_config(
        request, trust_config_id, act, done=_("The declaration is recorded.")
    )


@tenant_page(methods=("POST",))
def endpoint_name(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    enforcement.name_endpoint(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        trust_config_id=trust_config_id,
        endpoint=request.POST.get("endpoint", "")[:255],
    )
    return redirect("certs:trust-config-detail", request.tenant.slug, trust_config_id)


@platform_page(Act.ADMINISTER, methods=("GET", "POST"))
def trust_config_new(request: SignedInRequest) -> HttpResponse:
    """A trust config that does not exist at Google yet: where, its name, whom it serves; with the room that each project has."""
    environments = list(Environment.objects.all())
    form = NewTrustConfigForm(
        request.POST or None, environments=environments, tenants=Tenant.objects.all()
    )
    refused, status = None, 422 if request.method == "POST" else 200
    if form.is_valid():
        data = form.cleaned_data
        try:
            pk = ask_for_trust_config.ask_for_trust_config(
                actor=actor_of(request),
                environment_slug=data["environment"],
                name=data["name"],
                purpose=data["purpose"],
                tenant_slugs=form.all_tenants(),
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("certs:trust-config-detail", data["custodian"], pk)
    rooms = [
        (environment, *ask_for_trust_config.room_in(environment), _listed_at(environment))
        for environment in environments
    ]
    return render(
        request,
        "certs/trust_config_new.html",
        {"form": form, "rooms": rooms, "refused": refused},
        status=status,
    )


def _listed_at(environment: Environment) -> datetime | None:
    listed = GoogleLocation.objects.filter(project=environment.project, listed_at__isnull=False)
    return listed.values_list("listed_at", flat=True).order_by("listed_at").first()


def _drift(
    trust_config: TrustConfig, case: DriftCase, tenant_id: int, *, sees_all: bool
) -> dict[str, Any]:
    """What is live and should not be, and what should be and is not. Reviewers see all of it, a tenant its own; the rest is a count."""
    facts, known, change = case.as_facts(), facts_of(trust_config), case.difference
    own = {
        entry.holding.entry
        for entry in TrustEntry.objects.for_tenant(tenant_id)
        .open()
        .filter(trust_config=trust_config)
        .select_related("certificate")
    }
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
        "missing": sorted(
            {
                entry.sha256_fingerprint
                for entry in removed
                if kept(None, trust_config.pk, entry.sha256_fingerprint) is None
            }
        ),
        "change": ChangeRequest.objects.open()
        .filter(drift_case=case)
        .select_related("tenant")
        .first(),
        "needs_name": put_back_is_grave(trust_config, case),
        "may_follow": sees_all or tenant_id == trust_config.custodian_id,
    }


def _page_of(entries: TrustEntryQuerySet, request: TenantRequest) -> Page[TrustEntry]:
    """A page of the tenant's entries, of those that the search names where there is one."""
    text = request.GET.get("entry", "")[:200].replace("\0", "").strip()
    if text:
        named = Q(certificate__subject__icontains=text)
        if part := fingerprint_part(text):
            named |= begins_or_ends_with("certificate__sha256_fingerprint", part)
        entries = entries.filter(named)
    ordered = entries.order_by("role", "certificate__not_after", "pk")
    return Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("entries"))


def _expiring(own: TrustEntryQuerySet) -> list[TrustEntry]:
    """What is past its date or nearly: allowlisted certificates that Google goes on accepting, and CAs that it will not."""
    soon = timezone.now() + timedelta(days=EXPIRES_SOON_DAYS)
    rows = own.filter(certificate__not_after__lte=soon).order_by("certificate__not_after", "pk")
    return list(rows[:PAGE_SIZE])


def _role_counts(trust_config: TrustConfig) -> list[tuple[str, int]]:
    roles = Counter(entry.role for entry in trust_config.observed)
    return [(role.value, roles[role]) for role in TrustRole]
