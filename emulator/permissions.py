"""Which identity may not do what. Real clients name theirs by a token; here they send the metadata ``x-emulator-identity``."""

import threading

import grpc

from emulator.errors import Refused

IDENTITY = "x-emulator-identity"
# The permission that each RPC needs (Certificate Manager and Cloud KMS, "Access control with IAM").
PERMISSIONS = {
    "GetTrustConfig": "certificatemanager.trustconfigs.get",
    "ListTrustConfigs": "certificatemanager.trustconfigs.list",
    "CreateTrustConfig": "certificatemanager.trustconfigs.create",
    "UpdateTrustConfig": "certificatemanager.trustconfigs.update",
    "DeleteTrustConfig": "certificatemanager.trustconfigs.delete",
    "GetOperation": "certificatemanager.operations.get",
    "ListOperations": "certificatemanager.operations.list",
    "Encrypt": "cloudkms.cryptoKeyVersions.useToEncrypt",
    "Decrypt": "cloudkms.cryptoKeyVersions.useToDecrypt",
    "AsymmetricSign": "cloudkms.cryptoKeyVersions.useToSign",
    "MacSign": "cloudkms.cryptoKeyVersions.useToSign",
    "MacVerify": "cloudkms.cryptoKeyVersions.useToVerify",
    "GetPublicKey": "cloudkms.cryptoKeyVersions.viewPublicKey",
}


class Permissions:
    """Everything is allowed but what has been taken away, by identity; the empty one is a caller that names none."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._denied: dict[str, set[str]] = {}

    def deny(self, identity: str, permissions: list[str]) -> None:
        with self._guard:
            self._denied[identity] = set(permissions)

    def denied(self) -> dict[str, list[str]]:
        with self._guard:
            return {identity: sorted(permissions) for identity, permissions in self._denied.items()}

    def clear(self) -> None:
        with self._guard:
            self._denied.clear()

    def check(self, rpc: str, resource: str, context: grpc.ServicerContext) -> None:
        """:raises Refused: PERMISSION_DENIED in Google's words."""
        identity = next(
            (value for key, value in context.invocation_metadata() if key == IDENTITY), ""
        )
        permission = PERMISSIONS.get(rpc, "")
        with self._guard:
            is_denied = permission in self._denied.get(identity, ())
        if is_denied:
            raise Refused(
                "PERMISSION_DENIED",
                f"Permission '{permission}' denied on resource '//{_service(permission)}/{resource}' (or it may not exist).",
                reason="IAM_PERMISSION_DENIED",
            )


def _service(permission: str) -> str:
    return f"{permission.partition('.')[0]}.googleapis.com"
