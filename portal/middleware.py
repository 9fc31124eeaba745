"""What surrounds every request: an id, the reader's language and theme, and the one map from errors to pages."""

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django_structlog.signals import (
    bind_extra_request_failed_metadata,
    bind_extra_request_finished_metadata,
)

from jobs import request_ids
from pki.catalogue import text_of
from portal import errors, logs
from web.reading import read_once

GetResponse = Callable[[HttpRequest], HttpResponse]
THEME_COOKIE = "theme"


# What a proxy may call a request; nginx makes 32 hexadecimal digits.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

for ended in (bind_extra_request_finished_metadata, bind_extra_request_failed_metadata):
    ended.connect(logs.add_what_an_access_log_has)


class RequestIdMiddleware:
    """Gives the request an id that stands in the answer, in every log line, in its jobs, in the audit and on error pages.

    Where the proxy overwrites what clients send (TRUST_REQUEST_ID) it is the proxy's, so that one search finds the
    request in both logs.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        identifier = _given_by_proxy(request) or uuid.uuid4().hex[:16]
        request.request_id = identifier  # type: ignore[attr-defined]
        request.began = time.monotonic()  # type: ignore[attr-defined]
        request_ids.begin(identifier)
        response = self.get_response(request)
        response.headers["X-Request-Id"] = identifier
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            add_never_cache_headers(response)
        return response


def _given_by_proxy(request: HttpRequest) -> str | None:
    given = request.headers.get("X-Request-Id", "")
    return given if settings.TRUST_REQUEST_ID and _REQUEST_ID.fullmatch(given) else None


class PreferencesMiddleware:
    """The person's saved language and theme, else the browser's cookie, else what the browser asks for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "") or translation.get_language_from_request(
            request
        )
        request.theme = getattr(request.user, "theme", "") or request.COOKIES.get(THEME_COOKIE, "")  # type: ignore[attr-defined]
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers["Content-Language"] = request.LANGUAGE_CODE or "en"
        return response


class ReadOnceMiddleware:
    """A page that only shows reads once what several of its parts ask for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with read_once():
            return self.get_response(request)


class RequestSizeMiddleware:
    """Refuses a request that is too large by its Content-Length, before anything reads it, and one that did not arrive
    whole: a form that was cut off in the middle would otherwise be carried out as far as it came.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Of what comes in chunks no end could be checked, and no browser sends forms so.
        if "Transfer-Encoding" in request.headers:
            sentence = gettext("A request must say its length. Nothing was done.")
            return _refused(request, 411, sentence, "length-required")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.MAXIMAL_REQUEST_BYTES:
            sentence = text_of("IN-SIZE-01").sentence.in_language(
                request.LANGUAGE_CODE or "en", {"limit": "5 MB"}
            )
            return _refused(request, 413, sentence, "IN-SIZE-01")
        if int(length) and not _is_whole(request, int(length)):
            sentence = gettext(
                "What you sent did not arrive whole. Nothing was done; send it again."
            )
            return _refused(request, 400, sentence, "cut-off")
        return self.get_response(request)


def _is_whole(request: HttpRequest, length: int) -> bool:
    try:
        return len(request.body) == length
    except UnreadablePostError:
        return False


def _refused(request: HttpRequest, status: int, sentence: str, code: str) -> HttpResponse:
    told = {"status": status, "sentence": sentence, "code": code}
    return render(request, "errors/refused.html", told, status=status)


class ErrorMiddleware:
    """Turns refusals into pages, and records each once its page is made."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        refusal = getattr(request, "refusal", None)
        if refusal is not None:
            errors.record_refusal(request, refusal)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.to_response(request, exception)
