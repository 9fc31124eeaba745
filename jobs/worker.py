"""Which process this is: its name for leases and for the audit, and the queues that it serves."""

import os
import secrets
import socket

# The kind of the job that ended last, until the next sign of life says so.
last_job = ""
# Queues from which this process may claim; None: from every one.
served: frozenset[str] | None = None


# In containers each process is the first of its own, and host names may be shared.
_PART = secrets.token_hex(3)


def name() -> str:
    """At most 64 characters; no two processes have the same."""
    return f"{socket.gethostname()[:48]}:{os.getpid()}:{_PART}"
