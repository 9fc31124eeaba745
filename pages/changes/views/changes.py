"""Pages of changes and what people do with one. A view reads, or makes exactly one call into a flow."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from approvals.deciding import answer, comment, prove, retry, stop, take_over, vote, withdraw
from approvals.models import ChangeRequest
from approvals.policy import (
    may_answer,
    may_comment,
    may_prove,
    may_retry,
    may_roll_back,
    may_stop,
    may_take_over,
    may_withdraw,
)
from approvals.states import State
from approvals.votes import answering_decides
from certs.models import TrustConfig
from certs.vault.kept import kept_of_change
from pages.changes import effect, plan, progress, summary, timeline, waiting
from pages.changes.forms import AnswerForm, ReceiptForm, VoteForm
from pages.changes.records import is_on_its_way, proofs_of
from pages.fields import ReasonForm, cleaned
from pages.page_access import TenantRequest, tenant_page
from tenants.access import may
from tenants.actors import actor_of
from tenants.errors import UnknownObject
from tenants.rights import Act
from web.errors import Refusal, keep_on_page

NO_ETAG = "etag-of-this-part"  # stands in the part while its own ETag is made


@tenant_page()
def change_detail(request: TenantRequest, number: int) -> HttpResponse:
    return render(request, "approvals/change_detail.html", _detail_context(request, number))


@tenant_page()
def change_live(request: TenantRequest, number: int) -> HttpResponse:
    """Progress and waiting, which look again by themselves while a worker is at work."""
    rows = ChangeRequest.objects.for_tenant(request.tenant.pk).select_related(
        "tenant", "trust_config__environment", "submitted_by", "follows"
    )
    change = rows.filter(number=number).first()
    if change is None:
        raise UnknownObject
    context = _live_context(change, shown=request.GET.get("shown", ""))
    # Without the request: what surrounds a page is not looked up each second.
    drawn = render_to_string("approvals/_change_live.html", {**context, "etag": NO_ETAG})
    etag = sha256(drawn.encode()).hexdigest()[:16]
    headers = {"ETag": f'"{etag}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(drawn.replace(NO_ETAG, etag), headers=headers)


@tenant_page(methods=("POST",))
def change_approve(request: TenantRequest, number: int) -> HttpResponse:
    return _vote(request, number, vote.approve, done=_("Your approval is recorded."))


@tenant_page(methods=("POST",))
def change_reject(request: TenantRequest, number: int) -> HttpResponse:
    return _vote(request, number, vote.reject, done=_("The change is rejected."))


@tenant_page(methods=("POST",))
def change_send_back(request: TenantRequest, number: int) -> HttpResponse:
    done = _("The change went back to its voters.")
    return _say(request, number, stop.send_back, "comment", typed_in="stop", done=done)


@tenant_page(methods=("POST",))
def change_stop(request: TenantRequest, number: int) -> HttpResponse:
    done = _("The change is rejected.")
    return _say(request, number, stop.reject_approved, "comment", typed_in="stop", done=done)


@tenant_page(methods=("POST",))
def change_take_over(request: TenantRequest, number: int) -> HttpResponse:
    done = _("You take care of this change now.")
    return _act(request, number, lambda: _call(request, take_over.take_over, number), done=done)


@tenant_page(methods=("POST",))
def change_answer(request: TenantRequest, number: int) -> HttpResponse:
    form = AnswerForm(request.POST)

    def act() -> None:
        cleaned(form)
        _call(request, answer.answer, number, answers=form.answers())

    done = _("Your answers are recorded; the change is checked again.")
    return _act(request, number, act, typed={"answers": form.answers()}, done=done)


@tenant_page(methods=("POST",))
def change_comment(request: TenantRequest, number: int) -> HttpResponse:
    return _say(request, number, comment.comment, "text", typed_in="comment")


@tenant_page(methods=("POST",))
def change_withdraw(request: TenantRequest, number: int) -> HttpResponse:
    done = _("The change is withdrawn.")
    return _say(request, number, withdraw.withdraw, "reason", typed_in="withdraw", done=done)


@tenant_page(methods=("POST",))
def change_retry(request: TenantRequest, number: int) -> HttpResponse:
    return _act(request, number, lambda: _call(request, retry.retry, number))


@tenant_page(methods=("POST",))
def change_prove(request: TenantRequest, number: int) -> HttpResponse:
    def act() -> None:
        receipt = cleaned(ReceiptForm(request.POST))["receipt"]
        _call(request, prove.prove, number, receipt=receipt)

    typed = {"receipt": request.POST.get("receipt", "")}
    return _act(request, number, act, typed=typed, done=_("The proof is on the change."))


@tenant_page()
def change_facts(request: TenantRequest, number: int) -> HttpResponse:
    """The state of a change and the facts of its effect, for programs; in English whoever asks.

    ``took_effect`` is true with a proof and null without: written and read back is no proof.
    """
    change = change_of(request, number)
    trust_config = change.trust_config
    with translation.override("en"):
        facts = [
            {
                "fact": fact.key,
                "at": fact.at and fact.at.isoformat(),
                "evidence": {str(name): value for name, value in fact.evidence},
                "note": str(fact.note),
            }
            for fact in effect.effect_of(change)
        ]
        doubt = str(trust_config.effect_doubt)
    return JsonResponse(
        {
            "number": change.number,
            "state": change.state,
            "trust_config": trust_config.resource_name,
            "change_digest": change.change_digest,
            "enforcement": {"mode": trust_config.enforcement, "source": "declared", "doubt": doubt},
            "took_effect": True if proofs_of(change) else None,
            "facts": facts,
        }
    )


def _vote(
    request: TenantRequest, number: int, flow: Callable[..., None], *, done: str
) -> HttpResponse:
    def act() -> None:
        data = cleaned(VoteForm(request.POST))
        _call(request, flow, number, digest=data["digest"], comment=data["comment"])

    typed = {"vote": request.POST.get("comment", "")}
    return _act(request, number, act, typed=typed, done=done)


def _say(
    request: TenantRequest,
    number: int,
    flow: Callable[..., None],
    argument: str,
    *,
    typed_in: str,
    done: str = "",
) -> HttpResponse:
    """An act that takes one text."""

    def act() -> None:
        text = cleaned(ReasonForm(request.POST))["reason"]
        _call(request, flow, number, **{argument: text})

    typed = {typed_in: request.POST.get("reason", "")}
    return _act(request, number, act, typed=typed, done=done)


def _call(request: TenantRequest, flow: Callable[..., None], number: int, **values: Any) -> None:
    """The one call that a view makes: the flow with who asks, and for which change."""
    flow(actor=actor_of(request), tenant_id=request.tenant.pk, number=number, **values)


def _act(
    request: TenantRequest,
    number: int,
    act: Callable[[], None],
    *,
    typed: dict[str, Any] | None = None,
    done: str = "",
) -> HttpResponse:
    """Makes the one call. What is refused is said on the page of the change.

    It keeps what was typed, by the form in which it was.
    """
    change_of(request, number)
    try:
        act()
    except Refusal as error:
        context = {
            **_detail_context(request, number),
            "refused": error,
            "typed": _kept(typed or {}, change_of(request, number)),
            "page_url": reverse("approvals:change-detail", args=[request.tenant.slug, number]),
        }
        status = keep_on_page(request, error)
        return render(request, "approvals/change_detail.html", context, status=status)
    if done:
        messages.success(request, done)
    return redirect("approvals:change-detail", request.tenant.slug, number)


def _kept(typed: dict[str, Any], change: ChangeRequest) -> dict[str, Any]:
    """What was typed beside a vote that came too late waits in the field for comments."""
    if change.state == State.VALIDATED:
        return typed
    return {**typed, "comment": typed.get("comment") or typed.get("vote", "")}


def change_of(request: TenantRequest, number: int) -> ChangeRequest:
    change = (
        ChangeRequest.objects.for_tenant(request.tenant.pk)
        .for_lists()
        .filter(number=number)
        .first()
    )
    if change is None:
        raise UnknownObject
    return change


def _live_context(change: ChangeRequest, *, shown: str = "") -> dict[str, Any]:
    """``shown`` is the stage at which the page was made; after it the page shows what is over."""
    stage = progress.stage_of(change)
    return {
        "change": change,
        "progress": progress.progress_of(change),
        "waiting": waiting.waiting_of(change),
        "looks_again": progress.is_in_flux(change) or change.state == State.VALIDATED,
        "is_drifted": change.trust_config.state == TrustConfig.State.DRIFTED,
        "poll_seconds": progress.poll_seconds(change),
        "stage": shown or stage,
        "has_moved": bool(shown) and shown != stage,
    }


def _detail_context(request: TenantRequest, number: int) -> dict[str, Any]:
    change, user_id = change_of(request, number), request.user.pk
    votes = summary.votes_of(change, user_id)
    sees_all = bool(may(user_id, Act.COUNT_OTHERS))
    return {
        **_live_context(change),
        "title": summary.title_of(change),
        "plan": plan.plan_of(change),
        "checks": summary.checks_of(change),
        "delta": summary.delta_of(change),
        "effect": effect.effect_of(change),
        "may_prove": may_prove(user_id, change),
        "followers": change.followers.select_related("tenant"),
        "votes": votes,
        "progress": progress.progress_of(change, votes),
        "timeline": timeline.timeline_of(change),
        "undo": summary.undo_of(change),
        "kept": kept_of_change(
            change.pk, change.tenant_id, [item.sha256_fingerprint for item in change.items.all()]
        ),
        "around": summary.context_of(change, sees_all=sees_all),
        "may_answer": may_answer(user_id, change),
        "answering_decides": answering_decides(change),
        "may_withdraw": may_withdraw(user_id, change),
        "may_retry": may_retry(user_id, change),
        "may_stop": may_stop(user_id, change),
        "is_on_its_way": is_on_its_way(change),
        "may_take_over": may_take_over(user_id, change),
        "may_roll_back": may_roll_back(user_id, change),
        "may_comment": may_comment(user_id, change),
        "typed": {},
    }
