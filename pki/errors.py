"""PkiError
├── NotACertificate       bytes that are no X.509 certificate, or one that cannot be read
├── PrivateKeyPresented   a private key, in whatever wrapping
├── TooLarge              an upload or a certificate beyond the caps
├── TooManyCertificates   more than 1,000 in one upload
└── BadPolicy             a policy with a line that does not exist or makes no sense

Each carries the code of its text in ``pki.catalogue`` and the values that the sentence names.
"""


class PkiError(Exception):
    code = "IN-PARSE-01"

    def __init__(self, code: str, **evidence: str) -> None:
        super().__init__(code)
        self.code = code
        self.evidence = evidence


class NotACertificate(PkiError):
    """Nothing here is an X.509 certificate."""


class PrivateKeyPresented(PkiError):
    """A private key; it is refused whole, and never kept, logged or echoed."""


class TooLarge(PkiError):
    """More bytes than are looked at."""


class TooManyCertificates(PkiError):
    """More certificates than are looked at."""


class BadPolicy(PkiError):
    """A policy that cannot be read; the evidence names the line."""
