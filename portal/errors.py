"""The one place where refusals become pages and are recorded, after the rollback of what was refused."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit.events import EventType, Scope, Subject
from audit.recorder import record
from tenants.actors import actor_of
from tenants.errors import NotAllowed, UnknownTenant
from web.errors import Refusal, keep_on_page


def to_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The page that says the refusal; None for errors that are not ours."""
    if not isinstance(error, Refusal):
        return None
    status = keep_on_page(request, error)
    context = {"status": status, "sentence": error.sentence, "code": error.code, "page_url": "/"}
    return render(request, "errors/refused.html", context, status=status)


def record_refusal(request: HttpRequest, refusal: Refusal) -> None:
    """One event for what a signed-in person was refused: which page, which rule.

    Never what was typed.
    """
    if not request.user.is_authenticated:
        return
    tenant = getattr(request, "tenant", None)
    is_access = isinstance(refusal, UnknownTenant | NotAllowed)
    with transaction.atomic(durable=True):
        record(
            EventType.ACCESS_REFUSED if is_access else EventType.ACT_REFUSED,
            actor=actor_of(request),
            subject=Subject("page", _page(request)),
            scope=Scope(tenant_id=tenant.pk if tenant else None),
            result="refused",
            details={"code": refusal.code, "method": request.method or ""},
        )


def _page(request: HttpRequest) -> str:
    """The route and never the path, which may hold a token."""
    return request.resolver_match.view_name[:100] if request.resolver_match else "?"
