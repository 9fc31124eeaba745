"""Home, the reviewers' queue and the list of a tenant's changes."""

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from approvals.models import ChangeRequest, Vote
from approvals.policy import may_submit
from approvals.querysets import ChangeQuerySet
from approvals.states import OPEN, State
from approvals.votes import may_vote, voter
from pages.changes import effect, summary
from pages.changes.filters import ChangeFilter
from pages.changes.tables import ChangeTable
from pages.page_access import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants import access
from tenants.rights import Act
from web.lists import ListTable


def _waiting_for(user_id: int, changes: ChangeQuerySet) -> tuple[list[int], list[int]]:
    """Ids of the changes that wait for votes, oldest first: those on which this person may vote, and the others.

    Read with what the rule needs and no more, so that however many wait the pages show the right ones.
    """
    waiting = list(
        changes.filter(state=State.VALIDATED)
        .select_related("trust_config__environment")
        .prefetch_related("items__certificate", "votes")
        .order_by("state_since", "pk")
    )
    who = voter(user_id, waiting)
    mine = [change.pk for change in waiting if may_vote(user_id, change, who=who)]
    voted_on = set(mine)
    return mine, [change.pk for change in waiting if change.pk not in voted_on]


def _table(
    request: SignedInRequest, prefix: str, changes: ChangeQuerySet, empty: str | Promise = ""
) -> ListTable:
    """One of several tables of a page, each with pages of its own."""
    return ChangeTable(changes, prefix=f"{prefix}-", empty_text=empty).by_url(request)


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for my decision, then what I sent and where it stands."""
    tenants = access.visible_tenants(request.user.pk)
    changes = ChangeRequest.objects.filter(tenant__in=tenants)
    visible = changes.for_lists()
    scope = access.platform_scope(request.user.pk, Act.VOTE)
    to_decide = _waiting_for(request.user.pk, changes)[0] if scope else []
    mine = visible.of_person(request.user.pk)
    oldest_first = visible.order_by("state_since", "pk")
    orphans = oldest_first.without_asker().where_may(request.user.pk, Act.SUBMIT)
    context = {
        "orphans": _table(request, "orphans", orphans),
        "to_decide": _table(
            request,
            "decide",
            oldest_first.filter(pk__in=to_decide),
            _("Nothing waits for your decision."),
        ),
        "open_mine": _table(
            request, "mine", mine.filter(state__in=OPEN), _("You have no change under way.")
        ),
        "ended_mine": ChangeTable(mine.exclude(state__in=OPEN)[:5]),
        "drifted": summary.drifted(tenants) if scope else [],
        "proposed": summary.proposed_switches(request.user.pk),
        "coming": effect.coming(tenants),
        "submits_for": access.tenants_where(request.user.pk, Act.SUBMIT),
    }
    return render(request, "approvals/home.html", context)


@platform_page(Act.READ_PLATFORM)
def review_queue(request: SignedInRequest) -> HttpResponse:
    """Every change that waits for reviewers, across tenants, oldest first."""
    mine, others = _waiting_for(request.user.pk, ChangeRequest.objects.all())
    rows = ChangeRequest.objects.for_lists()
    oldest_first = rows.order_by("state_since", "pk")
    voted = Vote.objects.filter(change=OuterRef("pk"), voter=request.user)
    decided = rows.filter(Exists(voted))
    context = {
        "mine": _table(
            request,
            "mine",
            oldest_first.filter(pk__in=mine),
            _(
                "Nothing waits for your decision. New changes appear here when a worker has checked them."
            ),
        ),
        "others": _table(
            request, "others", oldest_first.filter(pk__in=others), _("Nothing waits for others.")
        ),
        "done": _table(request, "done", decided, _("You have not voted on a change yet.")),
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
