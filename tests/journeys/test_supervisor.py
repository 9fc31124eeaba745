"""``manage.py up``: one command starts everything, and nothing outlives it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.stack import ROOT, free_port


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "ps -o" not in line]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@pytest.mark.parametrize(("whom", "number", "status"), [("all", signal.SIGTERM, 0), ("child", signal.SIGKILL, 1), ("all", signal.SIGKILL, -9)])
def test_nothing_is_left_however_it_ends(tmp_path: Path, whom: str, number: int, status: int) -> None:
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}},
        "VAR_DIR": str(tmp_path),
        "PORT": str(port),
        "GCP_ENDPOINT": f"127.0.0.1:{free_port()}",
        "EMULATOR_ADMIN": f"127.0.0.1:{free_port()}",
    }
    up = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not _answers(port):
            assert up.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        children = _children(up.pid)
        assert len(children) == 4
        os.kill(children[1] if whom == "child" else up.pid, number)
        assert up.wait(30) == status
        while any(_is_alive(child) for child in children):
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        up.kill()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
