"""One supervisor for everything: web, worker, beat and the emulator. Any exit stops all."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10


class Command(BaseCommand):
    help = "Migrates and starts web, worker, beat and, where settings name it, the emulator."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="seed the demo and print sign-in links"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("In production each process runs by itself: see docker-compose.yml.")
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        self._say("Migrating the database …")
        call_command("migrate", verbosity=0)
        self._say("Starting the emulator, a worker, beat and the web …")
        python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
        self._start("emulator", python, manage, "emulator")
        self._wait_for(f"http://{settings.EMULATOR_ADMIN}/faults", "emulator")
        self._start(
            "worker",
            python,
            "-m",
            "celery",
            "-q",
            "-A",
            "portal",
            "worker",
            "-P",
            "threads",
            "-c",
            "4",
            "-l",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
        )
        self._start("beat", python, "-m", "celery", "-q", "-A", "portal", "beat", "-l", "WARNING")
        bind = f"127.0.0.1:{settings.PORT}"
        self._start(
            "web",
            python,
            "-m",
            "gunicorn",
            "portal.wsgi",
            "-b",
            bind,
            "-k",
            "portal.web_worker.WebWorker",
            "--threads",
            "8",
            "--log-level",
            "warning",
            "--logger-class",
            "portal.gunicorn_log.PortalLogger",
        )
        self._wait_for(f"http://{bind}/readyz", "web")
        if options["demo"]:
            call_command("demo", stdout=self.stdout)
        self.stdout.write(
            self.style.SUCCESS(
                f"Countersign runs at http://localhost:{settings.PORT}/  (Ctrl-C stops it)"
            )
        )
        self.stdout.flush()
        self._watch()

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _start(self, name: str, *command: str) -> None:
        """Each child leads a session of its own, so that Ctrl-C reaches this process first, and dies with it."""
        self.children[name] = subprocess.Popen(  # noqa: S603
            command,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509
            cwd=settings.BASE_DIR,
        )

    def _wait_for(self, url: str, name: str) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.children[name].poll() is not None:
                self._end(
                    1,
                    f"{name} ended with status {self.children[name].returncode}. Is another Countersign running?",
                )
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (loopback)
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self._end(1, f"{name} did not answer within a minute.")

    def _watch(self) -> None:
        while True:
            for name, child in self.children.items():
                if child.poll() is not None:
                    self._end(
                        1, f"{name} ended with status {child.returncode}; stopping everything."
                    )
            time.sleep(0.2)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._end(0, "")

    def _end(self, status: int, sentence: str) -> None:
        if sentence:
            self.stderr.write(sentence)
        for child in self.children.values():
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until and any(
            child.poll() is None for child in self.children.values()
        ):
            time.sleep(0.05)
        for child in self.children.values():
            _signal(child, signal.SIGKILL)
        self.stdout.flush()
        os._exit(status)


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    """To the child's whole session, which may outlive the child itself."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
