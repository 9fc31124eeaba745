"""Nothing in the shared cache can run, and nobody waits for it."""

import json
import pickle
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCacheClient
from django.core.signing import Signer
from redis import OutOfMemoryError, ResponseError

from portal import cache as shared
from portal.cache import SharedCache
from portal.models import KeptEntry
from portal.signed_json import SignedJson


class Boom:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('it ran')",))


class Store:
    """A Redis client that keeps raw bytes."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.is_away = False

    def get(self, key: str) -> bytes | None:
        if self.is_away:
            raise ConnectionError("away")
        return self.rows.get(key)

    def set(self, key: str, value: bytes, **_options: Any) -> None:
        if self.is_away:
            raise ConnectionError("away")
        self.rows[key] = value


@pytest.fixture(autouse=True)
def _not_away() -> Iterator[None]:
    shared._away_until[0] = 0.0
    yield
    shared._away_until[0] = 0.0


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    from django.core.cache.backends.redis import RedisCacheClient

    monkeypatch.setattr(RedisCacheClient, "get_client", lambda *_args, **_kwargs: made)
    return made


@pytest.mark.parametrize(
    "poison",
    [
        pickle.dumps(Boom()),
        pickle.dumps([1.0]),
        b"[1, 2, 3]",
        b"17",
        b"",
        b"\xff\xfe",
        json.dumps({"a": 1}).encode(),
        Signer(salt="another").sign("[]").encode(),
        Signer(key="another-key", salt="countersign.cache").sign("[]").encode(),
    ],
)
def test_what_somebody_else_wrote_is_a_miss(store: Store, poison: bytes) -> None:
    cache = SharedCache("redis://nowhere:1/0", {})
    store.rows[":1:counter"] = poison
    assert cache.get("counter") is None
    assert cache.get("counter", []) == []
    assert not cache.has_key("counter")


def test_what_we_wrote_is_found(store: Store) -> None:
    cache = SharedCache("redis://nowhere:1/0", {})
    store.rows[":1:counter"] = SignedJson().dumps([":1:counter", [1.5, 2.5]])
    assert cache.get("counter") == [1.5, 2.5]
    store.rows[":1:none"] = SignedJson().dumps([":1:none", None])
    assert cache.get("none", 7) is None


def test_while_redis_is_away_the_database_counts_and_redis_is_asked_seldom(
    db: None, store: Store
) -> None:
    cache = SharedCache("redis://nowhere:1/0", {})
    store.is_away = True
    assert cache.get("counter", 0) == 0
    assert cache.is_away
    cache.set("counter", 3)
    assert cache.get("counter") == 3
    store.is_away = False
    assert cache.get("counter") == 3  # asked again after some seconds only
    shared._away_until[0] = time.monotonic()
    assert cache.get("counter") is None


def test_a_redis_that_hangs_costs_less_than_half_a_second(db: None) -> None:
    """Something listens and never answers."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        where = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        options = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}
        cache = SharedCache(where, {"OPTIONS": options})
        began = time.monotonic()
        for _ in range(10):
            cache.get("counter")
        assert cache.is_away
        assert time.monotonic() - began < 1.5  # ten requests; one of them waited


class Strange(Store):
    """A key of ours is of another type there."""

    def get(self, key: str) -> bytes | None:
        raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")


def test_a_value_that_was_copied_under_another_key_is_a_miss(store: Store) -> None:
    cache = SharedCache("redis://nowhere", {})
    signed = SignedJson().dumps([cache.make_key("health"), 1])
    store.rows = {cache.make_key("health"): signed, cache.make_key("limit"): signed}
    assert cache.get("health") == 1
    assert cache.get("limit", "nothing") == "nothing"


@pytest.mark.parametrize("value", [1, "text", {"a": 1}, [1], [1, 2, 3], None])
def test_a_signed_value_without_its_key_is_a_miss(store: Store, value: Any) -> None:
    cache = SharedCache("redis://nowhere", {})
    store.rows[cache.make_key("limit")] = SignedJson().dumps(value)
    assert cache.get("limit", "nothing") == "nothing"


def test_a_key_of_another_type_is_a_miss_and_redis_is_not_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RedisCacheClient, "get_client", lambda *_args, **_kwargs: Strange())
    cache = SharedCache("redis://nowhere", {})
    assert cache.get("limit", "nothing") == "nothing"
    assert not cache.is_away


def test_while_redis_is_away_every_question_is_answered(db: None, store: Store) -> None:
    store.is_away = True
    cache = SharedCache("redis://nowhere", {})
    cache.set("a", [1.5, 2.5])
    assert cache.get_many(["a", "b"]) == {"a": [1.5, 2.5]}
    cache.set_many({"n": 1})
    assert cache.incr("n") == 2
    assert cache.touch("a")
    cache.delete_many(["a", "n"])
    assert cache.get_many(["a", "n"]) == {}


def test_while_redis_is_away_all_processes_count_together(db: None, store: Store) -> None:
    """With a memory of its own each of n processes would allow n times as many attempts."""
    store.is_away = True
    one, another = SharedCache("redis://nowhere", {}), SharedCache("redis://nowhere", {})
    one.set("limit", [1.0])
    assert another.get("limit") == [1.0]
    assert not another.add("limit", [])
    for n in range(100):  # other accounts push nobody out
        another.set(f"n{n}", [1.0])
    assert one.get("limit") == [1.0]


def test_what_is_over_counts_no_more_and_is_forgotten(db: None, store: Store) -> None:
    store.is_away = True
    cache = SharedCache("redis://nowhere", {})
    cache.set("limit", [1.0], timeout=300)
    KeptEntry.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert cache.get("limit") is None
    assert not cache.touch("limit")
    assert cache.add("limit", [2.0])
    assert cache.get("limit") == [2.0]
    cache.set("another", 1, timeout=0)
    cache.set("third", 1)
    assert set(KeptEntry.objects.values_list("key", flat=True)) == {":1:limit", ":1:third"}


def test_a_row_that_somebody_wrote_by_hand_is_a_miss(db: None, store: Store) -> None:
    store.is_away = True
    cache = SharedCache("redis://nowhere", {})
    cache.set("limit", [1.0])
    KeptEntry.objects.create(
        key=":1:copied",
        value=KeptEntry.objects.get(key=":1:limit").value,
        expires_at=datetime(2999, 1, 1, tzinfo=UTC),
    )
    assert cache.get("copied", "nothing") == "nothing"
    KeptEntry.objects.filter(key=":1:limit").update(value="[]")
    assert cache.get("limit", "nothing") == "nothing"


class Full(Store):
    """A Redis that takes no more."""

    def set(self, key: str, value: bytes, **_options: Any) -> None:
        raise OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'.")


def test_a_redis_that_refuses_writes_is_away_and_the_database_counts(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Full()
    monkeypatch.setattr(RedisCacheClient, "get_client", lambda *_args, **_kwargs: full)
    cache = SharedCache("redis://nowhere", {})
    cache.set("limit", [1.0, 2.0])
    assert cache.is_away
    assert cache.get("limit") == [1.0, 2.0]
