"""A form that is sent after its session has ended loses nothing: what was typed waits on a page."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from web.secrets import holds_key

NEVER_SHOWN = ("token", "password")


class KeepTypedMiddleware(LoginRequiredMiddleware):
    """Asks for sign-in as Django does, but keeps what a form of ours has sent, and the page whose part looked again."""

    # Django's stub knows redirects only.
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if is_own_form(request):
            return send_again(request, status=401)
        if request.headers.get("HX-Request"):
            return render(request, "errors/_signed_out.html", status=401)
        return super().handle_no_permission(request, view_func)


def is_own_form(request: HttpRequest) -> bool:
    """Whether a browser sent a form of this site; another site's form is never shown again."""
    if request.method != "POST":
        return False
    origin = urlsplit(request.headers.get("Origin", ""))
    return bool(origin.netloc) and origin.netloc == request.get_host()


def send_again(request: HttpRequest, *, status: int) -> HttpResponse:
    """The page with what was typed, to be sent once more. Files and keys are not on it."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if isinstance(value, str) and _may_stand(name, value)
    ]
    had_files = any(file for file in request.FILES.values())
    context = {"fields": fields, "action": request.get_full_path(), "had_files": had_files}
    return render(request, "errors/send_again.html", context, status=status)


def _may_stand(name: str, value: str) -> bool:
    return not any(word in name for word in NEVER_SHOWN) and not holds_key(value)
