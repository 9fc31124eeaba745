"""The emulator's memory: JSON documents in one SQLite file, so that it survives ``kill -9`` as the real thing does."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents by kind and name. All access happens inside ``lock()``, one caller at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS document (kind TEXT, name TEXT, body TEXT, PRIMARY KEY (kind, name))"
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One transaction: it commits when the block ends and rolls back when the block raises."""
        with self._guard, self._connection:
            yield

    def get(self, kind: str, name: str) -> Document | None:
        row = self._connection.execute(
            "SELECT body FROM document WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, name: str, body: Document) -> None:
        self._connection.execute(
            "REPLACE INTO document VALUES (?, ?, ?)", (kind, name, json.dumps(body))
        )

    def delete(self, kind: str, name: str) -> None:
        self._connection.execute("DELETE FROM document WHERE kind = ? AND name = ?", (kind, name))

    def all(self, kind: str, prefix: str = "") -> list[tuple[str, Document]]:
        rows = self._connection.execute(
            "SELECT name, body FROM document WHERE kind = ? ORDER BY name", (kind,)
        )
        return [(name, json.loads(body)) for name, body in rows if name.startswith(prefix)]

    def last(self, kind: str, prefix: str, count: int) -> list[tuple[str, Document]]:
        """The last ones by name, from the last on; ``prefix`` has no wildcards of SQL."""
        query = "SELECT name, body FROM document WHERE kind = ? AND substr(name, 1, ?) = ? ORDER BY name DESC LIMIT ?"
        return [
            (name, json.loads(body))
            for name, body in self._connection.execute(query, (kind, len(prefix), prefix, count))
        ]

    def forget_all(self) -> None:
        self._connection.execute("DELETE FROM document")

    def close(self) -> None:
        with self._guard:
            self._connection.close()
