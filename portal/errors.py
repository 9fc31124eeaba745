"""The one map from errors to HTTP, and the one place where refusals are recorded, after the rollback of what was refused."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from approvals.errors import ApprovalError, BadChange, BlockingFindings, SelfApproval, VoteRefused
from audit.events import EventType, Scope, Subject
from audit.recorder import record
from certs.errors import CertsError
from tenants.actors import actor_of
from tenants.errors import BadValue, NotAllowed, TenantError, UnknownObject, UnknownTenant

_STATUS: dict[type[Exception], int] = {
    UnknownTenant: 404,
    UnknownObject: 404,
    NotAllowed: 403,
    BadValue: 422,
    SelfApproval: 403,
    VoteRefused: 403,
    BadChange: 422,
    BlockingFindings: 422,
}
CONFLICT = 409


def status_of(error: Exception) -> int | None:
    """The HTTP status of one of our errors; None for everybody else's."""
    if not isinstance(error, TenantError | ApprovalError | CertsError):
        return None
    return _STATUS.get(type(error), CONFLICT)


OURS = (TenantError, ApprovalError, CertsError)


def keep_on_page(request: HttpRequest, error: Exception) -> int:
    """For pages that show the refusal themselves and keep what was typed: records it and says the status."""
    record_refusal(request, error)
    return status_of(error) or 500


def to_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    status = status_of(error)
    if status is None:
        return None
    record_refusal(request, error)
    assert isinstance(error, TenantError | ApprovalError | CertsError)
    return render(request, "errors/refused.html", {"status": status, "sentence": error.sentence, "code": error.code, "page_url": "/"}, status=status)


def _page(request: HttpRequest) -> str:
    """The route and never the path, which may hold a token."""
    return request.resolver_match.view_name[:100] if request.resolver_match else "?"


def record_refusal(request: HttpRequest, error: Exception) -> None:
    """One event for what a signed-in person was refused: which page, which rule. Never what was typed."""
    if not request.user.is_authenticated:
        return
    tenant = getattr(request, "tenant", None)
    event = EventType.ACCESS_REFUSED if isinstance(error, UnknownTenant | NotAllowed) else EventType.ACT_REFUSED
    with transaction.atomic(durable=True):
        record(
            event,
            actor=actor_of(request),
            subject=Subject("page", _page(request)),
            scope=Scope(tenant_id=tenant.pk if tenant else None),
            result="refused",
            details={"code": getattr(error, "code", ""), "method": request.method or ""},
        )
