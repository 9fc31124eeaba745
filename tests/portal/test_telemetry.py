"""Sentry and OpenTelemetry, tried with the real clients in a process of the portal and a receiver of our own beside it."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A page that fails in the middle, asked for with everything that must not leave the house.
_ASK = """
from unittest import mock
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
application = get_wsgi_application()
from django.core.management import call_command
call_command("migrate", verbosity=0)

def ask(request):
    answers = []
    list(application(request.environ, lambda status, _headers: answers.append(status)))
    return answers[0]

make = RequestFactory(SERVER_NAME="localhost", HTTP_COOKIE="sessionid=SECRET-COOKIE", HTTP_AUTHORIZATION="Bearer SECRET-HEADER",
    HTTP_USER_AGENT="SECRET-AGENT", HTTP_TRACESTATE="evil=SECRET-STATE",
    HTTP_TRACEPARENT="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
assert ask(make.get("/livez", SERVER_NAME="10.0.0.1")) == "200 OK"
ask(make.post("/accounts/login/", {"login": "SECRET-MAIL@example.com", "password": "SECRET-WORD"}))
ask(make.get("/accounts/password/reset/key/SECRET-LINK/?q=SECRET-QUERY"))
ask(make.get("/accounts/password/reset/key/SECRET-LINK/?q=SECRET-QUERY", SERVER_NAME="elsewhere"))
def fail(*_, **__):
    typed = "SECRET-LOCAL"
    raise RuntimeError("SECRET-WORDS -----BEGIN PRIVATE KEY-----SECRET-BODY-----END PRIVATE KEY-----")
with mock.patch("portal.views.render", fail):
    assert ask(make.get("/sign-in/?q=SECRET-QUERY")).startswith("500")
"""
_FLUSH_SENTRY = "import sentry_sdk; sentry_sdk.flush(10)\n"
_FLUSH_TRACES = (
    "from opentelemetry import trace; assert trace.get_tracer_provider().force_flush(10000)\n"
)


@contextmanager
def receiver() -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """Listens on loopback; yields its address and what came in, unpacked, by path."""
    received: dict[str, list[bytes]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()


def ask(tmp_path: Path, code: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **environment,
            "VAR_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_error_reaches_sentry_and_nothing_that_people_sent(tmp_path: Path) -> None:
    with receiver() as (address, received):
        done = ask(tmp_path, _ASK + _FLUSH_SENTRY, SENTRY_DSN=f"http://key@{address}/1")
    assert done.returncode == 0, done.stderr
    (path,) = received
    assert path == "/api/1/envelope/"
    events = [
        json.loads(line)
        for envelope in received[path]
        for line in envelope.splitlines()
        if b'"exception"' in line
    ]
    (event,) = [one for one in events if one["exception"]["values"][-1]["type"] != "DisallowedHost"]
    assert len(event["tags"]["request_id"]) == 16
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["exception"]["values"][-1]["value"] == ""
    assert event["request"] == {"method": "GET", "url": "/sign-in/"}
    assert event["release"]
    assert b"SECRET" not in b"".join(received[path])


def test_spans_reach_a_collector_and_nothing_that_people_sent(tmp_path: Path) -> None:
    with receiver() as (address, received):
        done = ask(tmp_path, _ASK + _FLUSH_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}")
    assert done.returncode == 0, done.stderr
    told = b"".join(received["/v1/traces"])
    assert b"countersign" in told
    assert b"/accounts/password/reset/key/[cut]" in told
    assert b"SECRET" not in told
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") not in told


@pytest.mark.parametrize("setting", ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_without_its_extra_the_setting_is_refused_by_name(tmp_path: Path, setting: str) -> None:
    missing = "import sys; sys.modules['sentry_sdk'] = sys.modules['opentelemetry'] = None\n"
    done = ask(tmp_path, missing + "import django; django.setup()", **{setting: "http://key@h/1"})
    assert done.returncode == 1
    assert f"{setting} is set, but" in done.stderr
    assert "Install the portal with its extra" in done.stderr


def test_neither_is_loaded_where_nothing_is_set(tmp_path: Path) -> None:
    done = ask(
        tmp_path,
        "import sys, django; django.setup()\n"
        "assert not {'sentry_sdk', 'opentelemetry.sdk'} & set(sys.modules), 'loaded'",
    )
    assert done.returncode == 0, done.stderr
