"""The trigger that refuses change of audit rows breaks the flush of transactional tests: it is lifted for that moment only."""

from importlib import import_module

from django.db import connection

_migration = import_module("audit.migrations.0002_insert_only")


def is_guarded() -> bool:
    query = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_auditevent%'",
        "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_auditevent_insert_only'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return bool(cursor.fetchone()[0])


def guard() -> None:
    if not is_guarded():
        with connection.schema_editor() as editor:
            _migration.guard(None, editor)


def lift() -> None:
    if is_guarded():
        with connection.schema_editor() as editor:
            _migration.lift(None, editor)
