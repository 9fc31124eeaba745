"""Whether this process can work, as probes and the doctor ask for it.

Probes are answered before anything else looks at the request: they come by address, over plain HTTP,
and need no host, session or cookie.
"""

from collections.abc import Callable
from enum import StrEnum

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from pages.operations.reading import unapplied_migrations
from portal import env, metrics


class Health(StrEnum):
    OK = "ok"
    # Something is away that people and workers can do without for a while.
    DEGRADED = "degraded"
    DOWN = "down"


_PROBE_SECONDS = 0.4
_migrated: list[bool] = []


def database() -> Health:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Health.OK


def migrations() -> Health:
    """Once nothing is missing, nothing will be for this version."""
    if not _migrated:
        if unapplied_migrations():
            return Health.DOWN
        _migrated.append(True)
    return Health.OK


def static_files() -> Health:
    staticfiles_storage.url("css/app.css")
    return Health.OK


def shared_cache() -> Health:
    shared = caches["default"]
    shared.set("health", 1, timeout=5)
    return Health.DEGRADED if getattr(shared, "is_away", False) else Health.OK


def broker() -> Health:
    if not settings.BROKER_URL.startswith("redis"):
        return Health.OK
    # One question with a short patience, and never a second: whoever probes waits a second at most.
    waits = {"socket_timeout": _PROBE_SECONDS, "socket_connect_timeout": _PROBE_SECONDS}
    try:
        with Redis.from_url(
            env.redis_address(settings.BROKER_URL), retry=Retry(NoBackoff(), 0), **waits
        ) as client:
            client.ping()
    except (RedisError, OSError):
        return Health.DEGRADED
    return Health.OK


CHECKS: dict[str, Callable[[], Health]] = {
    "database": database,
    "migrations": migrations,
    "static files": static_files,
    "cache": shared_cache,
    "broker": broker,
}


def examined() -> dict[str, str]:
    """Each check with its outcome; of one that raises, the name of the error and never its words."""
    found = {}
    for name, check in CHECKS.items():
        try:
            found[name] = str(check())
        except Exception as error:  # noqa: BLE001  (whatever it is, it is down)
            found[name] = f"{Health.DOWN}: {type(error).__name__}"
    return found


def overall(found: dict[str, str]) -> Health:
    if any(outcome.startswith(Health.DOWN) for outcome in found.values()):
        return Health.DOWN
    return Health.DEGRADED if Health.DEGRADED in found.values() else Health.OK


class ProbeMiddleware:
    """``/livez``: the process answers. ``/readyz``: it can do its work; 503 when it cannot. ``/metrics``: with the token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/livez":
            return JsonResponse({"status": Health.OK})
        if request.path == "/readyz":
            found = examined()
            status = overall(found)
            code = 503 if status is Health.DOWN else 200
            return JsonResponse({"status": status, "checks": found}, status=code)
        if request.path == "/metrics":
            return metrics.answer(request)
        return self.get_response(request)
