"""Which handler does which kind of job. Apps register theirs in their own tasks.py; Celery's autodiscovery imports them."""

from collections.abc import Callable
from datetime import timedelta

Handler = Callable[[str], None]

_handlers: dict[str, Handler] = {}
_periodic: dict[str, timedelta] = {}


class UnknownKind(LookupError):
    """A job row names a kind that no app of this version registers."""


class TryLater(Exception):
    """A handler raises it to be called again; the sentence is shown as the job's last error."""


def handles(kind: str, *, every: timedelta | None = None) -> Callable[[Handler], Handler]:
    """Registers a handler of one kind; ``every`` makes the sweep ask for it again and again."""

    def register(handler: Handler) -> Handler:
        assert kind not in _handlers, f"two handlers of {kind}"
        _handlers[kind] = handler
        if every is not None:
            _periodic[kind] = every
        return handler

    return register


def handler_of(kind: str) -> Handler:
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> list[str]:
    return sorted(_handlers)


def periodic_kinds() -> dict[str, timedelta]:
    return dict(_periodic)
