"""Pages that belong to no app: health, sign-in links, preferences, the drawing of the states, and errors."""

import logging

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from pages.changes import diagram
from pki import public_cas
from pki.catalogue import FINDINGS
from portal import send_again
from portal.middleware import THEME_COOKIE
from tenants import rights_document
from tenants.actors import SIGNED_IN_BY, actor_of
from tenants.flows import people
from tenants.models import AccessRole, User
from web.client import address_of

logger = logging.getLogger(__name__)


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest) -> HttpResponse:
    """A link is used by the button and not by being looked at: mail scanners look at links.

    Its token stands behind ``#``, which no browser sends and no server logs, and comes in the body.
    """
    if request.method == "GET":
        return render(request, "portal/sign_in_link.html")
    user_id = people.use_sign_in_link(
        token=request.POST.get("token", "").strip(),
        ip=address_of(request),
        signed_in=request.user.pk if request.user.is_authenticated else None,
    )
    login(request, User.objects.get(pk=user_id), backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SIGNED_IN_BY] = "one-time link"
    return redirect(settings.LOGIN_REDIRECT_URL)


@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Saves language or theme, for the person if signed in and for the browser, and goes back to the same page."""
    language = _one_of(request.POST.get("language"), [code for code, _name in settings.LANGUAGES])
    theme = _one_of(request.POST.get("theme"), ["", "light", "dark"])
    if request.user.is_authenticated:
        people.set_preferences(actor=actor_of(request), language=language, theme=theme)
    response = HttpResponseRedirect(_safe_next(request))
    if language is not None:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    if theme is not None:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@require_GET
def states(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/states.html", {"rows": diagram.rows()})


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    return render(
        request, "portal/rights.html", {"roles": AccessRole, "rows": rights_document.rows()}
    )


@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    """The catalogue, with an anchor for each code that findings link to."""
    names = {
        "GCP": _("Google's rules"),
        "X509": _("RFC 5280 and good practice"),
        "POL": _("The policy"),
        "EST": _("The estate"),
        "LINT": _("A second opinion"),
    }
    families = [
        {
            "prefix": prefix,
            "name": name,
            "rows": [
                (code, check) for code, check in FINDINGS.items() if code.startswith(f"{prefix}-")
            ],
        }
        for prefix, name in names.items()
    ]
    return render(
        request, "portal/checks.html", {"families": families, "lists": public_cas.list_dates()}
    )


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if send_again.is_own_form(request):
        return send_again.send_again(request, status=403)
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  (Django passes it)
    return render(request, "errors/not_found.html", status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Needs no database, session or cookie, since one of them may be what failed."""
    request_id = getattr(request, "request_id", "")
    try:
        told = {"request_id": request_id}
        page = str(render_to_string("errors/server_error.html", told))
    except Exception:  # the static files may be what failed
        logger.exception("the page of errors could not be drawn")
        page = f"Something went wrong on our side. Give this number to your platform team: {request_id}"
    return HttpResponse(page, status=500)


def _one_of(value: str | None, allowed: list[str]) -> str | None:
    return value if value in allowed else None


def _safe_next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"
