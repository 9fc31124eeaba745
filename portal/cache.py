"""The shared cache: it counts sign-in attempts over all web processes, and nothing in it can run.

While Redis is away the database counts, over all web processes as before, and a request waits for Redis half
a second at most.
"""

import logging
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

from portal.signed_json import MISS, SignedJson

logger = logging.getLogger(__name__)

_AWAY_SECONDS = 5.0
_away_until = [0.0]  # one cell for all caches of this process


class SharedCache(RedisCache):
    """Redis, or a table of the database while Redis does not answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {**params.get("OPTIONS", {}), "serializer": SignedJson}
        super().__init__(server, {**params, "OPTIONS": options})
        self._params = params

    @property
    def is_away(self) -> bool:
        return time.monotonic() < _away_until[0]

    # What Django's Redis cache does in one question of its own would pass by what follows.
    get_many, set_many, delete_many = BaseCache.get_many, BaseCache.set_many, BaseCache.delete_many
    incr = BaseCache.incr

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """What was put there under this very key; anything else is a miss."""
        found = self._ask("get", key, MISS, version=version)
        is_ours = isinstance(found, list) and len(found) == 2
        return found[1] if is_ours and found[0] == self._name(key, version) else default

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._ask("set", key, [self._name(key, version), value], timeout, version=version)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        named = [self._name(key, version), value]
        return bool(self._ask("add", key, named, timeout, version=version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("touch", key, timeout, version=version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._ask("delete", key, version=version))

    def _name(self, key: Any, version: int | None) -> str:
        """A value is bound to its key, so that one that was copied elsewhere says nothing there."""
        return str(self.make_key(key, version))

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self.get(key, MISS, version) is not MISS

    def clear(self) -> None:
        self._ask("clear")

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if not self.is_away:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                if str(error).startswith("WRONGTYPE"):  # another type lies under this key: a miss
                    logger.warning("the shared cache holds what is not ours")
                    return None
                _away_until[0] = time.monotonic() + _AWAY_SECONDS
                logger.warning("the shared cache does not answer (%s)", type(error).__name__)
        from portal.kept import TableCache  # models are loaded after caches

        return getattr(TableCache({**self._params, "OPTIONS": {}}), name)(*args, **kwargs)
