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
    Behaviour(
        "etag-shape",
        "The etag is unpadded base64url of 32 bytes computed over the other fields.",
        "observed",
    ),
    Behaviour(
        "etag-labels", "The etag covers labels; --etag-ignores-labels switches that off.", "assumed"
    ),
    Behaviour(
        "etag-stale",
        "A stale etag on update answers ABORTED (documented for delete); a switch makes it FAILED_PRECONDITION.",
        "assumed",
    ),
    Behaviour("delete-etag", "Deleting with a stale etag answers ABORTED.", "documented"),
    Behaviour(
        "delete-referenced",
        "Deleting what a ServerTlsPolicy refers to answers FAILED_PRECONDITION.",
        "assumed",
    ),
    Behaviour("etag-optional", "Without an etag the last writer wins.", "documented"),
    Behaviour(
        "mask-replaces",
        "Repeated fields in the mask are replaced whole; a masked path left empty is wiped.",
        "observed",
    ),
    Behaviour(
        "mask-refused",
        "A path that may not be updated answers INVALID_ARGUMENT with a BadRequest violation.",
        "observed",
    ),
    Behaviour("mask-star", "No mask, or *, replaces every field.", "observed"),
    Behaviour("pem-verbatim", "PEM text and list order are kept verbatim.", "observed"),
    Behaviour(
        "pem-parseable",
        "Each field holds one parseable certificate of at most 5,000 bytes.",
        "documented",
    ),
    Behaviour(
        "limits",
        "1 trust store, 200 anchors and intermediates, 100 intermediates, 500 allowlisted certificates.",
        "documented",
    ),
    Behaviour(
        "five-per-project",
        "A project has at most five trust configs; the sixth answers RESOURCE_EXHAUSTED.",
        "documented",
    ),
    Behaviour(
        "operation",
        "Writes answer an operation that is not done at first, with OperationMetadata.",
        "documented",
    ),
    Behaviour(
        "operation-restart",
        "Operations are got by name and listed, also after a restart.",
        "documented",
    ),
    Behaviour(
        "operation-error",
        "An operation may end in an error after it was accepted; the resource stays as it was.",
        "documented",
    ),
    Behaviour(
        "visible-when-done", "A new value is visible only when its operation is done.", "assumed"
    ),
    Behaviour(
        "concurrent-update",
        "A second write while one is running answers ABORTED; a switch queues it, with or without a second look at its etag.",
        "assumed",
    ),
    Behaviour(
        "requests-per-minute",
        "More than 300 reads or writes per minute and project answer RESOURCE_EXHAUSTED.",
        "documented",
    ),
    Behaviour(
        "message-size",
        "A list of two of the largest trust configs breaks a channel with gRPC's default limit of 4 MB.",
        "observed",
    ),
    Behaviour(
        "permission-denied",
        "A caller without the permission gets PERMISSION_DENIED, which names permission and resource.",
        "documented",
    ),
    Behaviour(
        "connection-drop",
        "A connection may break before or after the effect; the client gets UNAVAILABLE and reconnects.",
        "observed",
    ),
    Behaviour("stale-read", "A read may show what was there before the last write.", "assumed"),
    Behaviour("list-paging", "Lists come in pages with opaque tokens.", "documented"),
    Behaviour(
        "kms-crc",
        "A wrong crc32c answers INVALID_ARGUMENT; a missing one leaves its flag False.",
        "documented",
    ),
    Behaviour("kms-aad", "Another AAD on decrypt answers INVALID_ARGUMENT.", "documented"),
    Behaviour(
        "kms-versions",
        "Encrypt uses the primary version, decrypt finds its own; used_primary says which.",
        "documented",
    ),
    Behaviour(
        "kms-disabled", "A disabled or destroyed version answers FAILED_PRECONDITION.", "documented"
    ),
    Behaviour(
        "kms-limit",
        "Plaintext and AAD have at most 64 KiB each; in an HSM 8 KiB together.",
        "documented",
    ),
    Behaviour(
        "kms-primary-late",
        "A new primary version takes effect with a delay; until then the former one encrypts.",
        "documented",
    ),
    Behaviour(
        "kms-destroy", "Destroying is scheduled; a version so marked is not usable.", "documented"
    ),
    Behaviour(
        "kms-encrypt-only",
        "An identity may be allowed to encrypt and not to decrypt.",
        "documented",
    ),
    Behaviour(
        "kms-quota",
        "Over quota answers RESOURCE_EXHAUSTED, which the client does not retry.",
        "documented",
    ),
    Behaviour(
        "kms-sign",
        "AsymmetricSign makes signatures that the public key of GetPublicKey verifies (P-256 with SHA-256, Ed25519).",
        "documented",
    ),
    Behaviour("kms-mac", "MacSign and MacVerify use HMAC-SHA256.", "documented"),
    Behaviour(
        "lb-allowlist-first",
        "An allowlisted certificate is accepted before any chain is looked at, expired or not.",
        "documented",
    ),
    Behaviour(
        "lb-reject",
        "REJECT_INVALID closes the connection of a client that is not accepted, and needs a trust config that is not empty.",
        "documented",
    ),
    Behaviour(
        "lb-allow",
        "ALLOW_INVALID_OR_MISSING_CLIENT_CERT lets everybody through and says in client_cert_error what was wrong.",
        "documented",
    ),
    Behaviour(
        "lb-propagation",
        "A new trust config reaches load balancers with a delay; the old one is served meanwhile.",
        "observed",
    ),
    Behaviour(
        "lb-immutable",
        "A ServerTlsPolicy of an external load balancer cannot be updated.",
        "observed",
    ),
)
