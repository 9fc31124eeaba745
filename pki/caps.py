"""What is looked at, at most. Every cap of intake stands here and is said in the message that refuses what lies beyond it."""

MAXIMAL_UPLOAD_BYTES = 5_000_000
MAXIMAL_CERTIFICATES = 1_000
MAXIMAL_DER_BYTES = 64_000
# Archives: files in one, bytes of all of them unpacked, and how many times larger than packed a file may be.
MAXIMAL_MEMBERS = 1_000
MAXIMAL_UNPACKED_BYTES = 5_000_000
MAXIMAL_RATIO = 100
# Beyond these, bytes are not tried as a bare base64 text or as a private key's DER.
LONGEST_BARE_BASE64 = 100_000
LARGEST_KEY_BYTES = 20_000
# Of one certificate: characters of a name and names of an extension that are kept.
MAXIMAL_CHARACTERS = 1_000
MAXIMAL_NAMES = 100
