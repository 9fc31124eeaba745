"""How long anybody waits for the broker."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_RING = """
import time
import django; django.setup()
from jobs import queue
took = []
for number in range(3):
    queue._quiet_until[0] = 0.0
    began = time.monotonic()
    queue.ring(number, "portal")
    took.append(time.monotonic() - began)
print(max(took))
"""
_WORK = """
import django; django.setup()
from celery.signals import worker_init
from portal.celery import app
worker_init.send(sender=None)
print(app.conf.broker_transport_options["socket_timeout"], app.conf.broker_transport_options["visibility_timeout"])
"""


def _say(code: str, folder: Path, port: int) -> list[float]:
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **environment,
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "BROKER_URL": f"redis://127.0.0.1:{port}/0",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def test_a_redis_that_hangs_costs_a_request_that_asks_for_work_a_moment(tmp_path: Path) -> None:
    """Something listens and never answers. With a worker's patience it would be six seconds and more."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        (longest,) = _say(_RING, tmp_path, silent.getsockname()[1])
    assert 0.05 < longest < 3


def test_a_worker_is_more_patient_than_who_only_rings(tmp_path: Path) -> None:
    assert _say(_WORK, tmp_path, 1) == [3.0, 300.0]
