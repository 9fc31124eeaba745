"""Cloud KMS: versions, a primary, AAD, crc32c both ways, signatures and MACs. Key material lies in the emulator's store."""

import base64
import hmac
import os
import time
from typing import Any

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud import kms_v1

from emulator.errors import Refused, invalid
from emulator.kms_keys import PURPOSES, SYMMETRIC, mac_of, new_material, public_pem, sign
from emulator.store import Document, Store

KEY = "crypto_key"
MAXIMAL_BYTES = 65_536
MAXIMAL_HSM_BYTES = 8_192  # plaintext and AAD together
_ENABLED = kms_v1.CryptoKeyVersion.CryptoKeyVersionState.ENABLED
_DISABLED = kms_v1.CryptoKeyVersion.CryptoKeyVersionState.DISABLED
_DESTROY_SCHEDULED = kms_v1.CryptoKeyVersion.CryptoKeyVersionState.DESTROY_SCHEDULED


class KeyManagement:
    def __init__(self, store: Store) -> None:
        self._store = store
        # The primary changes with a delay: eventually consistent, about a minute at Google.
        self.primary_seconds = 0.0

    def make_key(
        self, name: str, *, algorithm: str = SYMMETRIC, protection_level: str = "SOFTWARE"
    ) -> None:
        """What an operator does once with gcloud or Terraform; a key that exists stays as it is.

        :raises Refused: for an algorithm or protection level that the emulator does not have.
        """
        if protection_level not in {"SOFTWARE", "HSM"}:
            raise invalid("protection_level", "SOFTWARE or HSM")
        with self._store.lock():
            if self._store.get(KEY, name) is None:
                version = {"material": new_material(algorithm), "state": _ENABLED.name}
                key = {
                    "primary": "1",
                    "algorithm": algorithm,
                    "protection_level": protection_level,
                    "versions": {"1": version},
                }
                self._store.put(KEY, name, key)

    def get_crypto_key(
        self, request: kms_v1.GetCryptoKeyRequest, _context: grpc.ServicerContext
    ) -> kms_v1.CryptoKey:
        with self._store.lock():
            key = self._existing(request.name)
        return _key_message(request.name, key)

    def create_crypto_key_version(
        self, request: kms_v1.CreateCryptoKeyVersionRequest, _context: grpc.ServicerContext
    ) -> kms_v1.CryptoKeyVersion:
        with self._store.lock():
            key = self._existing(request.parent)
            number = str(max(int(n) for n in key["versions"]) + 1)
            key["versions"][number] = {
                "material": new_material(key["algorithm"]),
                "state": _ENABLED.name,
            }
            self._store.put(KEY, request.parent, key)
        return _version_message(request.parent, number, key["versions"][number])

    def update_crypto_key_primary_version(
        self, request: kms_v1.UpdateCryptoKeyPrimaryVersionRequest, _context: grpc.ServicerContext
    ) -> kms_v1.CryptoKey:
        with self._store.lock():
            key = self._existing(request.name)
            if request.crypto_key_version_id not in key["versions"]:
                raise Refused(
                    "NOT_FOUND", f"CryptoKeyVersion {request.crypto_key_version_id} was not found."
                )
            key |= {
                "former": key["primary"],
                "primary": request.crypto_key_version_id,
                "primary_since": time.time() + self.primary_seconds,
            }
            self._store.put(KEY, request.name, key)
        return _key_message(request.name, key)

    def update_crypto_key_version(
        self, request: kms_v1.UpdateCryptoKeyVersionRequest, _context: grpc.ServicerContext
    ) -> kms_v1.CryptoKeyVersion:
        state = request.crypto_key_version.state
        if state not in {_ENABLED, _DISABLED}:
            raise invalid("crypto_key_version.state", "only ENABLED and DISABLED can be set")
        return self._set_state(request.crypto_key_version.name, state.name)

    def destroy_crypto_key_version(
        self, request: kms_v1.DestroyCryptoKeyVersionRequest, _context: grpc.ServicerContext
    ) -> kms_v1.CryptoKeyVersion:
        return self._set_state(request.name, _DESTROY_SCHEDULED.name)

    def encrypt(
        self, request: kms_v1.EncryptRequest, _context: grpc.ServicerContext
    ) -> kms_v1.EncryptResponse:
        aad = request.additional_authenticated_data
        _check_size("plaintext", request.plaintext)
        _check_size("additional_authenticated_data", aad)
        plaintext_verified = _verified(request, "plaintext_crc32c", request.plaintext)
        aad_verified = _verified(request, "additional_authenticated_data_crc32c", aad)
        name = request.name.split("/cryptoKeyVersions/")[0]
        with self._store.lock():
            key = self._existing(name)
        _check_purpose(key, SYMMETRIC)
        if (
            key["protection_level"] == "HSM"
            and len(request.plaintext) + len(aad) > MAXIMAL_HSM_BYTES
        ):
            raise invalid(
                "plaintext",
                f"plaintext and additional authenticated data have at most {MAXIMAL_HSM_BYTES} bytes together in an HSM",
            )
        number = _primary(key)
        version = _usable(key, number)
        nonce = os.urandom(12)
        ciphertext = (
            number.encode()
            + b":"
            + nonce
            + AESGCM(base64.b64decode(version["material"])).encrypt(nonce, request.plaintext, aad)
        )
        return kms_v1.EncryptResponse(
            name=f"{name}/cryptoKeyVersions/{number}",
            ciphertext=ciphertext,
            ciphertext_crc32c=google_crc32c.value(ciphertext),
            verified_plaintext_crc32c=plaintext_verified,
            verified_additional_authenticated_data_crc32c=aad_verified,
            protection_level=kms_v1.ProtectionLevel[key["protection_level"]],
        )

    def decrypt(
        self, request: kms_v1.DecryptRequest, _context: grpc.ServicerContext
    ) -> kms_v1.DecryptResponse:
        aad = request.additional_authenticated_data
        _verified(request, "ciphertext_crc32c", request.ciphertext)
        _verified(request, "additional_authenticated_data_crc32c", aad)
        with self._store.lock():
            key = self._existing(request.name)
        _check_purpose(key, SYMMETRIC)
        number, _, sealed = request.ciphertext.partition(b":")
        version = _usable(key, number.decode("ascii", errors="replace"))
        try:
            plaintext = AESGCM(base64.b64decode(version["material"])).decrypt(
                sealed[:12], sealed[12:], aad
            )
        except (InvalidTag, ValueError):
            raise invalid(
                "ciphertext",
                "Decryption failed: the ciphertext or the additional authenticated data is not valid.",
            ) from None
        return kms_v1.DecryptResponse(
            plaintext=plaintext,
            plaintext_crc32c=google_crc32c.value(plaintext),
            used_primary=number.decode() == _primary(key),
            protection_level=kms_v1.ProtectionLevel[key["protection_level"]],
        )

    def get_public_key(
        self, request: kms_v1.GetPublicKeyRequest, _context: grpc.ServicerContext
    ) -> kms_v1.PublicKey:
        key, version = self._version(request.name)
        pem = public_pem(key["algorithm"], version["material"])
        algorithm = kms_v1.CryptoKeyVersion.CryptoKeyVersionAlgorithm[key["algorithm"]]
        return kms_v1.PublicKey(
            pem=pem,
            algorithm=algorithm,
            pem_crc32c=google_crc32c.value(pem.encode()),
            name=request.name,
        )

    def asymmetric_sign(
        self, request: kms_v1.AsymmetricSignRequest, _context: grpc.ServicerContext
    ) -> kms_v1.AsymmetricSignResponse:
        digest = request.digest.sha256
        digest_verified = _verified(request, "digest_crc32c", digest)
        data_verified = _verified(request, "data_crc32c", request.data)
        key, version = self._version(request.name)
        signature = sign(key["algorithm"], version["material"], digest=digest, data=request.data)
        return kms_v1.AsymmetricSignResponse(
            signature=signature,
            signature_crc32c=google_crc32c.value(signature),
            verified_digest_crc32c=digest_verified,
            verified_data_crc32c=data_verified,
            name=request.name,
            protection_level=kms_v1.ProtectionLevel[key["protection_level"]],
        )

    def mac_sign(
        self, request: kms_v1.MacSignRequest, _context: grpc.ServicerContext
    ) -> kms_v1.MacSignResponse:
        data_verified = _verified(request, "data_crc32c", request.data)
        key, version = self._version(request.name)
        mac = mac_of(key["algorithm"], version["material"], request.data)
        return kms_v1.MacSignResponse(
            name=request.name,
            mac=mac,
            mac_crc32c=google_crc32c.value(mac),
            verified_data_crc32c=data_verified,
        )

    def mac_verify(
        self, request: kms_v1.MacVerifyRequest, _context: grpc.ServicerContext
    ) -> kms_v1.MacVerifyResponse:
        key, version = self._version(request.name)
        is_right = hmac.compare_digest(
            mac_of(key["algorithm"], version["material"], request.data), request.mac
        )
        return kms_v1.MacVerifyResponse(
            name=request.name, success=is_right, verified_success_integrity=is_right
        )

    def _version(self, name: str) -> tuple[Document, Document]:
        """A key and one of its versions, which must be enabled."""
        key_name, _, number = name.partition("/cryptoKeyVersions/")
        with self._store.lock():
            key = self._existing(key_name)
        if number not in key["versions"]:
            raise Refused("NOT_FOUND", f"CryptoKeyVersion {name} was not found.")
        return key, _usable(key, number)

    def _set_state(self, name: str, state: str) -> kms_v1.CryptoKeyVersion:
        key_name, _, number = name.partition("/cryptoKeyVersions/")
        with self._store.lock():
            key = self._existing(key_name)
            if number not in key["versions"]:
                raise Refused("NOT_FOUND", f"CryptoKeyVersion {name} was not found.")
            key["versions"][number]["state"] = state
            self._store.put(KEY, key_name, key)
        return _version_message(key_name, number, key["versions"][number])

    def _existing(self, name: str) -> Document:
        key = self._store.get(KEY, name)
        if key is None:
            raise Refused("NOT_FOUND", f"CryptoKey {name} was not found.")
        return {"algorithm": SYMMETRIC, "protection_level": "SOFTWARE", **key}


def _primary(key: Document) -> str:
    is_known = time.time() >= key.get("primary_since", 0)
    return str(key["primary"] if is_known else key["former"])


def _check_purpose(key: Document, algorithm: str) -> None:
    if key["algorithm"] != algorithm:
        raise Refused(
            "FAILED_PRECONDITION",
            f"The key's algorithm is {key['algorithm']}, which this call does not use.",
        )


def _usable(key: Document, number: str) -> Document:
    version: Document | None = key["versions"].get(number)
    if version is None:
        raise invalid("ciphertext", "Decryption failed: the ciphertext is not valid.")
    if version["state"] != _ENABLED.name:
        raise Refused(
            "FAILED_PRECONDITION",
            f"CryptoKeyVersion {number} is not enabled, current state is: {version['state']}.",
        )
    return version


def _verified(request: Any, field: str, body: bytes) -> bool:
    """Whether the caller sent a checksum and it is right. A wrong one is refused, a missing one is False and no error."""
    if field not in request:
        return False
    if int(getattr(request, field)) != google_crc32c.value(body):
        raise invalid(field, "the checksum does not match the data")
    return True


def _check_size(field: str, body: bytes) -> None:
    if len(body) > MAXIMAL_BYTES:
        raise invalid(field, f"at most {MAXIMAL_BYTES} bytes are allowed")


def _key_message(name: str, key: Document) -> kms_v1.CryptoKey:
    return kms_v1.CryptoKey(
        name=name,
        primary=_version_message(name, _primary(key), key["versions"][_primary(key)])
        if key["algorithm"] == SYMMETRIC
        else None,
        purpose=kms_v1.CryptoKey.CryptoKeyPurpose[PURPOSES[key["algorithm"]]],
    )


def _version_message(name: str, number: str, version: Document) -> kms_v1.CryptoKeyVersion:
    state = kms_v1.CryptoKeyVersion.CryptoKeyVersionState[version["state"]]
    return kms_v1.CryptoKeyVersion(name=f"{name}/cryptoKeyVersions/{number}", state=state)
