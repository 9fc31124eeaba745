"""Long-running operations: they take time, are kept on disk, and change the resource only in the moment they are done."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from google.cloud.certificate_manager_v1 import OperationMetadata, TrustConfig
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2
from google.rpc import code_pb2, status_pb2

from emulator import trust_config
from emulator.errors import Refused
from emulator.store import Document, Store
from emulator.switches import switches
from emulator.trust_config import TRUST_CONFIG

OPERATION, RUNNING = "operation", "running_operation"
LISTED = 100


class Operations:
    """Callers hold the store's lock."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self.seconds = seconds
        self.propagation_seconds = 0.0

    def begin(
        self,
        *,
        parent: str,
        target: str,
        verb: str,
        resource: Document | None,
        error: Document | None = None,
        seconds: float | None = None,
        etag: str = "",
    ) -> operations_pb2.Operation:
        """``error`` is how it will end instead of taking effect; ``etag`` is looked at again when it is applied after others."""
        name = f"{parent}/operations/operation-{int(time.time() * 1000)}-{uuid.uuid4().hex[:12]}"
        now = time.time()
        body: Document = {
            "target": target,
            "verb": verb,
            "created": now,
            "due": max([now, *self._due_of(target)])
            + (self.seconds if seconds is None else seconds),
            "etag": etag,
            "done": False,
            "resource": resource,
            "error": error,
        }
        self._store.put(OPERATION, name, body)
        self._store.put(RUNNING, name, {"target": target})
        self.settle()
        return self.message(name, self._store.get(OPERATION, name) or body)

    def settle(self) -> None:
        """Lets what is due take effect, in the order in which it was accepted."""
        now = time.time()
        due = [(name, body) for name, body in self._running() if body["due"] <= now]
        for name, body in sorted(due, key=lambda pair: pair[1]["due"]):
            body.update(done=True, ended=now)
            if not body["error"] and self._is_overtaken(body):
                body["error"] = {
                    "code": code_pb2.ABORTED,
                    "message": "Etag does not match the current resource.",
                }
            if not body["error"]:
                self._apply(body)
            self._store.put(OPERATION, name, body)
            self._store.delete(RUNNING, name)

    def _running(self) -> list[tuple[str, Document]]:
        return [
            (name, self._store.get(OPERATION, name) or {})
            for name, _target in self._store.all(RUNNING)
        ]

    def _apply(self, body: Document) -> None:
        if body["verb"] == "delete":
            self._store.delete(TRUST_CONFIG, body["target"])
        else:
            body["resource"]["update_time"] = time.time()
            trust_config.put(
                self._store,
                body["target"],
                body["resource"],
                propagation_seconds=self.propagation_seconds,
            )

    def _is_overtaken(self, body: Document) -> bool:
        current = self._store.get(TRUST_CONFIG, body["target"])
        return bool(
            switches.rechecks_etag
            and body.get("etag")
            and current
            and body["etag"] != trust_config.etag(current)
        )

    def _due_of(self, target: str) -> list[float]:
        """When the writes of this resource that still run will be done; one that is queued comes after them."""
        return [body["due"] for _name, body in self._running() if body["target"] == target]

    def is_running(self, target: str) -> bool:
        return any(body["target"] == target for _name, body in self._running())

    def get(self, name: str) -> operations_pb2.Operation:
        self.settle()
        body = self._store.get(OPERATION, name)
        if body is None:
            raise Refused("NOT_FOUND", f"Operation {name} was not found.")
        return self.message(name, body)

    def list(self, parent: str) -> list[operations_pb2.Operation]:
        self.settle()
        return [
            self.message(name, body)
            for name, body in self._store.last(OPERATION, f"{parent}/operations/", LISTED)
        ]

    def message(self, name: str, body: dict[str, Any]) -> operations_pb2.Operation:
        metadata = OperationMetadata(
            create_time=datetime.fromtimestamp(body["created"], UTC),
            target=body["target"],
            verb=body["verb"],
            api_version="v1",
        )
        operation = operations_pb2.Operation(name=name, done=body["done"])
        if body["done"]:
            metadata.end_time = datetime.fromtimestamp(body["ended"], UTC)
            if body["error"]:
                operation.error.CopyFrom(status_pb2.Status(**body["error"]))
            elif body["verb"] == "delete":
                operation.response.Pack(empty_pb2.Empty())
            else:
                operation.response.Pack(
                    TrustConfig.pb(trust_config.to_message(body["target"], body["resource"]))
                )
        operation.metadata.Pack(OperationMetadata.pb(metadata))
        return operation
