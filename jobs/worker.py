"""Which process this is: its name for leases and for the audit, and the queues that it serves."""

import os
import socket

# The kind of the job that ended last, until the next sign of life says so.
last_job = ""
# Queues from which this process may claim; None: from every one.
served: frozenset[str] | None = None


def name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:64]
