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
        ("DATABASE_URL", "sqlite:////var/db", "must start with postgresql:// in production"),
        ("DATABASE_URL", "postgresql://u@db/x?sslmode", "each option once, with a value"),
        ("DATABASE_URL", "postgresql://u@db/x?sslmode=", "each option once, with a value"),
        (
            "DATABASE_URL",
            "postgresql://u@db/x?sslmode=require&sslmode=disable",
            "each option once, with a value",
        ),
        ("DATABASE_URL", "postgresql://u@db/x?sslmode=require#x", "each option once"),
        ("DATABASE_URL", "postgresql://u:se/cret@db/x", "has a port that is no number"),
        ("DATABASE_URL", "postgresql://u:p@h", "DATABASE_URL names no database"),
        ("DATABASE_URL", "postgresql://u:[s3cret]@h/db", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgresql://u:p\uff20s3cret@h/db", "DATABASE_URL cannot be read"),
        ("BROKER_URL", "redis://:[s3cret]@h/0", "BROKER_URL cannot be read"),
        ("GATE_ENDPOINTS", "lb:443", "GATE_ENDPOINTS is called PROBE_ENDPOINTS now"),
        ("SECRET_KEY", "1234567890" * 5, "SECRET_KEY is too weak"),
        ("SECRET_KEY", "django-insecure-" + "0123456789abcdefghijklmnopqrstuv" * 2, "too weak"),
        (
            "SECRET_KEY",
            "only-for-collecting-static-files-0123456789-abcdefghijklmnop",
            "SECRET_KEY is too weak",
        ),
        ("METRICS_TOKEN", "x", "METRICS_TOKEN is too weak"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name each host in full"),
        ("ALLOWED_HOSTS", ".com", "ALLOWED_HOSTS must name each host in full"),
        ("ALLOWED_HOSTS", "https://x.com", "ALLOWED_HOSTS must name each host in full"),
        ("ALLOWED_HOSTS", "a.example.com,*", "ALLOWED_HOSTS must name each host in full"),
        ("BROKER_URL", "memory://", "BROKER_URL must start with redis:// or rediss://"),
        ("BROKER_URL", "filesystem://localhost", "BROKER_URL must start with redis://"),
        ("BROKER_URL", "", "BROKER_URL must start with redis://"),
        ("CACHE_URL", "http://x", "CACHE_URL must start with redis://"),
        ("TRUSTED_PROXY_COUNT", "-1", "TRUSTED_PROXY_COUNT must be 0 or more"),
        ("TRUSTED_PROXY_COUNT", "two", "TRUSTED_PROXY_COUNT must be a whole number"),
        ("JOB_LEASE_SECONDS", "1", "JOB_LEASE_SECONDS must be 4 or more"),
        ("LEASE_SECONDS", "20", "LEASE_SECONDS must be 31 or more"),
        ("SWEEP_SECONDS", "0", "SWEEP_SECONDS must be 1 or more"),
        ("READS_PER_MINUTE", "0", "READS_PER_MINUTE must be 1 or more"),
        ("SIGN_IN_LINK_MINUTES", "-5", "SIGN_IN_LINK_MINUTES must be 1 or more"),
        ("APPROVAL_DAYS", "0", "APPROVAL_DAYS must be 1 or more"),
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
        ("redis://h:6379/15", "redis://h:6379/0"),
        ("redis://h:6379/0?socket_keepalive=1", "redis://h:6379/1?socket_keepalive=1"),
        (
            "rediss://h:6379/0?ssl_cert_reqs=CERT_REQUIRED",
            "rediss://h:6379/1?ssl_cert_reqs=required",
        ),
        ("redis://a:6379/2;redis://b:6379/2", "redis://a:6379/3"),
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


@pytest.mark.parametrize("url", ["redis://h:6379/16", "redis://h:6379/jobs"])
def test_a_broker_without_a_numbered_database_needs_a_cache_of_its_own(url: str) -> None:
    with pytest.raises(env.BadSetting, match="CACHE_URL is not set"):
        env.other_database(url)


@pytest.mark.parametrize("secret", ["s3cret/x", "[s3cret]", "x\uff20s3cret", "s3cret]"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "BROKER_URL"])
def test_a_part_of_the_password_stands_in_no_error(tmp_path: Path, name: str, secret: str) -> None:
    scheme = "postgresql" if name == "DATABASE_URL" else "redis"
    done = _start(tmp_path, **{name: f"{scheme}://u:{secret}@db:1/0"})
    assert done.returncode != 0
    assert "s3cret" not in done.stderr + done.stdout


def test_a_socket_and_percent_signs_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p%40%2F%23@%2Fvar%2Frun%2Fpostgresql/d%62")
    found = env.database("DATABASE_URL")
    assert (found["HOST"], found["NAME"]) == ("/var/run/postgresql", "db")
    assert found["PASSWORD"] == "p@/#"
