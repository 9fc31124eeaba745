"""The process list of docker-compose.yml without a container engine.

Each service runs the command that the file gives it, with the settings that the file gives it. Names of services become
ports of this machine, the folders of images become folders of the test. PostgreSQL is the one that the tests use.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import yaml

from tests.image import command as image_command

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"celery", "gunicorn", "python"}
STARTED = ("emulator", "web-1", "web-2", "worker-portal", "worker-dev", "worker-prod", "beat")
# As in the README, with one environment and one vote.
SETTING_UP = (
    'create_platform_admin petra@example.com "Petra Novak"',
    "create_environment dev Development --project my-dev --votes 1",
    "create_tenant payments Payments --environment dev",
    'create_user wei@example.com "Wei Zhang"',
    "grant wei@example.com submitter --tenant payments",
    'create_user maria@example.com "Maria Okafor"',
    "grant maria@example.com reviewer",
    "register_trust_config dev payments-clients --tenant payments",
)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Compose:
    """The services of the file; ``folder`` stands for the machine's disk."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.database_url = folder, database_url
        self.services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
            "services"
        ]
        self.variables = self._prepare()
        names = ("redis", "web-1", "web-2", "proxy", "grpc", "admin")
        self.ports = {name: free_port() for name in names}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.tls = ssl.create_default_context(
            cafile=str(folder / "checkout" / "deploy" / "made" / "tls" / "ca.pem")
        )

    def _prepare(self) -> dict[str, str]:
        """Secrets and a certificate as ``deploy/prepare`` makes them, in a copy of its folder."""
        checkout = self.folder / "checkout"
        (checkout / "deploy").mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "prepare", checkout / "deploy")
        for _ in range(2):  # the second time keeps what is there
            subprocess.run(["sh", "deploy/prepare"], cwd=checkout, check=True, capture_output=True)
        lines = (checkout / ".env").read_text().split()
        return dict(line.split("=", 1) for line in lines)

    # --- what the file says
    def text(self, value: str) -> str:
        """With variables filled in as Compose does, and names of services as addresses of this machine."""

        def known(found: re.Match[str]) -> str:
            name, _operator, default = found.groups()
            return self.variables.get(name, default or "")

        value = re.sub(r"\$\{(\w+)(:?[?-])([^}]*)\}", known, str(value))
        value = value.replace("@redis:6379", f"@127.0.0.1:{self.ports['redis']}")
        value = value.replace("127.0.0.1:9411", f"127.0.0.1:{self.ports['grpc']}")
        return value.replace("/var/lib/countersign", str(self.folder / "var"))

    def environment(self, service: str) -> dict[str, str]:
        """Nothing of this machine but where programs are, and what the image itself sets."""
        said = {k: self.text(v) for k, v in self.services[service]["environment"].items()}
        said["DATABASE_URL"] = self.database_url
        said["VAR_DIR"] = str(self._var(service))
        own = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        of_the_image = {
            "STATIC_ROOT": str(self.folder / "static"),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "GRPC_VERBOSITY": "ERROR",
            "EMULATOR_ADMIN": f"127.0.0.1:{self.ports['admin']}",
        }
        return own | of_the_image | said

    def command(self, service: str) -> list[str]:
        if service in {"web-1", "web-2"}:
            return image_command(self.ports[service])
        words = [self.text(word) for word in self.services[service]["command"]]
        if words[0] == "redis-server":
            return [*words, "--port", str(self.ports["redis"]), "--dir", str(self.folder)]
        assert words[0] in PROGRAMS, words
        if words[0] == "python":
            return [sys.executable, *words[1:]]
        return [sys.executable, "-m", *words]

    def _var(self, service: str) -> Path:
        """Each container has a folder of its own."""
        path = self.folder / "var" / service
        path.mkdir(parents=True, exist_ok=True)
        return path

    # --- running it
    def start(self, service: str) -> None:
        environment = self.environment(service) if service != "redis" else dict(os.environ)
        self._run(service, self.command(service), environment)

    def _run(self, service: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{service}.log").open("ab") as log:
            self.running[service] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def start_proxy(self) -> None:
        told = (ROOT / "deploy" / "nginx.conf").read_text().replace("/tmp/", f"{self.folder}/")
        for name in ("web-1", "web-2"):
            told = told.replace(f"{name}:8000", f"127.0.0.1:{self.ports[name]}")
        told = told.replace("listen 8443", f"listen 127.0.0.1:{self.ports['proxy']}")
        told = told.replace("/etc/nginx/tls", str(self.folder / "checkout/deploy/made/tls"))
        told = told.replace("/dev/stdout", f"{self.folder}/proxy-access.log")
        path = self.folder / "nginx.conf"
        path.write_text(f"daemon off;\nuser root;\n{told}" if os.geteuid() == 0 else told)
        self._run("proxy", ["nginx", "-e", "stderr", "-c", str(path)], dict(os.environ))

    def manage(self, *words: str, service: str = "migrate") -> str:
        """One command to its end, in the settings of a service."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def stop(self, service: str) -> float:
        """As ``docker stop`` does. Returns the seconds that it took; a process that had to be killed took all of them."""
        process = self.running.pop(service)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        grace = float(str(self.services[service].get("stop_grace_period", "10s")).rstrip("s"))
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return time.monotonic() - began

    def stop_all(self) -> None:
        for service in list(self.running):
            self.stop(service)

    def is_healthy(self, service: str) -> bool:
        """What the health check of the service says. It is the file's own command."""
        said = self.services[service]["healthcheck"]["test"]
        assert said[0] == "CMD-SHELL"
        told = str(said[1]).replace("/var/lib/countersign", str(self._var(service)))
        if service == "redis":
            told = told.replace("127.0.0.1", f"127.0.0.1 -p {self.ports['redis']}")
        return subprocess.run(["sh", "-c", told], check=False, capture_output=True).returncode == 0

    def set_up(self) -> None:
        """Starts everything and says the commands of the README."""
        self.start("redis")
        wait_until(lambda: self.is_healthy("redis"), seconds=20, what="Redis answers")
        self.manage("collectstatic", "--noinput")  # which the image does when it is built
        self.manage("migrate")
        for service in STARTED:
            self.start(service)
        self.start_proxy()
        ring = self.environment("web-1")["KMS_KEY_RING"]
        for key in ("key-mtls-client", "key-mtls-server"):
            name = f"{ring}/cryptoKeys/{key}"
            put = partial(self._emulator_put, "/crypto-key", name)
            wait_until(put, seconds=30, what="the emulator answers")
        resource = "projects/my-dev/locations/global/trustConfigs/payments-clients"
        self._emulator_put("/trust-config", resource)
        for line in SETTING_UP:
            self.manage(*shlex.split(line))
        answers = lambda: self.get("/accounts/login/")[0] == 200  # noqa: E731
        wait_until(answers, seconds=60, what="the portal answers")

    # --- asking it
    @property
    def url(self) -> str:
        return f"https://localhost:{self.ports['proxy']}"

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        asked = urllib.request.Request(f"{self.url}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10, context=self.tls) as page:
                return page.status, page.read(), dict(page.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def _emulator_put(self, path: str, name: str) -> bool:
        """What an operator would do with gcloud before the portal comes; False while nobody answers."""
        query = urllib.parse.urlencode({"name": name})
        url = f"http://127.0.0.1:{self.ports['admin']}{path}?{query}"
        put = urllib.request.Request(url, data=b"{}", method="PUT")
        try:
            urllib.request.urlopen(put, timeout=10).close()
        except OSError:
            return False
        return True

    def log(self, service: str) -> list[dict[str, Any]]:
        """The lines of a service, each of which must be one JSON object."""
        lines = (self.folder / f"{service}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line]


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


@contextmanager
def database(name: str, server: str) -> Iterator[str]:
    """An empty PostgreSQL database for the time being; ``server`` is USER:PASSWORD@HOST:PORT. Yields its URL."""
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"postgresql://{server}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
