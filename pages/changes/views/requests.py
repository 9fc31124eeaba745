"""Pages on which a change is asked for: what and where, and undoing one that was applied."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from approvals.asking import return_to_date, roll_back, submit
from approvals.draft import NO_REASON
from approvals.errors import BadChange
from approvals.judging.schedule import freeze_now
from approvals.policy import may_roll_back
from approvals.simulating import ask
from pages.certs.forms import chain_of, in_order
from pages.changes import effect, summary
from pages.changes import preview as previews
from pages.changes.forms import ChangeForm, ReturnForm, RollBackForm
from pages.changes.undoing import undoing_of
from pages.changes.views.changes import change_of
from pages.page_access import TenantRequest, tenant_page
from pki.catalogue import text_of
from tenants.actors import actor_of
from tenants.rights import Act
from web.errors import Refusal, keep_on_page


@tenant_page(Act.SUBMIT)
def change_new(request: TenantRequest) -> HttpResponse:
    """First step: where. Only trust configs that can take a change offer a form."""
    places = previews.places(request.tenant)
    return render(request, "approvals/change_new.html", {"places": places})


@tenant_page(Act.SUBMIT, methods=("GET", "POST"))
def change_form(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    """Second step: what and why. The form keeps everything that was typed and read until it is submitted.

    A link may draft it: ``remove`` is an entry to take out, ``overlap_until`` the date until which old and new overlap.
    """
    place = previews.place(request.tenant, trust_config_id)
    form = ChangeForm(
        request.POST or None,
        request.FILES or None,
        initial={"overlap_until": request.GET.get("overlap_until", "")[:16]},
    )
    entries = previews.removable(place.trust_config, request.tenant)
    preview = (
        previews.preview(request.tenant, place.trust_config, form, entries)
        if form.is_valid()
        else None
    )
    if preview and request.POST.get("act") == "report":
        report = render_to_string(
            "approvals/change_report.txt", {"preview": preview, "place": place}
        )
        return HttpResponse(
            report,
            headers={
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Disposition": 'attachment; filename="checks.txt"',
            },
        )
    status = 422 if preview and request.POST.get("act") in {"submit", "simulate"} else 200
    refused: Exception | None = None
    if preview and request.POST.get("act") == "simulate":
        try:
            return redirect(
                "certs:simulation-detail",
                request.tenant.slug,
                _simulate_draft(request, trust_config_id, form, preview),
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
    if preview and request.POST.get("act") == "submit" and preview.may_be_submitted:
        try:
            number = submit.submit(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                trust_config_id=trust_config_id,
                reason=form.cleaned_data["reason"],
                additions=preview.additions,
                removals=preview.removals,
                names_revocation=form.cleaned_data["names_revocation"],
                answers=form.answers(),
                timing=form.timing(),
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
            if isinstance(error, BadChange) and error.field:
                form.add_error(error.field, str(error.sentence))
        else:
            return redirect("approvals:change-detail", request.tenant.slug, number)
    if preview and request.POST.get("act") == "submit" and NO_REASON in preview.missing:
        form.add_error("reason", NO_REASON)
    context = {
        "form": form,
        "place": place,
        "entries": entries,
        "preview": preview,
        "refused": refused,
        "selected": request.GET.get("remove", ""),
        "freeze": freeze_now(place.trust_config.environment),
    }
    return render(request, "approvals/change_form.html", context, status=status)


def _simulate_draft(
    request: TenantRequest, trust_config_id: str, form: ChangeForm, preview: previews.Preview
) -> int:
    """Asks what a client would get if the change in the form were live."""
    intake = chain_of([], form.cleaned_data["client_chain"])
    if intake.refusals:
        raise BadChange(
            text_of(intake.refusals[0].code).sentence.in_language(
                get_language() or "en", intake.refusals[0].evidence
            )
        )
    return ask.ask(
        actor=actor_of(request),
        tenant_id=request.tenant.pk,
        trust_config_id=trust_config_id,
        chain=in_order(intake),
        draft=ask.Draft(tuple(preview.additions), tuple(preview.removals)),
    )


@tenant_page(methods=("GET", "POST"))
def change_roll_back(request: TenantRequest, number: int) -> HttpResponse:
    change = change_of(request, number)
    form = RollBackForm(request.POST or None, request.FILES or None)
    intake = form.intake() if form.is_valid() else None
    refused, status = None, 422 if request.method == "POST" else 200
    if intake is not None and not intake.refusals:
        try:
            new_number = roll_back.roll_back(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                number=number,
                also=form.also(),
                reason=form.cleaned_data["reason"],
                originals=intake.certificates,
                typed_name=form.cleaned_data["typed_name"],
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("approvals:change-detail", request.tenant.slug, new_number)
    context = {
        "change": change,
        "form": form,
        "refused": refused,
        "refusals": intake.refusals if intake else [],
        "verdict": may_roll_back(request.user.pk, change),
        "undoing": undoing_of(change) if change.applied_at else None,
        "undo": summary.undo_of(change),
    }
    return render(request, "approvals/change_roll_back.html", context, status=status)


@tenant_page(Act.SUBMIT, methods=("GET", "POST"))
def trust_config_return(request: TenantRequest, trust_config_id: str) -> HttpResponse:
    """Back to what the tenant trusted on a date: the way there is shown before it is asked for."""
    place = previews.place(request.tenant, trust_config_id)
    form = ReturnForm(
        request.POST or (request.GET if "date" in request.GET else None), request.FILES or None
    )
    is_whole = form.is_valid()
    date = form.cleaned_data.get("date") if form.is_bound else None
    intake = form.intake() if is_whole and request.method == "POST" else None
    refused, status = None, 422 if request.method == "POST" else 200
    if intake is not None and not intake.refusals and date is not None:
        try:
            number = return_to_date.return_to(
                actor=actor_of(request),
                tenant_id=request.tenant.pk,
                trust_config_id=trust_config_id,
                date=date,
                reason=form.cleaned_data["reason"],
                originals=intake.certificates,
            )
        except Refusal as error:
            refused, status = error, keep_on_page(request, error)
        else:
            return redirect("approvals:change-detail", request.tenant.slug, number)
    way = effect.return_of(place.trust_config, request.tenant.pk, date) if date else None
    context = {
        "place": place,
        "form": form,
        "way": way,
        "refused": refused,
        "refusals": intake.refusals if intake else [],
    }
    return render(request, "approvals/trust_config_return.html", context, status=status)
