"""A trust config made ready to be asked by the simulator: its certificates loaded once, its anchors as a store, its CAs by name."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from pki import der as der_reader
from pki.certificate import parse
from pki.facts import CertificateFacts

_DER = Encoding.DER


class TrustStore:
    """A trust config made ready to be asked many times; certificates are DER, the allowlist fingerprints."""

    def __init__(
        self,
        *,
        anchors: Iterable[bytes],
        intermediates: Iterable[bytes],
        allowlisted: Iterable[str],
    ) -> None:
        self.anchors = [x509.load_der_x509_certificate(der) for der in anchors]
        self.allowlisted = frozenset(allowlisted)
        self.by_subject: dict[bytes, list[x509.Certificate]] = {}
        self.anchor_subjects = {subject_of(anchor) for anchor in self.anchors}
        for der in intermediates:
            certificate = x509.load_der_x509_certificate(der)
            self.by_subject.setdefault(subject_of(certificate), []).append(certificate)
        self._store: verification.Store | None = None
        self._facts: dict[bytes, CertificateFacts] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.anchors or self.by_subject or self.allowlisted)

    def facts(self, certificate: x509.Certificate) -> CertificateFacts:
        """Facts of a certificate on a path; the same few CAs are on most of them.

        :raises PkiError: when it cannot be read.
        """
        der = certificate.public_bytes(_DER)
        if der not in self._facts:
            self._facts[der] = parse(der).facts
        return self._facts[der]

    def store(self, without: frozenset[bytes]) -> verification.Store | None:
        """The anchors as a store, without those that a rule ruled out."""
        if without:
            left = [anchor for anchor in self.anchors if anchor.public_bytes(_DER) not in without]
            return verification.Store(left) if left else None
        if self._store is None and self.anchors:
            self._store = verification.Store(self.anchors)
        return self._store


def subject_of(certificate: x509.Certificate) -> bytes:
    return der_reader.fields(certificate.public_bytes(_DER)).subject


def issuer_of(certificate: x509.Certificate) -> bytes:
    return der_reader.fields(certificate.public_bytes(_DER)).issuer
