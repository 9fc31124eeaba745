"""What the emulator does as Google does, and how that is known: documented by Google, observed by others, or assumed.

``tests/emulator`` drives each with the real clients; a test keeps this table and those tests together.
"""

from typing import NamedTuple


class Behaviour(NamedTuple):
    key: str
    what: str
    evidence: str  # documented | observed | assumed


BEHAVIOURS = (
    Behaviour("id-pattern", "A trust config's id matches [a-z0-9-]{1,63}.", "documented"),
    Behaviour("create-existing", "Creating a name that exists answers ALREADY_EXISTS.", "assumed"),
    Behaviour("get-missing", "Reading a name that does not exist answers NOT_FOUND.", "assumed"),
    Behaviour("etag-shape", "The etag is unpadded base64url of 32 bytes computed over the other fields.", "observed"),
    Behaviour("etag-labels", "The etag covers labels; --etag-ignores-labels switches that off.", "assumed"),
    Behaviour("etag-stale", "A stale etag on update answers ABORTED (documented for delete).", "assumed"),
    Behaviour("etag-optional", "Without an etag the last writer wins.", "documented"),
    Behaviour("mask-replaces", "Repeated fields in the mask are replaced whole; a masked path left empty is wiped.", "observed"),
    Behaviour("mask-refused", "A path that may not be updated answers INVALID_ARGUMENT with a BadRequest violation.", "observed"),
    Behaviour("mask-star", "No mask, or *, replaces every field.", "observed"),
    Behaviour("pem-verbatim", "PEM text and list order are kept verbatim.", "observed"),
    Behaviour("pem-parseable", "Each field holds one parseable certificate of at most 5,000 bytes.", "documented"),
    Behaviour("limits", "1 trust store, 200 anchors and intermediates, 100 intermediates, 500 allowlisted certificates.", "documented"),
    Behaviour("five-per-project", "A project has at most five trust configs; the sixth answers RESOURCE_EXHAUSTED.", "documented"),
    Behaviour("operation", "Writes answer an operation that is not done at first, with OperationMetadata.", "documented"),
    Behaviour("operation-restart", "Operations are got by name and listed, also after a restart.", "documented"),
    Behaviour("visible-when-done", "A new value is visible only when its operation is done.", "assumed"),
    Behaviour("concurrent-update", "A second write while one is running answers ABORTED.", "assumed"),
    Behaviour("requests-per-minute", "More than 300 reads or writes per minute and project answer RESOURCE_EXHAUSTED.", "documented"),
    Behaviour("list-paging", "Lists come in pages with opaque tokens.", "documented"),
    Behaviour("kms-crc", "A wrong crc32c answers INVALID_ARGUMENT; a missing one leaves its flag False.", "documented"),
    Behaviour("kms-aad", "Another AAD on decrypt answers INVALID_ARGUMENT.", "documented"),
    Behaviour("kms-versions", "Encrypt uses the primary version, decrypt finds its own; used_primary says which.", "documented"),
    Behaviour("kms-disabled", "A disabled or destroyed version answers FAILED_PRECONDITION.", "documented"),
    Behaviour("kms-limit", "Plaintext and AAD have at most 64 KiB each.", "documented"),
)
