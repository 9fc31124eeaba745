"""Typed readers of environment variables, so that settings.py is one flat list of names and defaults."""

import os
import urllib.parse
from pathlib import Path
from typing import Any


class BadSetting(SystemExit):
    """A variable is missing or cannot be read; the process stops with a sentence instead of a traceback."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"countersign: {sentence}")


def text(name: str, default: str | None = None) -> str:
    """Reads NAME, or the file that NAME_FILE names (for secrets mounted as files)."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise BadSetting(f"{name} is not set. See .env.example for what it means.")
    return value


def number(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {value!r}.") from None


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "yes" if default else "no").lower()
    if value not in {"yes", "no", "true", "false", "1", "0"}:
        raise BadSetting(f"{name} must be yes or no, not {value!r}.")
    return value in {"yes", "true", "1"}


def words(name: str, default: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    """Turns ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME`` into a Django database."""
    url = urllib.parse.urlsplit(text(name, default))
    if url.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
            "TEST": {"NAME": f"{url.path}.test"},
        }
    if url.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": urllib.parse.unquote(url.username or ""),
            "PASSWORD": urllib.parse.unquote(url.password or ""),
            "HOST": url.hostname or "",
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise BadSetting(f"{name} must start with sqlite:/// or postgresql://.")
