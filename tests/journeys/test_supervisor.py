"""``manage.py up``: one command starts everything, and nothing outlives it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.stack import ROOT, free_port

pytestmark = pytest.mark.only_embedded


def _children(pid: int) -> list[int]:
    """Direct children in the order in which they were started, read from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty database, made once: ``up`` finds nothing left to migrate."""
    folder = tmp_path_factory.mktemp("var")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=_environment(folder),
        check=True,
    )
    return folder


def _environment(folder: Path) -> dict[str, str]:
    """The machine's, less what names a database or a broker, and a folder of its own."""
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "BROKER_URL"}
        },
        "VAR_DIR": str(folder),
    }


@pytest.mark.parametrize(
    ("whom", "number", "status"),
    [("all", signal.SIGTERM, 0), ("child", signal.SIGKILL, 1), ("all", signal.SIGKILL, -9)],
)
def test_nothing_is_left_however_it_ends(
    tmp_path: Path, migrated: Path, whom: str, number: int, status: int
) -> None:
    port = free_port()
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    environment = {
        **_environment(tmp_path),
        "PORT": str(port),
        "GCP_ENDPOINT": f"127.0.0.1:{free_port()}",
        "EMULATOR_ADMIN": f"127.0.0.1:{free_port()}",
    }
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
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
