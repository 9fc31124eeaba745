"""What no log may hold."""

import contextlib
import json
import logging
import re
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from jobs import tasks
from jobs.models import Job
from portal.logs import formatter
from tests.certificates import make
from tests.image import served
from tests.world import World


def test_the_token_of_a_sign_in_link_stands_in_no_log_and_no_event(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    record = logging.LogRecord(
        "django", logging.WARNING, "f", 1, "Forbidden: %s", ("/sign-in/SECRETTOKEN/",), None
    )
    assert (
        json.loads(formatter(as_json=True).format(record))["event"] == "Forbidden: /sign-in/[cut]/"
    )
    client = Client()
    client.force_login(world.user("sam"))
    client.post("/sign-in/", {"token": "SECRETTOKEN"})
    event = AuditEvent.objects.get(type="act.refused")
    assert b"SECRETTOKEN" not in bytes(event.payload)
    assert event.subject_id == "sign-in-link"


def test_the_access_log_of_the_image_holds_no_secret(tmp_path: Path) -> None:
    with served(tmp_path, LOG_LEVEL="INFO") as web:
        for path in ("/sign-in/SECRET-A/", "/accounts/password/reset/key/SECRET-B/"):
            asked = urllib.request.Request(
                f"http://127.0.0.1:{web.port}{path}",
                headers={"Referer": f"http://localhost{path}"},
            )
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(asked, timeout=10)
    told = web.log.read_text()
    assert "/sign-in/[cut]" in told
    assert "/accounts/password/reset/key/[cut]" in told
    assert "SECRET" not in told
    # Who, how long, what came of it, and the id that the answer has too; the second finds no database.
    for kind, code in (("request_finished", 404), ("request_failed", 500)):
        (line,) = [line for line in told.splitlines() if f"] {kind} " in line]
        assert re.search(
            rf"code={code} .*ip=127\.0\.0\.1 .*request_id=[0-9a-f]{{16}} .*seconds=0\.", line
        )


def test_a_request_keeps_the_id_that_a_proxy_of_ours_gave_it(
    world: World, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(headers={"X-Request-Id": "0af7651916cd43dd8448eb211c80319c"})
    settings.TRUST_REQUEST_ID = False
    assert client.get("/sign-in/").headers["X-Request-Id"] != "0af7651916cd43dd8448eb211c80319c"
    settings.TRUST_REQUEST_ID = True
    assert client.get("/sign-in/").headers["X-Request-Id"] == "0af7651916cd43dd8448eb211c80319c"
    for bad in ("", "short", "x" * 65, "0af7651916cd43dd\tlevel=info", "名" * 16):
        given = client.get("/sign-in/", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{16}", given), bad


def test_what_a_request_asked_for_tells_its_id_in_jobs_events_and_the_jobs_of_jobs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """One search finds the page, the job that it asked for, that job's line in the log, and every event."""
    caplog.set_level(logging.INFO)
    change = world.checked(make())
    answer = world.page("rita").post(
        f"/t/payments/changes/{change.number}/approve/",
        {"digest": change.change_digest, "comment": "Fine."},
    )
    assert answer.status_code == 302
    asked = answer.headers["X-Request-Id"]
    world.work()
    told = {
        json.loads(bytes(event.payload))["type"]
        for event in AuditEvent.objects.all()
        if json.loads(bytes(event.payload))["request_id"] == asked
    }
    assert {"vote.cast", "change.approved", "change.applied"} <= told
    ends = [
        r.msg for r in caplog.records if isinstance(r.msg, dict) and r.msg["event"] == "job_ended"
    ]
    asked_for = [line for line in ends if line["request_id"] == asked]
    assert {"publish"} <= {line["kind"] for line in asked_for}
    assert {line["outcome"] for line in asked_for} == {"done"}
    assert all(line["attempt"] == 1 and line["seconds"] > 0 for line in asked_for)


def test_what_the_clock_starts_has_no_request(world: World) -> None:
    Job.objects.all().delete()
    client = Client()
    client.get("/sign-in/")
    tasks.sweep()
    assert Job.objects.exists()
    assert set(Job.objects.values_list("request_id", flat=True)) == {""}


def test_in_production_a_line_is_one_json_object() -> None:
    """Also what a library says with words of its own, and numbers stay numbers."""
    line = logging.makeLogRecord(
        {"name": "celery", "msg": "ready %s", "args": ("名",), "levelname": "INFO"}
    )
    told = json.loads(formatter(as_json=True).format(line))
    assert told["event"] == "ready 名"
    assert told["logger"] == "celery"
    assert told["level"] == "info"
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None


def test_what_people_search_and_what_databases_quote_stands_in_no_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    key = "-----BEGIN PRIVATE KEY-----" + "%0A".join(["SECRET" + "A" * 58] * 4)
    Client().get(f"/accounts/login/?q={key}&next=%2Faccounts%2Fpassword%2Freset%2Fkey%2FSECRET%2F")
    (line,) = [r.msg for r in caplog.records if isinstance(r.msg, dict) and "request" in r.msg]
    assert line["request"] == "GET /accounts/login/"
    quoted = (
        'null value in column "a"\nDETAIL:  Failing row contains (SECRET).\nLINE 1: SELECT SECRET'
    )
    record = logging.LogRecord("x", logging.ERROR, "f", 1, quoted, (), None)
    assert "SECRET" not in formatter(as_json=True).format(record)
    lines = "\n".join(["SECRET" + "A" * 58] * 4)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "got %s here", (lines,), None)
    assert json.loads(formatter(as_json=True).format(record))["event"] == "got [cut]"
