"""What a page that only shows reads once, however many of its parts ask for it.

Only within :func:`read_once`, which surrounds requests that change nothing. A flow decides by what the database holds
when it decides, so there nothing is remembered.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

Read = TypeVar("Read", bound=Callable[..., Any])

_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("read_once", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def remembered(read: Read) -> Read:
    """For a function of hashable arguments that reads and changes nothing. Models are hashed by their primary key."""

    @wraps(read)
    def once(*args: Hashable) -> Any:
        known = _known.get()
        if known is None:
            return read(*args)
        key = (read, *args)
        if key not in known:
            known[key] = read(*args)
        return known[key]

    return cast("Read", once)
