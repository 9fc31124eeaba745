"""The gRPC server on loopback: it routes the real services' method names to the emulator's own methods."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.cloud import certificate_manager_v1 as cm
from google.cloud import kms_v1
from google.longrunning import operations_pb2
from grpc_status import rpc_status

from emulator import trust_config
from emulator.admin import AdminServer
from emulator.certificate_manager import CertificateManager
from emulator.errors import Refused
from emulator.faults import Faults
from emulator.gateway import Gateways
from emulator.kms import KeyManagement
from emulator.operations import Operations
from emulator.permissions import Permissions
from emulator.quota import Quota
from emulator.store import Store

logger = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"


class Emulator:
    """A running emulator; ``port`` speaks gRPC, ``admin_port`` HTTP. ``restart`` is what an outage of seconds looks like."""

    def __init__(
        self,
        state_file: Path,
        *,
        port: int = 0,
        admin_port: int = 0,
        operation_seconds: float = 1.0,
        requests_per_minute: int = 300,
    ) -> None:
        self.store, self.faults, self.permissions = Store(state_file), Faults(), Permissions()
        self.quota = Quota(requests_per_minute)
        self.operations = Operations(self.store, operation_seconds)
        self.certificate_manager = CertificateManager(
            self.store, self.operations, self.quota, self.faults
        )
        self.kms = KeyManagement(self.store)
        self.gateways = Gateways(self.store)
        self.faults.on_drop = self._drop
        self._guard = threading.Lock()
        self.port = port
        self._serve()
        self.gateways.start()
        self.admin = AdminServer((LOOPBACK, admin_port), self)
        self.admin_port = self.admin.server_address[1]
        self.admin.start()

    def restart(self) -> None:
        """Cuts every connection and serves again on the same port, from what lies on disk."""
        with self._guard:
            self.server.stop(grace=None).wait()
            self._serve()

    def stop(self) -> None:
        self.admin.shutdown()
        self.admin.server_close()
        self.gateways.stop()
        self.server.stop(grace=None).wait()
        self.store.close()

    def _drop(self) -> None:
        """From within a call, which ends with its connection."""
        threading.Thread(target=self.restart, name="emulator-drop", daemon=True).start()

    def _serve(self) -> None:
        """:raises RuntimeError: when the port is taken."""
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),
        ]
        self.server = grpc.server(ThreadPoolExecutor(64), options=options)
        self.server.add_generic_rpc_handlers(tuple(_services(self)))
        self.port = self.server.add_insecure_port(f"{LOOPBACK}:{self.port}")
        self.server.start()


def start(state_file: Path, **options: Any) -> Emulator:
    """Starts all servers on loopback; port 0 takes a free one."""
    return Emulator(state_file, **options)


def _services(emulator: Emulator) -> list[grpc.GenericRpcHandler]:
    manager, kms = emulator.certificate_manager, emulator.kms

    def proto_plus(
        method: Callable[..., Any], request: Any, resource: Callable[[Any], str], answer: Any = None
    ) -> grpc.RpcMethodHandler:
        serialize = answer.serialize if answer else operations_pb2.Operation.SerializeToString
        return _method(method, request.deserialize, serialize, resource, emulator)

    certificate_manager = {
        "GetTrustConfig": proto_plus(
            manager.get_trust_config, cm.GetTrustConfigRequest, lambda r: r.name, cm.TrustConfig
        ),
        "ListTrustConfigs": proto_plus(
            manager.list_trust_configs,
            cm.ListTrustConfigsRequest,
            lambda r: r.parent,
            cm.ListTrustConfigsResponse,
        ),
        "CreateTrustConfig": proto_plus(
            manager.create_trust_config, cm.CreateTrustConfigRequest, lambda r: r.parent
        ),
        "UpdateTrustConfig": proto_plus(
            manager.update_trust_config, cm.UpdateTrustConfigRequest, lambda r: r.trust_config.name
        ),
        "DeleteTrustConfig": proto_plus(
            manager.delete_trust_config, cm.DeleteTrustConfigRequest, lambda r: r.name
        ),
    }
    operations = {
        "GetOperation": _method(
            manager.get_operation,
            operations_pb2.GetOperationRequest.FromString,
            operations_pb2.Operation.SerializeToString,
            lambda r: r.name,
            emulator,
        ),
        "ListOperations": _method(
            manager.list_operations,
            operations_pb2.ListOperationsRequest.FromString,
            operations_pb2.ListOperationsResponse.SerializeToString,
            lambda r: r.name,
            emulator,
        ),
    }
    keys = {
        "GetCryptoKey": proto_plus(
            kms.get_crypto_key, kms_v1.GetCryptoKeyRequest, lambda r: r.name, kms_v1.CryptoKey
        ),
        "CreateCryptoKeyVersion": proto_plus(
            kms.create_crypto_key_version,
            kms_v1.CreateCryptoKeyVersionRequest,
            lambda r: r.parent,
            kms_v1.CryptoKeyVersion,
        ),
        "UpdateCryptoKeyPrimaryVersion": proto_plus(
            kms.update_crypto_key_primary_version,
            kms_v1.UpdateCryptoKeyPrimaryVersionRequest,
            lambda r: r.name,
            kms_v1.CryptoKey,
        ),
        "UpdateCryptoKeyVersion": proto_plus(
            kms.update_crypto_key_version,
            kms_v1.UpdateCryptoKeyVersionRequest,
            lambda r: r.crypto_key_version.name,
            kms_v1.CryptoKeyVersion,
        ),
        "DestroyCryptoKeyVersion": proto_plus(
            kms.destroy_crypto_key_version,
            kms_v1.DestroyCryptoKeyVersionRequest,
            lambda r: r.name,
            kms_v1.CryptoKeyVersion,
        ),
        "Encrypt": proto_plus(
            kms.encrypt, kms_v1.EncryptRequest, lambda r: r.name, kms_v1.EncryptResponse
        ),
        "GetPublicKey": proto_plus(
            kms.get_public_key, kms_v1.GetPublicKeyRequest, lambda r: r.name, kms_v1.PublicKey
        ),
        "AsymmetricSign": proto_plus(
            kms.asymmetric_sign,
            kms_v1.AsymmetricSignRequest,
            lambda r: r.name,
            kms_v1.AsymmetricSignResponse,
        ),
        "MacSign": proto_plus(
            kms.mac_sign, kms_v1.MacSignRequest, lambda r: r.name, kms_v1.MacSignResponse
        ),
        "MacVerify": proto_plus(
            kms.mac_verify, kms_v1.MacVerifyRequest, lambda r: r.name, kms_v1.MacVerifyResponse
        ),
        "Decrypt": proto_plus(
            kms.decrypt, kms_v1.DecryptRequest, lambda r: r.name, kms_v1.DecryptResponse
        ),
    }
    return [
        grpc.method_handlers_generic_handler(
            "google.cloud.certificatemanager.v1.CertificateManager", certificate_manager
        ),
        grpc.method_handlers_generic_handler("google.longrunning.Operations", operations),
        grpc.method_handlers_generic_handler("google.cloud.kms.v1.KeyManagementService", keys),
    ]


def _method(
    method: Callable[..., Any],
    deserialize: Callable[..., Any],
    serialize: Callable[..., bytes],
    resource: Callable[[Any], str],
    emulator: Emulator,
) -> grpc.RpcMethodHandler:
    rpc = "".join(word.capitalize() for word in method.__name__.split("_"))

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        context.set_trailing_metadata((("x-emulator", "1"),))
        name = resource(request)
        try:
            emulator.permissions.check(rpc, name, context)
            emulator.faults.meet(rpc, "before", name, context, lambda: _fingerprints(request))
            result = method(request, context)
            emulator.faults.note(rpc, name, _detail(request))
            emulator.faults.meet(rpc, "after", name, context, lambda: _fingerprints(request))
        except Refused as refused:
            context.abort_with_status(rpc_status.to_status(refused.status()))
        return result

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=deserialize, response_serializer=serialize
    )


def _detail(request: Any) -> str:
    """The revision label of a write, which is what tests count by."""
    return (
        str(dict(request.trust_config.labels).get("countersign-revision", ""))
        if isinstance(request, cm.UpdateTrustConfigRequest)
        else ""
    )


def _fingerprints(request: Any) -> set[str]:
    return (
        trust_config.fingerprints(request.trust_config)
        if isinstance(request, cm.UpdateTrustConfigRequest)
        else set()
    )
