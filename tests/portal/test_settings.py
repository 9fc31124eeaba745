"""What stops an installation, with the sentence that names it."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from portal import env

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {
    "COUNTERSIGN_ENV": "production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij",
    "ALLOWED_HOSTS": "countersign.example.com",
    "KMS_KEY_RING": "projects/p/locations/global/keyRings/r",
    "DATABASE_URL": "postgresql://u:p@db:5432/countersign?sslmode=verify-full&sslrootcert=/ca.pem",
    "BROKER_URL": "redis://redis:6379/0",
    "EMAIL_HOST": "mail.example.com",
}
PRINTED = (
    "from django.conf import settings as s; d = s.DATABASES['default'];"
    "print(d['OPTIONS'], s.CACHE_URL, s.EMAIL_USE_TLS, s.EMAIL_PORT)"
)


def _start(folder: Path, **changed: str | None) -> subprocess.CompletedProcess[str]:
    values = {**WHOLE, "VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "PYTHONPATH"}}
    told = {**kept, **{k: v for k, v in {**values, **changed}.items() if v is not None}}
    return subprocess.run(
        [sys.executable, "-c", PRINTED],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=told,
        check=False,
    )


def test_production_starts_when_all_is_said(tmp_path: Path) -> None:
    done = _start(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "'sslmode': 'verify-full', 'sslrootcert': '/ca.pem'" in done.stdout
    assert done.stdout.split("}")[1].split() == ["redis://redis:6379/1", "True", "587"]


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "ALLOWED_HOSTS", "KMS_KEY_RING", "DATABASE_URL", "BROKER_URL", "EMAIL_HOST"],
)
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    done = _start(tmp_path, **{name: None})
    assert done.returncode != 0
    assert f"countersign: {name} is not set" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("SECRET_KEY", "a" * 80, "SECRET_KEY is too weak"),
        (
            "GCP_ENDPOINT",
            "10.0.0.9:9411",
            "GCP_ENDPOINT must be empty, or HOST:PORT on this machine",
        ),
        (
            "DATABASE_URL",
            "postgresql://u@db/x?sslmod=require",
            "an option that is not known: sslmod",
        ),
        ("DATABASE_URL", "mysql://u@db/x", "must start with sqlite:/// or postgresql://"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, value: str, words: str) -> None:
    done = _start(tmp_path, **{name: value})
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("redis://h:6379/0", "redis://h:6379/1"),
        ("redis://h:6379", "redis://h:6379/1"),
        ("rediss://u:p@h:6379/4", "rediss://u:p@h:6379/5"),
        ("filesystem://localhost", ""),
    ],
)
def test_the_cache_lies_apart_from_the_broker(url: str, other: str) -> None:
    assert env.other_database(url) == other


def test_the_version_is_known_where_only_the_tree_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = env.installed_version(ROOT)

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert env.installed_version(ROOT) == installed
