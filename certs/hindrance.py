"""Why work does not go on, in its parts: our code and, where Google refused, the RPC, Google's reason and Google's words."""

from dataclasses import dataclass
from typing import Self

from certs.errors import CertsError
from gcp.errors import CloudError


@dataclass(frozen=True)
class Hindrance:
    """``reason`` is the reason of google.rpc.ErrorInfo, such as SERVICE_DISABLED; empty where Google gave none."""

    code: str
    words: str = ""
    rpc: str = ""
    reason: str = ""

    @classmethod
    def of(cls, error: CloudError | CertsError) -> Self:
        if isinstance(error, CertsError):
            return cls(error.code, str(error.sentence))
        return cls(error.code, error.google_message, error.rpc, error.google_reason[:63])

    def __str__(self) -> str:
        return f"{self.rpc}: {self.words}" if self.rpc else self.words or self.code


NONE = Hindrance("")
