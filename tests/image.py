"""The image's own command, started without a container engine: what gunicorn does with real sockets."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Served:
    port: int
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


def command(port: int, *, workers: int = 1) -> list[str]:
    """What the image starts, on another port and with fewer processes."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    (said,) = re.findall(r"^CMD (\[.*?\])$", text, re.MULTILINE)
    words = json.loads(said)
    words[words.index("--bind") + 1] = f"127.0.0.1:{port}"
    words[words.index("--workers") + 1] = str(workers)
    return [sys.executable, "-m", *words]


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Served]:
    """The web process alone, over a database in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    environment |= {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    with log.open("w") as written:
        server = subprocess.Popen(
            command(port),
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment | settings,
        )
        try:
            _until_it_answers(port)
            yield Served(port, log)
        finally:
            server.terminate()
            server.wait(20)


def _until_it_answers(port: int) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError("it did not start")
