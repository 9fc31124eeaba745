"""Log filters: every line carries its request id, and none carries a certificate, a key or a form."""

import logging
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
# Old sign-in links, and the links of allauth to set a password anew.
_SECRET_PATH = re.compile(r"(/sign-in/|/accounts/password/reset/key/)[^/\s\"']+")
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{200,}")


class RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class NoBodies(logging.Filter):
    """For when somebody forgets that nobody logs a body: what looks like one is cut out, in tracebacks too."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_bodies(record.exc_text)
        record.msg, record.args = without_bodies(message), ()
        return True


def without_bodies(text: str) -> str:
    return _SECRET_PATH.sub(r"\1[cut]", _LONG_BASE64.sub("[cut]", _PEM.sub("[PEM cut]", text)))
