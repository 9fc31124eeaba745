"""Two installations on one Redis."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from portal import env

ROOT = Path(__file__).resolve().parents[2]
_RING = "from jobs.queue import ring; ring(7, 'portal')"
_TAKE = """
from portal.celery import app
with app.connection() as connection:
    queue = connection.SimpleQueue("portal")
    try:
        print(queue.get(block=True, timeout=0.5).payload[0])
    except queue.Empty:
        print("nothing")
"""
_COUNT = "from django.core.cache import cache; cache.set('limit', 1, 60)"


def _do(code: str, folder: Path, redis_url: str, database: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env={
            **environment,
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "BROKER_URL": redis_url,
            "DATABASE_URL": f"postgresql://nobody@127.0.0.1:1/{database}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.postgresql
def test_two_installations_on_one_redis_take_nothing_from_each_other(
    tmp_path: Path, broker: str
) -> None:
    if not broker.startswith("redis"):
        pytest.skip("needs Redis: TEST_REDIS_URL")
    store = redis.Redis.from_url(broker)
    store.flushdb()
    _do(_RING, tmp_path, broker, "first")
    _do(_COUNT, tmp_path, broker, "first")
    assert _do(_TAKE, tmp_path, broker, "second") == "nothing"
    assert _do(_TAKE, tmp_path, broker, "first") == "[7]"
    with redis.Redis.from_url(env.other_database(broker)) as cache:
        kept = [*store.scan_iter("*"), *cache.scan_iter("*limit")]
    assert len(kept) > 1
    assert {key.partition(b":")[0] for key in kept} <= {b"first", b"second"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("countersign", "countersign"),
        ("Portal_Prod", "portal-prod"),
        ("/work/var/db.sqlite3", "work-var-db-sqlite3"),
        ("門", "countersign"),
        ("x" * 80, "x" * 40),
    ],
)
def test_an_installation_is_named_after_its_database(name: str, slug: str) -> None:
    assert env.slug_of(name) == slug
    assert env.slug("NOT_SET_ANYWHERE", slug) == slug


@pytest.mark.parametrize("bad", ["With Space", "UPPER", "-begins", "x" * 41, "a:b"])
def test_a_name_that_is_no_slug_is_refused(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("INSTALLATION", bad)
    with pytest.raises(env.BadSetting, match="INSTALLATION must be up to 40 small letters"):
        env.slug("INSTALLATION", "countersign")
