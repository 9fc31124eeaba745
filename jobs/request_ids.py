"""The id of the request that is answered now, or that asked for the job that runs now: logs, jobs and the audit tell it."""

from contextlib import AbstractContextManager

from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars

_NAME = "request_id"


def current() -> str:
    """Empty where nobody asked: what the clock starts."""
    return str(get_contextvars().get(_NAME, ""))


def begin(identifier: str) -> None:
    """Until the request's context ends."""
    bind_contextvars(**{_NAME: identifier})


def during(identifier: str) -> AbstractContextManager[None]:
    """While one job runs."""
    return bound_contextvars(**{_NAME: identifier})
