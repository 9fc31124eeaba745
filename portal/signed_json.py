"""How cached values are written: JSON under a signature of ours, so that whatever somebody else put there is a miss."""

import json
from typing import Any

from django.core.signing import BadSignature, Signer

MISS = object()


class SignedJson:
    """A serializer for caches; Django's own would unpickle what it finds."""

    def __init__(self) -> None:
        self._signer = Signer(salt="countersign.cache")

    def dumps(self, value: Any) -> bytes:
        return self._signer.sign(json.dumps(value)).encode()

    def loads(self, data: bytes) -> Any:
        try:
            return json.loads(self._signer.unsign(data.decode()))
        except (BadSignature, UnicodeDecodeError, ValueError):
            return MISS
