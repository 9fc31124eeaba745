"""Cloud KMS through the real client: wrap and unwrap, every checksum sent and checked in both directions."""

import google_crc32c
import grpc
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)

from gcp.calls import mapped
from gcp.errors import IntegrityFailed
from gcp.interfaces import Wrapped


class KmsKeyWrapping:
    """``key`` arguments are full names: projects/*/locations/*/keyRings/*/cryptoKeys/*."""

    def __init__(self, endpoint: str, timeout: float) -> None:
        self._timeout = timeout
        if endpoint:
            transport = KeyManagementServiceGrpcTransport(channel=grpc.insecure_channel(endpoint))
            self._client = kms_v1.KeyManagementServiceClient(transport=transport)
        else:
            self._client = kms_v1.KeyManagementServiceClient()

    def wrap(self, key: str, plaintext: bytes, aad: bytes) -> Wrapped:
        """Encrypts with the primary version of the key (kms/docs/data-integrity-guidelines).

        :raises IntegrityFailed: when a checksum does not match; discard and call again.
        :raises CloudUnavailable, CloudMissing, CloudDenied, CloudRejected:
        """
        request = kms_v1.EncryptRequest(
            name=key,
            plaintext=plaintext,
            plaintext_crc32c=google_crc32c.value(plaintext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=google_crc32c.value(aad),
        )
        with mapped("Encrypt", is_write=False):
            response = self._client.encrypt(request=request, retry=None, timeout=self._timeout)
        is_intact = (
            response.verified_plaintext_crc32c
            and response.verified_additional_authenticated_data_crc32c
            and google_crc32c.value(response.ciphertext) == response.ciphertext_crc32c
            and response.name.startswith(f"{key}/cryptoKeyVersions/")
        )
        if not is_intact:
            raise IntegrityFailed("Encrypt", "a checksum or the key's name does not match")
        return Wrapped(response.ciphertext, response.name)

    def unwrap(self, key: str, ciphertext: bytes, aad: bytes) -> bytes:
        """Decrypts what :meth:`wrap` made with the same key and AAD.

        :raises IntegrityFailed: when the checksum does not match; discard and call again.
        :raises CloudUnavailable, CloudMissing, CloudDenied, CloudRejected: rejected also for another AAD.
        """
        request = kms_v1.DecryptRequest(
            name=key,
            ciphertext=ciphertext,
            ciphertext_crc32c=google_crc32c.value(ciphertext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=google_crc32c.value(aad),
        )
        with mapped("Decrypt", is_write=False):
            response = self._client.decrypt(request=request, retry=None, timeout=self._timeout)
        if google_crc32c.value(response.plaintext) != response.plaintext_crc32c:
            raise IntegrityFailed("Decrypt", "the checksum does not match")
        return response.plaintext
