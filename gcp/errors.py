"""CloudError
├── CloudUnavailable   nothing was reached: try again later
│   └── CloudExhausted a quota is used up, Google's or our own share of it: wait
├── OutcomeUnknown     a write may or may not have happened: read first, never send again first
├── CloudConflict      the etag is stale or another write runs: read and plan again
├── CloudMissing       the named object does not exist
├── CloudDenied        permission: a person must mend it
├── CloudRejected      the request itself is refused, with Google's words and fields: final
└── IntegrityFailed    a checksum of Cloud KMS does not match: discard and try again
"""


class CloudError(Exception):
    """``google_message`` are Google's own words; ``rpc`` is the method that was called.

    ``google_reason`` is the reason of google.rpc.ErrorInfo, such as SERVICE_DISABLED; empty without one.
    """

    code = "cloud"

    def __init__(
        self,
        rpc: str,
        google_message: str = "",
        fields: tuple[tuple[str, str], ...] = (),
        google_reason: str = "",
    ) -> None:
        super().__init__(f"{rpc}: {google_message}")
        self.rpc = rpc
        self.google_message = google_message
        self.fields = fields
        self.google_reason = google_reason


class CloudUnavailable(CloudError):
    code = "cloud-unavailable"


class CloudExhausted(CloudUnavailable):
    code = "cloud-exhausted"


class OutcomeUnknown(CloudError):
    code = "outcome-unknown"


class CloudConflict(CloudError):
    code = "cloud-conflict"


class CloudMissing(CloudError):
    code = "cloud-missing"


class CloudDenied(CloudError):
    code = "cloud-denied"


class CloudRejected(CloudError):
    code = "cloud-rejected"


class IntegrityFailed(CloudError):
    code = "integrity-failed"


# Google's final no: nothing changes by trying again, until a person has mended what is named.
FINAL = (CloudDenied, CloudMissing, CloudRejected)

# The reason that Google gives when a quota per minute is used up, and our own share of it.
RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"
