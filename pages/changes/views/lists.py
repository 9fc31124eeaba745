"""Home, the reviewers' queue and the list of a tenant's changes."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from approvals.models import ChangeRequest
from approvals.policy import may_submit, may_take_over
from approvals.states import OPEN, State
from approvals.votes import may_vote, voter
from pages.changes import effect, summary
from pages.changes.filters import ChangeFilter
from pages.changes.tables import ChangeTable
from pages.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants import access
from tenants.rights import Act


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
        "orphans": ChangeTable(orphans),
        "to_decide": ChangeTable(to_decide, empty_text=_("Nothing waits for your decision.")),
        "open_mine": ChangeTable(
            mine.filter(state__in=OPEN), empty_text=_("You have no change under way.")
        ),
        "ended_mine": ChangeTable(mine.exclude(state__in=OPEN)[:5]),
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
        ChangeRequest.objects.filter(state=State.VALIDATED).for_lists().order_by("state_since")
    )
    who = voter(request.user.pk, waiting)
    mine = [change for change in waiting if may_vote(request.user.pk, change, who=who)]
    done = ChangeRequest.objects.filter(votes__voter=request.user).distinct().for_lists()
    tables = {
        "mine": (
            mine,
            _(
                "Nothing waits for your decision. New changes appear here when a worker has checked them."
            ),
        ),
        "others": ([c for c in waiting if c not in mine], _("Nothing waits for others.")),
        "done": (done, _("You have not decided on a change yet.")),
    }
    context = {
        name: ChangeTable(changes, prefix=f"{name}-", empty_text=empty).by_url(request)
        for name, (changes, empty) in tables.items()
    }
    return render(request, "approvals/review_queue.html", context)


@tenant_page()
def change_list(request: TenantRequest) -> HttpResponse:
    changes = ChangeRequest.objects.for_tenant(request.tenant.pk).for_lists()
    filters = ChangeFilter(request.GET, queryset=changes, request=request)
    table = ChangeTable(
        filters.found,
        is_sorted=True,
        empty_text=_("No change fits. A change begins with New change, for those who may submit."),
    )
    context = {
        "table": table.by_url(request),
        "filters": filters,
        "may_submit": may_submit(request.user.pk, request.tenant),
    }
    return render(request, "approvals/change_list.html", context, status=filters.status)
