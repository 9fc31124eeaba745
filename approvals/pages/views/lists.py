"""Home, the reviewers' queue and the list of a tenant's changes."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.models import ChangeRequest
from approvals.pages import effect, summary
from approvals.pages.forms import (
    ChangeFilterForm,
)
from approvals.policy import may_submit, may_take_over
from approvals.querysets import ChangeQuerySet
from approvals.states import OPEN, State
from approvals.votes import may_vote, voter
from tenants import access
from tenants.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants.rights import Act

PAGE_SIZE = 50


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for my decision, then what I sent and where it stands."""
    tenants = access.visible_tenants(request.user.pk)
    visible = ChangeRequest.objects.filter(tenant__in=tenants).for_lists()
    waiting = list(visible.filter(state=State.VALIDATED).order_by("state_since")[:200])
    who = voter(request.user.pk, waiting)
    to_decide = [change for change in waiting if may_vote(request.user.pk, change, who=who)]
    mine = visible.of_person(request.user.pk)
    orphans = [
        change
        for change in visible.without_asker().order_by("state_since")[:50]
        if may_take_over(request.user.pk, change)
    ]
    context = {
        "orphans": orphans,
        "to_decide": to_decide,
        "open_mine": mine.filter(state__in=OPEN),
        "ended_mine": mine.exclude(state__in=OPEN)[:5],
        "drifted": summary.drifted(tenants) if who.scope else [],
        "proposed": summary.proposed_switches(request.user.pk),
        "coming": effect.coming(tenants),
        "submits_for": access.tenants_where(request.user.pk, Act.SUBMIT),
    }
    return render(request, "approvals/home.html", context)


@platform_page(Act.READ_PLATFORM)
def review_queue(request: SignedInRequest) -> HttpResponse:
    """Every change that waits for reviewers, across tenants, oldest first."""
    waiting = list(
        ChangeRequest.objects.filter(state=State.VALIDATED)
        .for_lists()
        .order_by("state_since")[:500]
    )
    who = voter(request.user.pk, waiting)
    mine = [change for change in waiting if may_vote(request.user.pk, change, who=who)]
    done = ChangeRequest.objects.filter(votes__voter=request.user).distinct().for_lists()[:20]
    return render(
        request,
        "approvals/review_queue.html",
        {"mine": mine, "others": [c for c in waiting if c not in mine], "done": done},
    )


@tenant_page()
def change_list(request: TenantRequest) -> HttpResponse:
    form = ChangeFilterForm(request.GET)
    changes = _filtered(ChangeRequest.objects.for_tenant(request.tenant.pk), form, request)
    page = Paginator(changes.for_lists(), PAGE_SIZE).get_page(request.GET.get("page"))
    may = may_submit(request.user.pk, request.tenant)
    context = {
        "page": page,
        "form": form,
        "may_submit": may,
        "states": State,
        "environments": request.tenant.environments.all(),
    }
    return render(request, "approvals/change_list.html", context)


def _filtered(changes: ChangeQuerySet, form: ChangeFilterForm, request: HttpRequest) -> Any:
    if not form.is_valid():
        return changes
    data = form.cleaned_data
    if data["state"] == "open":
        changes = changes.filter(state__in=OPEN)
    elif data["state"]:
        changes = changes.filter(state=data["state"])
    if data["environment"]:
        changes = changes.filter(trust_config__environment__slug=data["environment"])
    if data["mine"]:
        changes = changes.of_person(request.user.pk or 0)
    if text := data["q"].strip().lower():
        number = (
            Q(number=int(text.lstrip("#")))
            if text.lstrip("#").isdecimal() and len(text) < 15
            else Q()
        )
        about = (
            Q(items__sha256_fingerprint__startswith=text.replace(":", ""))
            | Q(items__certificate__subject__icontains=text)
            | Q(reason__icontains=text)
        )
        changes = changes.filter(number | about if number else about).distinct()
    return changes
