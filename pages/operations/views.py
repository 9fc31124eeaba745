"""The page for operators: whether everything lives, and what waits for whom."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from certs.models import GoogleLocation
from jobs import clock
from jobs.models import Job, JobState
from pages.operations import reading
from pages.operations.filters import JobFilter
from pages.operations.tables import JobTable
from pages.operations.verdict import troubles
from pages.page_access import SignedInRequest, platform_page
from tenants.actors import actor_of
from tenants.flows import operations
from tenants.rights import Act
from web.errors import Refusal, keep_on_page
from web.lists import PAGE_SIZE
from web.runbook import page as runbook_page


@platform_page(Act.OPERATE)
def overview(request: SignedInRequest) -> HttpResponse:
    asked = request.GET.copy()
    asked.setdefault("state", JobState.WAITING)
    filters = JobFilter(asked, queryset=Job.objects.order_by("due_at", "pk"), request=request)
    page = Paginator(filters.found, PAGE_SIZE).get_page(request.GET.get("page"))
    signs: dict[str, Any] = {
        "processes": reading.processes(),
        "queues": reading.queues(),
        "projects": reading.projects(),
        "locations": list(GoogleLocation.objects.order_by("project", "location")),
        "trust_configs": reading.troubled_trust_configs(),
        "held_count": reading.held_changes().count(),
    }
    context = {
        **signs,
        "troubles": troubles(**signs),
        "held": reading.held_changes()[: reading.MOST_ROWS],
        "expiring": reading.expiring(),
        "unapplied": reading.unapplied_migrations(),
        "versions": reading.versions(),
        "filters": filters,
        "jobs": JobTable(reading.job_rows(page.object_list)),
        "page": page,
        "now": clock.now(),
    }
    return render(request, "operations/overview.html", context, status=filters.status)


@platform_page(Act.OPERATE)
def runbook(request: SignedInRequest) -> HttpResponse:
    """docs/runbook.md, for who cannot look into the repository at three in the morning."""
    text, _anchors = runbook_page()
    return render(request, "operations/runbook.html", {"text": text})


@platform_page(Act.OPERATE, methods=("POST",))
def job_retry(request: SignedInRequest, job_id: int) -> HttpResponse:
    try:
        operations.try_job_again(actor=actor_of(request), job_id=job_id)
    except Refusal as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
    else:
        messages.success(request, _("It is due now, and a worker of its queue takes it."))
    return redirect("operations:overview")


@platform_page(Act.OPERATE, methods=("POST",))
def job_give_up(request: SignedInRequest, job_id: int) -> HttpResponse:
    try:
        operations.give_job_up(actor=actor_of(request), job_id=job_id)
    except Refusal as error:
        keep_on_page(request, error)
        messages.error(request, str(error.sentence))
    else:
        messages.success(request, _("Given up. Where work is left, it is asked for as a new job."))
    return redirect("operations:overview")
