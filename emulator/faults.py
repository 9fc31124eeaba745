"""Faults on order: before or after the effect of a named call, an error, a delay or a hang; and a record of all calls."""

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

import grpc

from emulator.errors import Refused

HANG_SECONDS = 600.0


@dataclass
class Fault:
    """``rpc`` is the method's name; ``skip`` calls pass first, then ``times`` calls meet the fault."""

    rpc: str
    when: str = "before"  # before | after the effect
    kind: str = "error"  # error | delay | hang
    code: str = "UNAVAILABLE"
    message: str = "injected fault"
    seconds: float = 0.0
    skip: int = 0
    times: int = 1
    project: str = ""
    field: str = ""  # named in the BadRequest of an error

    def __post_init__(self) -> None:
        if self.when not in {"before", "after"} or self.kind not in {"error", "delay", "hang"}:
            raise ValueError("a fault is before or after, and an error, a delay or a hang")


class Faults:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[dict[str, Any]] = []

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
            self._calls.append({"rpc": rpc, "resource": resource, "detail": detail, "at": time.time()})

    def calls(self) -> list[dict[str, Any]]:
        with self._guard:
            return list(self._calls)

    def clear_calls(self) -> None:
        with self._guard:
            self._calls.clear()

    def meet(self, rpc: str, when: str, resource: str, context: grpc.ServicerContext) -> None:
        """:raises Refused: when an error was ordered for this call."""
        fault = self._take(rpc, when, resource)
        if fault is None:
            return
        if fault.kind == "error":
            raise Refused(fault.code, fault.message, [(fault.field, fault.message)] if fault.field else [])
        until = time.monotonic() + (HANG_SECONDS if fault.kind == "hang" else fault.seconds)
        while time.monotonic() < until and context.is_active():
            time.sleep(0.02)
        if fault.kind == "hang" and when == "before":
            raise Refused("CANCELLED", "the caller went away before the call took effect")

    def _take(self, rpc: str, when: str, resource: str) -> Fault | None:
        with self._guard:
            for fault in self._faults:
                if fault.rpc != rpc or fault.when != when or not resource.startswith(f"projects/{fault.project}"):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None
