"""What no log may hold."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.test import Client

from audit.models import AuditEvent
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


def test_the_token_of_a_sign_in_link_stands_in_no_log_and_no_event(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    from portal.logs import NoBodies

    record = logging.LogRecord(
        "django", logging.WARNING, "f", 1, "Forbidden: %s", ("/sign-in/SECRETTOKEN/",), None
    )
    NoBodies().filter(record)
    assert "SECRETTOKEN" not in record.getMessage()
    client = Client()
    client.force_login(world.user("sam"))
    client.post("/sign-in/", {"token": "SECRETTOKEN"})
    event = AuditEvent.objects.get(type="act.refused")
    assert b"SECRETTOKEN" not in bytes(event.payload)
    assert event.subject_id == "sign-in-link"


def _image_command(port: int) -> list[str]:
    """What the image starts, on another port and with one process."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    (said,) = re.findall(r"^CMD (\[.*?\])$", text, re.MULTILINE)
    command = json.loads(said)
    command[command.index("--bind") + 1] = f"127.0.0.1:{port}"
    command[command.index("--workers") + 1] = "1"
    return [sys.executable, "-m", *command]


def test_the_access_log_of_the_image_holds_no_secret(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    log = tmp_path / "log"
    with log.open("w") as written:
        server = subprocess.Popen(
            _image_command(port),
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={
                **environment,
                "VAR_DIR": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "portal.settings",
            },
        )
        try:
            _until_it_answers(port)
            for path in ("/sign-in/SECRET-A/", "/accounts/password/reset/key/SECRET-B/"):
                asked = urllib.request.Request(
                    f"http://127.0.0.1:{port}{path}",
                    headers={"Referer": f"http://localhost{path}"},
                )
                with contextlib.suppress(urllib.error.HTTPError):
                    urllib.request.urlopen(asked, timeout=10)
        finally:
            server.terminate()
            server.wait(20)
    told = log.read_text()
    assert "/sign-in/[cut]" in told
    assert "/accounts/password/reset/key/[cut]" in told
    assert "SECRET" not in told


def _until_it_answers(port: int) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError("it did not start")
