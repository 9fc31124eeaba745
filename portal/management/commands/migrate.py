"""``migrate`` as Django has it, which gives up rather than let everybody queue behind it."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

LOCK_SECONDS = 5


class Command(migrate.Command):
    """On PostgreSQL a change of a table waits for whoever uses it, and all who come later wait behind it.

    See https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options.get("database") or DEFAULT_DB_ALIAS]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"])
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            raise CommandError(
                f"Somebody used a table for longer than {LOCK_SECONDS} s, so that nobody waits behind this. "
                "What was migrated before stays; run it again."
            ) from error
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout TO DEFAULT")
