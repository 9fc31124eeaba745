"""A migration that cannot get its lock gives up, so that nobody queues behind it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from portal.management.commands import migrate
from portal.models import KeptEntry

pytestmark = pytest.mark.postgresql


@pytest.fixture
def other(committed: None, settings: Any) -> Iterator[Any]:
    """A second connection, as of a web process in the middle of its work."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    second = connections.create_connection("default")
    second.settings_dict["NAME"] = connection.settings_dict["NAME"]
    yield second
    second.close()


def _lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_it_says_that_somebody_used_the_table_and_can_be_run_again(
    other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
    before = _lock_timeout()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f'LOCK TABLE "{KeptEntry._meta.db_table}" IN ACCESS SHARE MODE')
        with pytest.raises(CommandError, match="Somebody used a table for longer than 1 s"):
            call_command("migrate", "portal", "zero", verbosity=0)
        cursor.execute("ROLLBACK")
    assert _lock_timeout() == before
    call_command("migrate", verbosity=0)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
