"""Typed readers of environment variables, so that settings.py is one flat list of names and defaults."""

import os
import re
import tomllib
import urllib.parse
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

SECRET_LENGTH, SECRET_VARIETY = 50, 12
TOKEN_LENGTH = 24
# Words of secrets that stand in public files.
NO_SECRETS = ("insecure", "only-for-", "changeme", "change-me", "example")
LAST_REDIS_DATABASE = 15
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


def number(name: str, default: int, *, least: int = 0) -> int:
    """:raises BadSetting: for what is no whole number, or less than ``least``."""
    value = os.environ.get(name, str(default))
    try:
        found = int(value)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {value!r}.") from None
    if found < least:
        raise BadSetting(f"{name} must be {least} or more, not {found}.")
    return found


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


def slug(name: str, default: str) -> str:
    """:raises BadSetting: for what is not a short name of small letters, digits and hyphens."""
    found = os.environ.get(name) or default
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", found):
        raise BadSetting(
            f"{name} must be up to 40 small letters, digits and hyphens, not {found!r}."
        )
    return found


def slug_of(text: str) -> str:
    """What names a database, as a slug: its last 40 letters and digits."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[-40:].strip("-") or "countersign"


def require_strong(name: str, value: str, *, length: int = SECRET_LENGTH) -> None:
    """:raises BadSetting: for a secret that can be guessed, or that stands in a public file."""
    is_weak = len(value) < length or len(set(value)) < SECRET_VARIETY
    if is_weak or any(word in value.lower() for word in NO_SECRETS):
        raise BadSetting(
            f"{name} is too weak: {length} random characters or more, such as openssl rand -hex 32 makes."
        )


def require_hosts(name: str, hosts: list[str]) -> None:
    """:raises BadSetting: for what is not a host's name: links in mails name whatever host was asked for."""
    for host in hosts:
        if not re.fullmatch(r"[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]", host) or host.startswith("."):
            raise BadSetting(
                f"{name} must name each host in full, such as countersign.example.com, not {host!r}."
            )


def require_postgresql(name: str, database: dict[str, Any]) -> None:
    """:raises BadSetting: for a database that several machines cannot share."""
    if not database["ENGINE"].endswith("postgresql"):
        raise BadSetting(f"{name} must start with postgresql:// in production.")


def require_redis(name: str, url: str) -> None:
    """:raises BadSetting: for a broker that several machines cannot share."""
    if not url.startswith(("redis://", "rediss://")):
        raise BadSetting(f"{name} must start with redis:// or rediss:// in production.")


def require_loopback(name: str, value: str) -> None:
    """:raises BadSetting: for an address of another machine."""
    host = value.rsplit(":", 1)[0].strip("[]")
    if value and host not in {"localhost", "127.0.0.1", "::1"}:
        raise BadSetting(f"{name} must be empty, or HOST:PORT on this machine, not {value!r}.")


def refuse_former(names: Mapping[str, str]) -> None:
    """:raises BadSetting: while a setting is set by a name that it has no more: it would be passed over without a word."""
    for before, now in names.items():
        if os.environ.get(before):
            raise BadSetting(f"{before} is called {now} now.")


def redis_address(url: str) -> str:
    """A broker's URL as Redis clients read it: the first of several, and TLS options by their own names."""
    return (
        url.split(";", 1)[0]
        .replace("ssl_cert_reqs=CERT_", "ssl_cert_reqs=")
        .replace("ssl_cert_reqs=REQUIRED", "ssl_cert_reqs=required")
    )


def other_database(url: str) -> str:
    """The database beside that of a broker's Redis URL, so that the cache lies apart; empty where it is none.

    :raises BadSetting: where the URL names no database by number, so that CACHE_URL must be set.
    """
    if not url.startswith(("redis://", "rediss://")):
        return ""
    parts = _split("BROKER_URL", redis_address(url))
    number = parts.path.strip("/") or "0"
    if not number.isdecimal() or int(number) > LAST_REDIS_DATABASE:
        raise BadSetting("CACHE_URL is not set, and BROKER_URL names no database from 0 to 15.")
    other = int(number) + 1 if int(number) < LAST_REDIS_DATABASE else 0
    return parts._replace(path=f"/{other}").geturl()


def require_cache(name: str, url: str) -> None:
    """:raises BadSetting: for an address that no Redis client understands."""
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting(f"{name} must start with redis://, rediss:// or unix://.")


def database(name: str, default: str | None = None) -> dict[str, Any]:
    """Turns ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=…`` into a Django database.

    :raises BadSetting: also for an option that is not known, so that none is dropped without a word.
    """
    url = _split(name, text(name, default))
    options = _options(name, url)
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
        if not url.path.strip("/"):
            raise BadSetting(
                f"{name} names no database: postgresql://USER:PASSWORD@HOST:PORT/NAME."
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": urllib.parse.unquote(url.path.lstrip("/")),
            "USER": urllib.parse.unquote(url.username or ""),
            "PASSWORD": urllib.parse.unquote(url.password or ""),
            "HOST": urllib.parse.unquote(url.hostname or ""),  # or a socket's folder
            "PORT": _port(name, url),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    raise BadSetting(f"{name} must start with sqlite:/// or postgresql://.")


def _split(name: str, url: str) -> urllib.parse.SplitResult:
    """Never the words of the error: they may be a part of the password."""
    try:
        parts = urllib.parse.urlsplit(url)
        _known = parts.hostname
    except ValueError:
        raise BadSetting(
            f"{name} cannot be read; @ [ ] # ? / in the password are written %40 %5B %5D %23 %3F %2F."
        ) from None
    return parts


def _options(name: str, url: urllib.parse.SplitResult) -> dict[str, str]:
    pairs = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
    options = dict(pairs)
    if url.fragment or len(options) < len(pairs) or not all(options.values()):
        raise BadSetting(
            f"{name} cannot be read: each option once, with a value, and # ? / in the password as %23 %3F %2F."
        )
    return options


def _port(name: str, url: urllib.parse.SplitResult) -> str:
    """Never the words of the error: they may be a part of the password."""
    try:
        return str(url.port or "")
    except ValueError:
        raise BadSetting(
            f"{name} has a port that is no number; # ? / in the password are written %23 %3F %2F."
        ) from None
