"""Requests per minute and project, reads and writes apart (Certificate Manager quotas)."""

import threading
import time
from collections import defaultdict, deque

from emulator.errors import Refused


class Quota:
    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._guard = threading.Lock()
        self._seen: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def read(self, resource: str) -> None:
        self._count("read", resource)

    def write(self, resource: str) -> None:
        self._count("write", resource)

    def _count(self, kind: str, resource: str) -> None:
        """:raises Refused: RESOURCE_EXHAUSTED beyond the quota."""
        project = resource.split("/")[1] if "/" in resource else ""
        now = time.monotonic()
        with self._guard:
            seen = self._seen[kind, project]
            while seen and seen[0] < now - 60:
                seen.popleft()
            if len(seen) >= self.per_minute:
                raise Refused(
                    "RESOURCE_EXHAUSTED",
                    f"Quota exceeded for quota metric '{kind} requests' per minute of project '{project}'.",
                    reason="RATE_LIMIT_EXCEEDED",
                )
            seen.append(now)
