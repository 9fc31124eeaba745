"""Certificate Manager's trust-config RPCs and the operations beside them."""

import base64
import re
import time

import grpc
from google.cloud import certificate_manager_v1 as cm
from google.longrunning import operations_pb2
from google.rpc import code_pb2

from emulator import trust_config
from emulator.errors import Refused, invalid
from emulator.faults import Faults
from emulator.operations import Operations
from emulator.quota import Quota
from emulator.store import Document, Store
from emulator.switches import switches
from emulator.trust_config import PREVIOUS, SERVED, TRUST_CONFIG

TRUST_CONFIGS_PER_PROJECT = 5
PAGE_SIZE = 100
POLICY = "server_tls_policy"
_EDITABLE = {"description", "labels", "anchors", "intermediates", "allowlisted"}
_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/trustConfigs/[^/]+")


class CertificateManager:
    """Each method takes and returns the messages of the real service."""

    def __init__(self, store: Store, operations: Operations, quota: Quota, faults: Faults) -> None:
        self._store, self._operations, self._quota, self._faults = store, operations, quota, faults

    def get_trust_config(
        self, request: cm.GetTrustConfigRequest, _context: grpc.ServicerContext
    ) -> cm.TrustConfig:
        self._quota.read(request.name)
        with self._store.lock():
            return trust_config.to_message(
                request.name,
                self._seen("GetTrustConfig", request.name, self._existing(request.name)),
            )

    def list_trust_configs(
        self, request: cm.ListTrustConfigsRequest, _context: grpc.ServicerContext
    ) -> cm.ListTrustConfigsResponse:
        self._quota.read(request.parent)
        with self._store.lock():
            self._operations.settle()
            found = self._store.all(TRUST_CONFIG, f"{request.parent}/trustConfigs/")
        start = _position(request.page_token)
        size = min(request.page_size or PAGE_SIZE, PAGE_SIZE)
        following = (
            base64.urlsafe_b64encode(str(start + size).encode()).decode()
            if start + size < len(found)
            else ""
        )
        page = [
            trust_config.to_message(name, self._seen("ListTrustConfigs", name, body))
            for name, body in found[start : start + size]
        ]
        return cm.ListTrustConfigsResponse(trust_configs=page, next_page_token=following)

    def create_trust_config(
        self, request: cm.CreateTrustConfigRequest, _context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        self._quota.write(request.parent)
        if not re.fullmatch(r"[a-z0-9-]{1,63}", request.trust_config_id):
            raise invalid("trust_config_id", "must match [a-z0-9-]{1,63}")
        name = f"{request.parent}/trustConfigs/{request.trust_config_id}"
        body = trust_config.from_message(request.trust_config)
        with self._store.lock():
            self._operations.settle()
            if self._store.get(TRUST_CONFIG, name) or self._operations.is_running(name):
                raise Refused("ALREADY_EXISTS", f"Resource '{name}' already exists.")
            project = name.split("/")[1]
            if (
                len(self._store.all(TRUST_CONFIG, f"projects/{project}/"))
                >= TRUST_CONFIGS_PER_PROJECT
            ):
                raise Refused(
                    "RESOURCE_EXHAUSTED",
                    f"Quota 'TrustConfigs' exceeded. Limit: {TRUST_CONFIGS_PER_PROJECT}.",
                )
            now = time.time()
            return self._begin(
                "CreateTrustConfig",
                name,
                "create",
                {**body, "create_time": now, "update_time": now},
            )

    def update_trust_config(
        self, request: cm.UpdateTrustConfigRequest, _context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        name = request.trust_config.name
        self._quota.write(name)
        body = trust_config.from_message(request.trust_config)
        with self._store.lock():
            old = self._existing(name)
            if switches.requires_etag and not request.trust_config.etag:
                raise Refused("INVALID_ARGUMENT", "An update must name the etag that it has read.")
            if request.trust_config.etag and request.trust_config.etag != trust_config.etag(old):
                raise Refused(switches.stale_etag_code, "Etag does not match the current resource.")
            if self._operations.is_running(name) and not switches.queues_updates:
                raise Refused("ABORTED", "Another operation is running on the resource.")
            new = trust_config.merged(old, body, list(request.update_mask.paths))
            trust_config.check(new)
            return self._begin(
                "UpdateTrustConfig", name, "update", new, etag=request.trust_config.etag
            )

    def delete_trust_config(
        self, request: cm.DeleteTrustConfigRequest, _context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        self._quota.write(request.name)
        with self._store.lock():
            old = self._existing(request.name)
            if request.etag and request.etag != trust_config.etag(old):
                raise Refused("ABORTED", "Etag does not match the current resource.")
            if users := [
                policy
                for policy, body in self._store.all(POLICY)
                if body["trust_config"] == request.name
            ]:
                raise Refused(
                    "FAILED_PRECONDITION",
                    f"The resource is still referenced by {', '.join(users)}.",
                )
            return self._begin("DeleteTrustConfig", request.name, "delete", None)

    def get_operation(
        self, request: operations_pb2.GetOperationRequest, _context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        self._quota.read(request.name)
        with self._store.lock():
            return self._operations.get(request.name)

    def list_operations(
        self, request: operations_pb2.ListOperationsRequest, _context: grpc.ServicerContext
    ) -> operations_pb2.ListOperationsResponse:
        self._quota.read(request.name)
        with self._store.lock():
            return operations_pb2.ListOperationsResponse(
                operations=self._operations.list(request.name)
            )

    def edit_out_of_band(self, name: str, edit: Document) -> None:
        """What a person with gcloud does: at once, without etag. Also makes trust configs that do not exist.

        :raises Refused: as the RPC would.
        """
        if not _NAME.fullmatch(name) or not set(edit) <= _EDITABLE:
            raise invalid(
                "name",
                f"must be projects/*/locations/*/trustConfigs/*, with only {', '.join(sorted(_EDITABLE))}",
            )
        with self._store.lock():
            self._operations.settle()
            now = time.time()
            empty = {
                "description": "",
                "labels": {},
                "anchors": [],
                "intermediates": [],
                "allowlisted": [],
                "create_time": now,
            }
            body = {
                **empty,
                **(self._store.get(TRUST_CONFIG, name) or {}),
                **edit,
                "update_time": now,
            }
            trust_config.check(body)
            trust_config.put(
                self._store, name, body, propagation_seconds=self._operations.propagation_seconds
            )

    def delete_out_of_band(self, name: str) -> None:
        with self._store.lock():
            self._existing(name)
            for kind in (TRUST_CONFIG, PREVIOUS, SERVED):
                self._store.delete(kind, name)

    def names(self) -> list[str]:
        with self._store.lock():
            self._operations.settle()
            return [name for name, _body in self._store.all(TRUST_CONFIG)]

    def look(self, name: str) -> Document:
        with self._store.lock():
            body = self._existing(name)
            return {**body, "etag": trust_config.etag(body)}

    def _begin(
        self, rpc: str, name: str, verb: str, resource: Document | None, *, etag: str = ""
    ) -> operations_pb2.Operation:
        """An operation that takes its time, or ends as a fault on order says."""
        slow, failing = (
            self._faults.of_the_answer("operation_delay", rpc, name),
            self._faults.of_the_answer("operation_error", rpc, name),
        )
        error = (
            {"code": code_pb2.Code.Value(failing.code), "message": failing.message}
            if failing
            else None
        )
        return self._operations.begin(
            parent=_parent(name),
            target=name,
            verb=verb,
            resource=resource,
            error=error,
            seconds=slow.seconds if slow else None,
            etag=etag,
        )

    def _seen(self, rpc: str, name: str, body: Document) -> Document:
        """What a read sees: the resource, or by a fault on order what it was before the last write."""
        is_stale = self._faults.of_the_answer("stale", rpc, name)
        return (self._store.get(PREVIOUS, name) or body) if is_stale else body

    def _existing(self, name: str) -> Document:
        if not _NAME.fullmatch(name):
            raise invalid("name", "must be projects/*/locations/*/trustConfigs/*")
        self._operations.settle()
        body = self._store.get(TRUST_CONFIG, name)
        if body is None:
            raise Refused("NOT_FOUND", f"Resource '{name}' was not found.")
        return body


def _parent(name: str) -> str:
    return name.rsplit("/trustConfigs/", 1)[0]


def _position(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise invalid("page_token", "not a page token of this list") from None
