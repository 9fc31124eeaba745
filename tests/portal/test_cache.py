"""Nothing in the shared cache can run, and nobody waits for it."""

import json
import pickle
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signing import Signer

from portal import cache as shared
from portal.cache import SharedCache, SignedJson


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
    store.rows[":1:counter"] = SignedJson().dumps([1.5, 2.5])
    assert cache.get("counter") == [1.5, 2.5]
    store.rows[":1:none"] = SignedJson().dumps(None)
    assert cache.get("none", 7) is None


def test_while_redis_is_away_the_process_counts_for_itself_and_asks_it_seldom(store: Store) -> None:
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


def test_a_redis_that_hangs_costs_less_than_half_a_second(settings: Any) -> None:
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
