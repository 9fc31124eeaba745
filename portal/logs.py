"""How the portal logs: a line for each thing that happened, with the id of the request that asked for it.

In production a line is one JSON object. No line carries a certificate, a key, a form or a link that signs somebody in.
"""

import logging
import re
import time
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from web.client import address_of

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
# Old sign-in links, and the links of allauth to set a password anew.
_SECRET_PATH = re.compile(r"(/sign-in/|/accounts/password/reset/key/)[^/\s\"']+")
# In one line, or in lines as PEM has them.
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{200,}|(?:[A-Za-z0-9+/=]{60,}\s+){2,}[A-Za-z0-9+/=]*")
# Where PostgreSQL quotes the row or the statement that it refuses.
_QUOTED_BY_DATABASE = re.compile(r"^(DETAIL|LINE \d+):.*", re.MULTILINE)


def without_bodies(text: str) -> str:
    text = _QUOTED_BY_DATABASE.sub(r"\1: [cut]", _PEM.sub("[PEM cut]", text))
    return _SECRET_PATH.sub(r"\1[cut]", _LONG_BASE64.sub("[cut]", text))


def cut_bodies(_logger: object, _method: str, line: EventDict) -> EventDict:
    """For when somebody forgets that nobody logs a body: what looks like one is cut out, in tracebacks too."""
    return {
        name: value
        if value is None or isinstance(value, int | float)
        else without_bodies(str(value))
        for name, value in line.items()
    }


_EVERY_LINE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def formatter(*, as_json: bool) -> logging.Formatter:
    """The last step for every line, also for those of libraries that know nothing of structlog."""
    drawn: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    last: list[Processor] = [ProcessorFormatter.remove_processors_meta, cut_bodies, drawn]
    return ProcessorFormatter(foreign_pre_chain=_EVERY_LINE, processors=last)


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """What ``logging.config.dictConfig`` wants; sets structlog up besides."""
    structlog.configure(
        processors=[*_EVERY_LINE, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "portal.logs.formatter", "as_json": as_json}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"handlers": [], "propagate": True},
            "django": {"handlers": [], "propagate": True},
            "django.request": {"level": "CRITICAL"},  # its lines say the same as django-structlog's
        },
    }


def add_what_an_access_log_has(*, request: Any, log_kwargs: dict[str, Any], **_: object) -> None:
    """Who asked, to the line that django-structlog writes when a request has ended. It asks no database."""
    person = getattr(request, "_cached_user", None)  # set once somebody has asked for it
    log_kwargs["request"] = f"{request.method} {request.path}"  # people search in queries
    log_kwargs["ip"] = address_of(request)
    log_kwargs["user_id"] = getattr(person, "pk", None)
    log_kwargs["seconds"] = round(time.monotonic() - request.began, 3)
