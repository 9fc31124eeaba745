"""Which worker this is, for leases and for the audit."""

import os
import socket


def name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:64]
