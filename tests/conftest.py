"""Fixtures. Flows and adapters run against the real emulator in this process; there are no fakes beside it."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from time_machine import escape_hatch

from emulator import server
from emulator.switches import switches
from jobs import clock
from tests import common_world, guard, stack
from tests import world as worlds


def pytest_configure(config: pytest.Config) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI everything is there, so a skipped test is a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends, and names, what a process or thread of a test has left open: PostgreSQL would not drop the database."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pid, state, query, pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                for pid, state, query, _ended in cursor.fetchall():
                    print(f"left open by a test: {pid} {state} {query[:200]}", file=sys.stderr)


@pytest.fixture(scope="session")
def _emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    running = server.start(
        tmp_path_factory.mktemp("emulator") / "state.sqlite3",
        operation_seconds=0,
        requests_per_minute=1_000_000,
    )
    yield running
    running.stop()


@pytest.fixture
def emulator(_emulator: Any) -> Iterator[Any]:
    """The emulator, empty, without faults, with operations that are done at once."""
    _emulator.faults.clear()
    _emulator.faults.clear_calls()
    _emulator.permissions.clear()
    switches.reset()
    switches.requires_etag = True  # so that no write of ours goes unguarded, anywhere
    _emulator.operations.seconds = _emulator.operations.propagation_seconds = 0
    with _emulator.store.lock():
        _emulator.store.forget_all()
    yield _emulator
    switches.reset()


def _build(emulator: Any, settings: Any) -> worlds.World:
    from certs.vault import opening

    settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
    settings.PROPAGATION_SECONDS = 0
    settings.POLL_SECONDS = 0
    settings.READS_PER_MINUTE = settings.WRITES_PER_MINUTE = 600_000
    opening._cache.clear()
    return common_world.build(emulator)


@pytest.fixture(autouse=True)
def _the_databases_clock_travels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows go by the database's time; only while a test travels in this process's time does that count."""
    of_the_database = clock.now
    monkeypatch.setattr(
        clock,
        "now",
        lambda: timezone.now() if escape_hatch.is_travelling() else of_the_database(),
    )


@pytest.fixture
def world(db: None, emulator: Any, settings: Any) -> worlds.World:
    return _build(emulator, settings)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """A database that other processes and threads see; the audit's guard is lifted for its flush only."""
    guard.guard()
    yield
    guard.lift()


@pytest.fixture
def committed_world(committed: None, emulator: Any, settings: Any) -> worlds.World:
    return _build(emulator, settings)


@pytest.fixture
def broker(tmp_path: Path) -> str:
    """Redis where CI names one, else the embedded broker: a folder."""
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        return "filesystem://localhost"
    base, _, number = url.rpartition(
        "/"
    )  # each process of the test run has a Redis database of its own
    return f"{base}/{int(number) + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))}"


@pytest.fixture
def processes(committed_world: worlds.World, tmp_path: Path, broker: str) -> Iterator[stack.Stack]:
    """A worker and beat at work on the test's database."""
    if broker.startswith("redis"):
        import redis

        redis.Redis.from_url(broker).flushdb()
    running = stack.Stack(tmp_path / "var", committed_world.emulator, broker)
    running.start_worker()
    running.start_beat()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = (
        os.environ.get("TEST_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if path is None:
        pytest.skip("no Chromium on this machine")
    pytest.importorskip("playwright", reason="Playwright is not installed")
    return path
