"""The process that answers requests: gunicorn's threads, held by nobody who sends slowly."""

import contextlib
import socket
import time
from typing import Any

from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker


class WebWorker(ThreadWorker):
    """A request that has not arrived whole after ``REQUEST_SECONDS`` is read no further, and its thread is free again.

    A buffering proxy in front does better: it sends whole requests only. This holds without one. gunicorn's own
    timeouts look at a connection's first byte and at processes, not at threads that wait for the rest.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrive_by: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        self._arrive_by[conn] = time.monotonic() + settings.REQUEST_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._arrive_by.pop(conn, None)

    def murder_pending(self) -> None:
        """Called each second. Of a request that is here already nothing is cut: its answer is still sent."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self._arrive_by.items()):
            if until < now:
                with contextlib.suppress(OSError):  # it has ended in this moment
                    conn.sock.shutdown(socket.SHUT_RD)
