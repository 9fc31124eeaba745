"""The process that answers requests: gunicorn's threads, held by nobody who sends or reads slowly."""

import contextlib
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker

# Beyond REQUEST_SECONDS, for the view and for whoever reads its answer.
ANSWER_SECONDS = 60
# What a client still sends after its answer is taken for so long, or the end of the answer might not reach it.
LINGER_SECONDS = 2
_CHUNK = 65_536


class WebWorker(ThreadWorker):
    """A request that has not arrived whole after ``REQUEST_SECONDS`` is read no further, an answer that nobody reads is
    given up as soon, and each time the thread is free again.

    A buffering proxy in front does better: it sends whole requests only. This holds without one. gunicorn's own
    timeouts look at a connection's first byte and at processes, not at threads; and it waits for clients that do not
    hang up in the one thread that accepts connections, which here nobody holds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: dict[TConn, float] = {}
        self._leaving: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        self._began[conn] = time.monotonic()
        patience = struct.pack("ll", settings.REQUEST_SECONDS, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        try:
            return super().handle(conn)
        finally:
            self._began.pop(conn, None)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        if not fs.cancelled() and fs.exception() is None and not fs.result():
            self._let_go(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Called each second. Of a request that is here already nothing is cut: its answer is still sent."""
        super().murder_pending()
        now = time.monotonic()
        for conn, began in list(self._began.items()):
            if now - began > settings.REQUEST_SECONDS:
                is_over = now - began > settings.REQUEST_SECONDS + ANSWER_SECONDS
                with contextlib.suppress(OSError):  # it has ended in this moment
                    conn.sock.shutdown(socket.SHUT_RDWR if is_over else socket.SHUT_RD)
        for conn, until in list(self._leaving.items()):
            if now > until:
                self._close(conn)

    def _let_go(self, conn: TConn) -> None:
        """Says that all is sent, and closes when the client has hung up or its time is over; nobody waits for it."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # it is gone already
            self.nr_conns -= 1
            conn.close()
            return
        self._leaving[conn] = time.monotonic() + LINGER_SECONDS

    def _drain(self, conn: TConn, _client: object) -> None:
        try:
            if conn.sock.recv(_CHUNK):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self._leaving.pop(conn)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
