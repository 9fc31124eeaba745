"""Real processes around a test: worker, beat and web on the test's own database, speaking to the test's own emulator."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgresql://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


class Stack:
    """Processes with short leases, so that what a killed one left behind is taken over within seconds."""

    def __init__(self, folder: Path, emulator: Any, broker: str) -> None:
        self.folder, self.emulator = folder, emulator
        self.port, self.gateway_port = free_port(), free_port()
        self.log = folder / "log.txt"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.celery: tuple[str, ...] = ("-m", "celery")
        self.queues = ""  # of the worker; empty: it serves all
        (folder / "static").mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "BROKER_URL": broker,
            "INSTALLATION": settings.INSTALLATION,
            "SECRET_KEY": settings.SECRET_KEY,
            "GCP_ENDPOINT": f"127.0.0.1:{emulator.port}",
            "EMULATOR_ADMIN": f"127.0.0.1:{emulator.admin_port}",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "LEASE_SECONDS": "4",
            "JOB_LEASE_SECONDS": "4",
            "RPC_TIMEOUT_SECONDS": "3",
            "SWEEP_SECONDS": "1",
            "PROBE_ENDPOINTS": f"localhost:{self.gateway_port}",
            "PROBE_CA_FILE": str(folder / "gateway.pem"),
            "READS_PER_MINUTE": "600000",
            "WRITES_PER_MINUTE": "600000",
            "LOG_LEVEL": "WARNING",
            "GRPC_VERBOSITY": "ERROR",
        }

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start_worker(self, name: str = "worker") -> None:
        self._start(
            name,
            *self.celery,
            "-q",
            "-A",
            "portal",
            "worker",
            "-P",
            "threads",
            "-c",
            "2",
            "-l",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
            *(("-Q", self.queues) if self.queues else ()),
        )

    def start_beat(self) -> None:
        self._start("beat", "-m", "celery", "-q", "-A", "portal", "beat", "-l", "WARNING")

    def start_web(self) -> None:
        self._start(
            "web",
            "-m",
            "gunicorn",
            "portal.wsgi",
            "-b",
            f"127.0.0.1:{self.port}",
            "-k",
            "portal.web_worker.WebWorker",
            "--threads",
            "8",
            "--log-level",
            "warning",
        )
        self.wait_until(self._answers, seconds=30)

    def kill_worker(self) -> None:
        """kill -9 of the whole worker, as the kernel's out-of-memory killer would."""
        self._signal("worker", signal.SIGKILL)
        self.processes.pop("worker").wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self._signal(name, signal.SIGKILL)
            self.processes.pop(name).wait()

    def wait_until(self, condition: Callable[[], Any], *, seconds: float = 40) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {condition}\n{self.log.read_text()[-4000:]}")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
            return True
        return False

    def _start(self, name: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _signal(self, name: str, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, number)
