"""The common world, built once in each process by the real flows and then laid again from a copy.

A copy is the rows of our own tables and the emulator's documents, exactly as the flows left them.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from tenants.models import User
from tests import world as worlds

OURS = ("tenants", "certs", "approvals", "audit", "jobs")


@dataclass(frozen=True)
class Copy:
    rows: dict[str, tuple[list[str], list[tuple[Any, ...]]]]
    documents: list[tuple[str, str, str]]


_copy: Copy | None = None


def build(emulator: Any) -> worlds.World:
    """A world of its own for each test, whose database is empty."""
    global _copy  # noqa: PLW0603  (one copy a process)
    if _copy is None:
        world = worlds.build(emulator)
        _copy = Copy({table: _read(table) for table in _tables()}, _documents(emulator))
        return world
    _lay(_copy, emulator)
    users = {user.email.partition("@")[0]: user for user in User.objects.all()}
    return worlds.World(emulator, users)


def _tables() -> list[str]:
    models = [
        model
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    return [model._meta.db_table for model in models]


def _read(table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        return [column[0] for column in cursor.description], cursor.fetchall()


def _lay(copy: Copy, emulator: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, rows) in copy.rows.items():
            if rows:
                names = ", ".join(f'"{name}"' for name in columns)
                marks = ", ".join("%s" for _ in columns)
                insert = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
                cursor.executemany(insert, rows)
    with emulator.store.lock():
        emulator.store._connection.executemany(
            "REPLACE INTO document VALUES (?, ?, ?)", copy.documents
        )


def _documents(emulator: Any) -> list[tuple[str, str, str]]:
    with emulator.store.lock():
        return list(emulator.store._connection.execute("SELECT kind, name, body FROM document"))
