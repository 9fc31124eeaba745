"""Typed readers of environment variables, so that settings.py is one flat list of names and defaults."""

import os
import tomllib
import urllib.parse
from importlib import metadata
from pathlib import Path
from typing import Any

SECRET_LENGTH, SECRET_VARIETY = 50, 10
_POSTGRESQL_OPTIONS = frozenset(
    {
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslcrl",
        "channel_binding",
        "connect_timeout",
        "application_name",
        "target_session_attrs",
    }
)


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


def installed_version(folder: Path) -> str:
    """Of the installed package or, where only the tree is there as in the image, of its pyproject.toml."""
    try:
        return metadata.version("countersign")
    except metadata.PackageNotFoundError:
        text_of_it = (folder / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text_of_it)["project"]["version"])


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


def words(name: str, default: str | None = None) -> list[str]:
    """:raises BadSetting: without a default, when none is set."""
    found = [word.strip() for word in os.environ.get(name, default or "").split(",")]
    found = [word for word in found if word]
    if not found and default is None:
        raise BadSetting(f"{name} is not set. See .env.example for what it means.")
    return found


def require_strong(name: str, value: str) -> None:
    """:raises BadSetting: for a secret that can be guessed."""
    if len(value) < SECRET_LENGTH or len(set(value)) < SECRET_VARIETY:
        raise BadSetting(
            f"{name} is too weak: {SECRET_LENGTH} random characters or more, such as openssl rand -hex 32 makes."
        )


def require_loopback(name: str, value: str) -> None:
    """:raises BadSetting: for an address of another machine."""
    host = value.rsplit(":", 1)[0].strip("[]")
    if value and host not in {"localhost", "127.0.0.1", "::1"}:
        raise BadSetting(f"{name} must be empty, or HOST:PORT on this machine, not {value!r}.")


def other_database(url: str) -> str:
    """The database after that of a Redis URL, so that the cache lies apart; empty where it is none."""
    if not url.startswith("redis"):
        return ""
    base, _slash, number = url.rpartition("/")
    if not number.isdecimal() or "//" not in base:
        return f"{url.rstrip('/')}/1"
    return f"{base}/{int(number) + 1}"


def database(name: str, default: str | None = None) -> dict[str, Any]:
    """Turns ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=…`` into a Django database.

    :raises BadSetting: also for an option that is not known, so that none is dropped without a word.
    """
    url = urllib.parse.urlsplit(text(name, default))
    options = dict(urllib.parse.parse_qsl(url.query))
    known = _POSTGRESQL_OPTIONS if url.scheme.startswith("postgres") else frozenset()
    if unknown := sorted(options.keys() - known):
        raise BadSetting(f"{name} has an option that is not known: {', '.join(unknown)}.")
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
            "OPTIONS": options,
        }
    raise BadSetting(f"{name} must start with sqlite:/// or postgresql://.")
