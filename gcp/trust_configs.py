"""Trust configs of Certificate Manager through the real client: read, replace the whole set, follow operations."""

import grpc
from google.api_core import operations_v1
from google.cloud import certificate_manager_v1 as cm
from google.cloud.certificate_manager_v1.services.certificate_manager.transports import (
    CertificateManagerGrpcTransport,
)
from google.longrunning import operations_pb2
from google.protobuf import field_mask_pb2
from google.rpc import code_pb2

from gcp.calls import mapped
from gcp.interfaces import LiveEntry, LiveTrustConfig, OperationStatus

# A full trust config has 3.6 MB, and lists hold several: the default of 4 MB would break them.
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_MASK = field_mask_pb2.FieldMask(paths=["trust_stores", "allowlisted_certificates", "labels"])
_TRANSIENT = {
    code_pb2.ABORTED,
    code_pb2.UNAVAILABLE,
    code_pb2.INTERNAL,
    code_pb2.DEADLINE_EXCEEDED,
    code_pb2.RESOURCE_EXHAUSTED,
    code_pb2.UNKNOWN,
}
ANCHOR, INTERMEDIATE, ALLOWLISTED = "trust_anchor", "intermediate_ca", "allowlisted_certificate"


class CertificateManagerTrustConfigs:
    """``endpoint`` empty means Google itself. Every call has an explicit timeout: the client's own default is for ever."""

    def __init__(self, endpoint: str, timeout: float) -> None:
        self._timeout = timeout
        if endpoint:
            transport = CertificateManagerGrpcTransport(
                channel=grpc.insecure_channel(endpoint, options=_UNLIMITED)
            )
            self._client = cm.CertificateManagerClient(transport=transport)
        else:
            self._client = cm.CertificateManagerClient()

    def read(self, name: str) -> LiveTrustConfig:
        """The live trust config; its PEM texts are verbatim.

        :raises CloudUnavailable, CloudMissing, CloudDenied, CloudRejected:
        """
        with mapped("GetTrustConfig", is_write=False):
            return _live(self._client.get_trust_config(name=name, timeout=self._timeout))

    def read_all(self, parent: str) -> list[LiveTrustConfig]:
        """Every trust config of one location (``projects/*/locations/*``), each whole.

        :raises CloudUnavailable, CloudDenied, CloudRejected:
        """
        with mapped("ListTrustConfigs", is_write=False):
            return [
                _live(message)
                for message in self._client.list_trust_configs(parent=parent, timeout=self._timeout)
            ]

    def create(self, name: str, *, labels: dict[str, str]) -> str:
        """Asks for an empty trust config; returns the operation's name. Sent once, never retried.

        :raises OutcomeUnknown: when it may have been made all the same.
        :raises CloudConflict: when the name is taken.
        :raises CloudUnavailable, CloudDenied, CloudRejected:
        """
        parent, _, trust_config_id = name.partition("/trustConfigs/")
        with mapped("CreateTrustConfig", is_write=True):
            message = cm.TrustConfig(labels=labels)
            operation = self._client.create_trust_config(
                parent=parent,
                trust_config_id=trust_config_id,
                trust_config=message,
                timeout=self._timeout,
            )
        return str(operation.operation.name)

    def update(
        self, name: str, *, entries: list[LiveEntry], labels: dict[str, str], etag: str
    ) -> str:
        """Replaces the whole set and the labels, guarded by the etag; returns the operation's name. Sent once, never retried.

        :raises OutcomeUnknown: when the write may have happened all the same; read before anything else.
        :raises CloudConflict: when the etag is stale or another write is running.
        :raises CloudUnavailable, CloudMissing, CloudDenied, CloudRejected:
        """
        message = _message(name, entries, labels, etag)
        with mapped("UpdateTrustConfig", is_write=True):
            operation = self._client.update_trust_config(
                trust_config=message, update_mask=_MASK, timeout=self._timeout
            )
        return str(operation.operation.name)

    def operation(self, name: str) -> OperationStatus:
        """One GetOperation, no waiting.

        :raises CloudUnavailable, CloudMissing, CloudDenied, CloudRejected:
        """
        with mapped("GetOperation", is_write=False):
            return _status(self._operations().get_operation(name, timeout=self._timeout))

    def operations(self, target: str) -> list[OperationStatus]:
        """The operations on one trust config, newest first.

        :raises CloudUnavailable, CloudDenied, CloudRejected:
        """
        parent = target.rsplit("/trustConfigs/", 1)[0]
        with mapped("ListOperations", is_write=False):
            found = [
                _status(operation)
                for operation in self._operations().list_operations(
                    parent, "", timeout=self._timeout
                )
            ]
        return [status for status in found if status.target == target]

    def _operations(self) -> operations_v1.OperationsClient:
        return self._client.transport.operations_client


def _live(message: cm.TrustConfig) -> LiveTrustConfig:
    stores = list(message.trust_stores)
    entries = [
        *(
            LiveEntry(ANCHOR, anchor.pem_certificate)
            for store in stores
            for anchor in store.trust_anchors
        ),
        *(
            LiveEntry(INTERMEDIATE, ca.pem_certificate)
            for store in stores
            for ca in store.intermediate_cas
        ),
        *(
            LiveEntry(ALLOWLISTED, item.pem_certificate)
            for item in message.allowlisted_certificates
        ),
    ]
    return LiveTrustConfig(
        message.name, message.etag, dict(message.labels), tuple(entries), message.update_time
    )


def _message(
    name: str, entries: list[LiveEntry], labels: dict[str, str], etag: str
) -> cm.TrustConfig:
    anchors = [
        cm.TrustConfig.TrustAnchor(pem_certificate=entry.pem)
        for entry in entries
        if entry.role == ANCHOR
    ]
    intermediates = [
        cm.TrustConfig.IntermediateCA(pem_certificate=entry.pem)
        for entry in entries
        if entry.role == INTERMEDIATE
    ]
    allowlisted = [
        cm.TrustConfig.AllowlistedCertificate(pem_certificate=entry.pem)
        for entry in entries
        if entry.role == ALLOWLISTED
    ]
    stores = (
        [cm.TrustConfig.TrustStore(trust_anchors=anchors, intermediate_cas=intermediates)]
        if anchors or intermediates
        else []
    )
    return cm.TrustConfig(
        name=name,
        etag=etag,
        labels=labels,
        trust_stores=stores,
        allowlisted_certificates=allowlisted,
    )


def _status(operation: operations_pb2.Operation) -> OperationStatus:
    metadata = cm.OperationMetadata()
    if operation.metadata.Is(cm.OperationMetadata.pb(metadata).DESCRIPTOR):
        operation.metadata.Unpack(cm.OperationMetadata.pb(metadata))
    result = cm.TrustConfig()
    if operation.HasField("response") and operation.response.Is(
        cm.TrustConfig.pb(result).DESCRIPTOR
    ):
        operation.response.Unpack(cm.TrustConfig.pb(result))
    error = (
        operation.error.message or f"code {operation.error.code}"
        if operation.HasField("error")
        else ""
    )
    is_transient = operation.error.code in _TRANSIENT
    return OperationStatus(
        operation.name,
        metadata.target,
        metadata.verb,
        operation.done,
        error,
        metadata.create_time,
        dict(result.labels),
        is_transient,
    )
