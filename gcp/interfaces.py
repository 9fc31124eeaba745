"""What the portal asks of Google Cloud, in its own words. No google import: the web tier may read this module."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class LiveEntry:
    """One field of a live trust config: ``role`` is trust_anchor, intermediate_ca or allowlisted_certificate."""

    role: str
    pem: str


@dataclass(frozen=True)
class LiveTrustConfig:
    """A trust config as it was read; ``labels`` include foreign ones, which every write keeps."""

    name: str
    etag: str
    labels: dict[str, str]
    entries: tuple[LiveEntry, ...]
    updated_at: datetime | None


@dataclass(frozen=True)
class OperationStatus:
    """A long-running operation; ``error`` is empty unless it is done and failed; ``labels`` are its result's.

    ``is_transient`` says of an error that the same write may succeed another time.
    """

    name: str
    target: str
    verb: str
    is_done: bool
    error: str
    created_at: datetime | None
    labels: dict[str, str]
    is_transient: bool = False


@dataclass(frozen=True)
class Wrapped:
    """What Cloud KMS gives back; ``key_version`` is the full resource name of the version that was used."""

    ciphertext: bytes
    key_version: str


class TrustConfigs(Protocol):
    def read(self, name: str) -> LiveTrustConfig: ...

    def read_all(self, parent: str) -> list[LiveTrustConfig]: ...

    def create(self, name: str, *, labels: dict[str, str]) -> str: ...

    def update(
        self, name: str, *, entries: list[LiveEntry], labels: dict[str, str], etag: str
    ) -> str: ...

    def operation(self, name: str) -> OperationStatus: ...

    def operations(self, target: str) -> list[OperationStatus]: ...


class KeyWrapping(Protocol):
    def wrap(self, key: str, plaintext: bytes, aad: bytes) -> Wrapped: ...

    def unwrap(self, key: str, ciphertext: bytes, aad: bytes) -> bytes: ...


@dataclass(frozen=True)
class Clients:
    trust_configs: TrustConfigs
    keys: KeyWrapping
