"""Pages of changes and what people do with one. A view reads, or makes exactly one call into a flow; portal/errors.py maps refusals."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from approvals import effects, presentation, timeline
from approvals.flows import answer, comment, prove, retry, vote, withdraw
from approvals.forms import AnswerForm, ChangeFilterForm, ReasonForm, ReceiptForm, VoteForm, cleaned
from approvals.models import ChangeRequest
from approvals.policy import may_answer, may_prove, may_retry, may_roll_back, may_submit, may_vote, may_withdraw
from approvals.states import OPEN, State
from certs.models import TrustConfig
from portal.errors import OURS, keep_on_page
from tenants import access
from tenants.actors import actor_of
from tenants.errors import UnknownObject
from tenants.gate import SignedInRequest, TenantRequest, platform_page, tenant_page
from tenants.models import AccessRole

PAGE_SIZE = 50


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for my decision, then what I sent and where it stands."""
    tenants = access.visible_tenants(request.user.pk)
    visible = ChangeRequest.objects.filter(tenant__in=tenants).for_lists()
    scope = access.reviewer_scope(request.user.pk)
    waiting = visible.filter(state=State.VALIDATED).order_by("state_since")[:200]
    to_decide = [change for change in waiting if may_vote(request.user.pk, change, scope=scope)]
    mine = visible.filter(submitted_by=request.user)
    context = {
        "to_decide": to_decide,
        "open_mine": mine.filter(state__in=OPEN),
        "ended_mine": mine.exclude(state__in=OPEN)[:5],
        "drifted": presentation.drifted(tenants) if scope.is_everywhere or scope.environment_ids else [],
        "proposed": presentation.proposed_switches(request.user.pk),
        "coming": effects.coming(tenants),
        "submits_for": [tenant for tenant in tenants if may_submit(request.user.pk, tenant)],
    }
    return render(request, "approvals/home.html", context)


@platform_page(AccessRole.REVIEWER, AccessRole.AUDITOR, AccessRole.PLATFORM_ADMIN, in_one_environment=True)
def review_queue(request: SignedInRequest) -> HttpResponse:
    """Every change that waits for reviewers, across tenants, oldest first."""
    waiting = list(ChangeRequest.objects.filter(state=State.VALIDATED).for_lists().order_by("state_since")[:500])
    scope = access.reviewer_scope(request.user.pk)
    mine = [change for change in waiting if may_vote(request.user.pk, change, scope=scope)]
    done = ChangeRequest.objects.filter(votes__voter=request.user).distinct().for_lists()[:20]
    return render(request, "approvals/review_queue.html", {"mine": mine, "others": [c for c in waiting if c not in mine], "done": done})


@tenant_page()
def change_list(request: TenantRequest) -> HttpResponse:
    form = ChangeFilterForm(request.GET)
    changes = _filtered(ChangeRequest.objects.for_tenant(request.tenant.pk), form, request)
    page = Paginator(changes.for_lists(), PAGE_SIZE).get_page(request.GET.get("page"))
    may = may_submit(request.user.pk, request.tenant)
    context = {"page": page, "form": form, "may_submit": may, "states": State, "environments": request.tenant.environments.all()}
    return render(request, "approvals/change_list.html", context)


@tenant_page()
def change_detail(request: TenantRequest, number: int) -> HttpResponse:
    return render(request, "approvals/change_detail.html", _detail_context(request, number))


@tenant_page()
def change_live(request: TenantRequest, number: int) -> HttpResponse:
    """The part of the page that looks again by itself while a worker is at work."""
    return render(request, "approvals/_change_live.html", _detail_context(request, number))


@tenant_page(methods=("POST",))
def change_approve(request: TenantRequest, number: int) -> HttpResponse:
    data = cleaned(VoteForm(request.POST))
    act = partial(vote.approve, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, digest=data["digest"], comment=data["comment"])
    return _act(request, number, act, typed=data["comment"], done=_("Your approval is recorded."))


@tenant_page(methods=("POST",))
def change_reject(request: TenantRequest, number: int) -> HttpResponse:
    data = cleaned(VoteForm(request.POST))
    act = partial(vote.reject, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, digest=data["digest"], comment=data["comment"])
    return _act(request, number, act, typed=data["comment"], done=_("The change is rejected."))


@tenant_page(methods=("POST",))
def change_answer(request: TenantRequest, number: int) -> HttpResponse:
    form = AnswerForm(request.POST)
    cleaned(form)
    act = partial(answer.answer, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, answers=form.answers())
    return _act(request, number, act, done=_("Your answers are recorded; the change is checked again."))


@tenant_page(methods=("POST",))
def change_comment(request: TenantRequest, number: int) -> HttpResponse:
    text = cleaned(ReasonForm(request.POST))["reason"]
    return _act(request, number, partial(comment.comment, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, text=text), typed=text)


@tenant_page(methods=("POST",))
def change_withdraw(request: TenantRequest, number: int) -> HttpResponse:
    reason = cleaned(ReasonForm(request.POST))["reason"]
    act = partial(withdraw.withdraw, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, reason=reason)
    return _act(request, number, act, done=_("The change is withdrawn."))


@tenant_page(methods=("POST",))
def change_retry(request: TenantRequest, number: int) -> HttpResponse:
    return _act(request, number, partial(retry.retry, actor=actor_of(request), tenant_id=request.tenant.pk, number=number))


@tenant_page(methods=("POST",))
def change_prove(request: TenantRequest, number: int) -> HttpResponse:
    receipt = cleaned(ReceiptForm(request.POST))["receipt"]
    act = partial(prove.prove, actor=actor_of(request), tenant_id=request.tenant.pk, number=number, receipt=receipt)
    return _act(request, number, act, typed=receipt, done=_("The proof is on the change."))


@tenant_page()
def change_facts(request: TenantRequest, number: int) -> HttpResponse:
    """The state of a change and the facts of its effect with their evidence, for programs; in English whoever asks."""
    change = change_of(request, number)
    with translation.override("en"):
        facts = [
            {
                "fact": fact.key,
                "at": fact.at and fact.at.isoformat(),
                "evidence": {str(name): value for name, value in fact.evidence},
                "note": str(fact.note),
            }
            for fact in effects.effect_of(change)
        ]
    trust_config = change.trust_config.resource_name
    return JsonResponse({"number": change.number, "state": change.state, "trust_config": trust_config, "change_digest": change.change_digest, "facts": facts})


def _act(request: TenantRequest, number: int, act: Callable[[], None], *, typed: str = "", done: str = "") -> HttpResponse:
    """Makes the one call. What is refused is said on the page of the change, which keeps what was typed."""
    change_of(request, number)
    try:
        act()
    except OURS as error:
        context = {
            **_detail_context(request, number),
            "refused": error,
            "typed": typed,
            "page_url": reverse("approvals:change-detail", args=[request.tenant.slug, number]),
        }
        return render(request, "approvals/change_detail.html", context, status=keep_on_page(request, error))
    if done:
        messages.success(request, done)
    return redirect("approvals:change-detail", request.tenant.slug, number)


def change_of(request: TenantRequest, number: int) -> ChangeRequest:
    change = ChangeRequest.objects.for_tenant(request.tenant.pk).for_lists().filter(number=number).first()
    if change is None:
        raise UnknownObject
    return change


def _detail_context(request: TenantRequest, number: int) -> dict[str, Any]:
    change, user_id = change_of(request, number), request.user.pk
    votes = presentation.votes_of(change, user_id)
    return {
        "change": change,
        "title": presentation.title_of(change),
        "plan": presentation.plan_of(change),
        "checks": presentation.checks_of(change),
        "delta": presentation.delta_of(change),
        "effect": effects.effect_of(change),
        "may_prove": may_prove(user_id, change),
        "followers": change.followers.select_related("tenant"),
        "votes": votes,
        "progress": timeline.progress_of(change, votes),
        "timeline": timeline.timeline_of(change),
        "waiting": timeline.waiting_of(change),
        "undo": presentation.undo_of(change),
        "around": presentation.context_of(change, sees_all=bool(access.platform_roles_anywhere(user_id))),
        "is_in_flux": timeline.is_in_flux(change),
        "is_drifted": change.trust_config.state == TrustConfig.State.DRIFTED,
        "may_answer": may_answer(user_id, change),
        "may_withdraw": may_withdraw(user_id, change),
        "may_retry": may_retry(user_id, change),
        "may_roll_back": may_roll_back(user_id, change),
        "may_comment": bool(access.roles(user_id, change.tenant) - {AccessRole.AUDITOR}),
    }


def _filtered(changes: QuerySet[ChangeRequest], form: ChangeFilterForm, request: HttpRequest) -> Any:
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
        changes = changes.filter(submitted_by_id=request.user.pk)
    if text := data["q"].strip().lower():
        number = Q(number=int(text.lstrip("#"))) if text.lstrip("#").isdecimal() and len(text) < 15 else Q()
        about = Q(items__sha256_fingerprint__startswith=text.replace(":", "")) | Q(items__certificate__subject__icontains=text) | Q(reason__icontains=text)
        changes = changes.filter(number | about if number else about).distinct()
    return changes
