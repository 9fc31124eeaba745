"""Faults on order: before or after the effect of a named call; and a record of all calls."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import grpc

from emulator.errors import Refused

HANG_SECONDS = 600.0
# error, delay, hang and drop meet the call itself. stale answers what was there before the last write; operation_error
# and operation_delay let the call succeed and change how its long-running operation goes.
KINDS = frozenset({"error", "delay", "hang", "drop", "stale", "operation_error", "operation_delay"})
_OF_THE_ANSWER = frozenset({"stale", "operation_error", "operation_delay"})


@dataclass
class Fault:
    """``rpc`` is the method's name; ``skip`` calls pass first, then ``times`` calls meet the fault."""

    rpc: str
    when: str = "before"  # before | after the effect
    kind: str = "error"
    code: str = "UNAVAILABLE"
    message: str = "injected fault"
    seconds: float = 0.0
    skip: int = 0
    times: int = 1
    project: str = ""
    field: str = ""  # named in the BadRequest of an error
    reason: str = ""  # of the ErrorInfo of an error
    entry: str = (
        ""  # only calls whose trust config holds the certificate with this SHA-256 fingerprint
    )

    def __post_init__(self) -> None:
        if self.when not in {"before", "after"} or self.kind not in KINDS:
            raise ValueError(f"a fault is before or after, and one of {', '.join(sorted(KINDS))}")


class Faults:
    """``on_drop`` cuts every connection; the server sets it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[dict[str, Any]] = []
        self.on_drop: Callable[[], None] = lambda: None

    def add(self, fault: Fault) -> None:
        with self._guard:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._guard:
            self._faults.clear()

    def waiting(self) -> list[dict[str, Any]]:
        with self._guard:
            return [asdict(fault) for fault in self._faults]

    def note(self, rpc: str, resource: str, detail: str) -> None:
        with self._guard:
            self._calls.append(
                {"rpc": rpc, "resource": resource, "detail": detail, "at": time.time()}
            )

    def calls(self) -> list[dict[str, Any]]:
        with self._guard:
            return list(self._calls)

    def clear_calls(self) -> None:
        with self._guard:
            self._calls.clear()

    def meet(
        self,
        rpc: str,
        when: str,
        resource: str,
        context: grpc.ServicerContext,
        fingerprints: Callable[[], set[str]] = set,
    ) -> None:
        """:raises Refused: when an error was ordered for this call."""
        fault = self._take(
            lambda fault: (
                (fault.rpc, fault.when) == (rpc, when) and fault.kind not in _OF_THE_ANSWER
            ),
            resource,
            fingerprints,
        )
        if fault is None:
            return
        if fault.kind == "error":
            raise Refused(
                fault.code,
                fault.message,
                [(fault.field, fault.message)] if fault.field else [],
                reason=fault.reason,
            )
        if fault.kind == "drop":
            self.on_drop()
        until = time.monotonic() + (fault.seconds if fault.kind == "delay" else HANG_SECONDS)
        while time.monotonic() < until and context.is_active():
            time.sleep(0.02)
        if fault.kind != "delay" and when == "before":
            raise Refused("CANCELLED", "the caller went away before the call took effect")

    def of_the_answer(self, kind: str, rpc: str, resource: str) -> Fault | None:
        """A fault that lets the call succeed and changes what it answers."""
        return self._take(lambda fault: (fault.kind, fault.rpc) == (kind, rpc), resource, set)

    def _take(
        self, is_meant: Callable[[Fault], bool], resource: str, fingerprints: Callable[[], set[str]]
    ) -> Fault | None:
        with self._guard:
            for fault in self._faults:
                if not is_meant(fault) or not resource.startswith(f"projects/{fault.project}"):
                    continue
                if fault.entry and fault.entry not in fingerprints():
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None
