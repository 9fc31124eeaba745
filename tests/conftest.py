"""Fixtures. Flows and adapters run against the real emulator in this process; there are no fakes beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from emulator import server
from tests import world as worlds


@pytest.fixture(scope="session")
def _emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    running = server.start(tmp_path_factory.mktemp("emulator") / "state.sqlite3", operation_seconds=0, requests_per_minute=1_000_000)
    yield running
    running.stop()


@pytest.fixture
def emulator(_emulator: Any) -> Iterator[Any]:
    """The emulator, empty, without faults, with operations that are done at once."""
    _emulator.faults.clear()
    _emulator.faults.clear_calls()
    _emulator.operations.seconds = 0
    with _emulator.store.lock():
        for kind in ("trust_config", "operation", "crypto_key"):
            for name, _body in _emulator.store.all(kind):
                _emulator.store.delete(kind, name)
    yield _emulator


@pytest.fixture
def world(db: None, emulator: Any, settings: Any) -> worlds.World:
    from certs import opening

    settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
    settings.PROPAGATION_SECONDS = 0
    settings.POLL_SECONDS = 0
    opening._cache.clear()
    return worlds.build(emulator)


def pytest_configure(config: pytest.Config) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
