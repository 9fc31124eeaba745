"""The database's time. Every flow goes by it: a machine whose clock is wrong must not decide what is due, over, or when it happened."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """The present instant of the database, whatever this machine's clock says; moves on within a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT clock_timestamp()")
            instant: datetime = cursor.fetchone()[0]
            return instant.astimezone(UTC)
        cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
        return datetime.strptime(cursor.fetchone()[0], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
