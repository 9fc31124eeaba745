"""Probes and the doctor: what is named, and what is only degraded."""

import io
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from jobs import heartbeat
from jobs.models import Heartbeat
from portal import health
from tests.world import World


def _probe(path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = Client(headers=headers).get(path)
    return answer.status_code, answer.json()


def test_probes_need_no_host_no_tls_and_no_session(db: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["countersign.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    assert _probe("/livez", host="10.1.2.3") == (200, {"status": "ok"})
    code, told = _probe("/readyz", host="10.1.2.3")
    assert (code, told["status"]) == (200, "ok")
    assert set(told["checks"]) == {"database", "migrations", "static files", "cache", "broker"}


def _fails(*_arguments: Any) -> health.Health:
    raise OperationalError("password=secret host=10.0.0.1")


@pytest.mark.parametrize("name", list(health.CHECKS))
def test_what_fails_is_named_without_its_words(
    db: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(health.CHECKS, name, _fails)
    code, told = _probe("/readyz")
    assert code == 503
    assert told["checks"][name] == "down: OperationalError"
    assert "secret" not in str(told)
    assert _probe("/livez")[0] == 200


def test_a_redis_that_is_away_degrades_and_does_not_end_the_service(
    db: None, settings: Any
) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "portal.cache.SharedCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    code, told = _probe("/readyz")
    assert (code, told["status"]) == (200, "degraded")
    assert told["checks"]["cache"] == told["checks"]["broker"] == "degraded"


def test_a_database_that_was_not_migrated_is_not_ready(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_migrated", [])
    monkeypatch.setattr(health, "unapplied_migrations", lambda: ["jobs.0003_heartbeats"])
    assert _probe("/readyz")[0] == 503


def _doctor() -> str:
    told = io.StringIO()
    try:
        call_command("doctor", stdout=told, no_color=True)
    except CommandError as error:
        return f"{told.getvalue()}FAILED: {error}"
    return told.getvalue()


def test_the_doctor_says_what_must_be_mended_and_ends_with_one(world: World) -> None:
    told = _doctor()
    assert "queue env-dev: no worker has answered yet" in told
    assert "no beat answers" in told
    assert "environment dev: Google lists" in told
    assert "FAILED" in told


def test_the_doctor_is_content_when_all_is_there(world: World) -> None:
    heartbeat.sign(Heartbeat.Role.WORKER, [heartbeat.EVERY_QUEUE])
    Heartbeat.objects.update(name="the-worker")
    heartbeat.sign(Heartbeat.Role.BEAT, [])
    told = _doctor()
    assert "FAILED" not in told
    assert "wrong" not in told
    assert "environment prod: 2 votes are needed and 2 people may give one" in told


@pytest.fixture
def hung() -> Iterator[int]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_redis_that_hangs_degrades_within_a_second(db: None, settings: Any, hung: int) -> None:
    settings.BROKER_URL = f"redis://127.0.0.1:{hung}/0"
    begun = time.monotonic()
    assert health.broker() is health.Health.DEGRADED
    assert time.monotonic() - begun < 1.5  # it would hang for ever


def test_a_redis_that_refuses_costs_no_second(db: None, settings: Any) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    begun = time.monotonic()
    assert health.broker() is health.Health.DEGRADED
    assert time.monotonic() - begun < 1.0  # kombu would wait two


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0;redis://127.0.0.1:2/0",
        "rediss://127.0.0.1:1/0?ssl_cert_reqs=CERT_REQUIRED",
    ],
)
def test_every_form_of_a_brokers_address_is_understood(db: None, settings: Any, url: str) -> None:
    settings.BROKER_URL = url
    assert health.broker() is health.Health.DEGRADED
