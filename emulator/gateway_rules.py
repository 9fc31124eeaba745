"""What a load balancer decides about a client: the allowlist first, then the client, then a path to a trust anchor.

Decided from the emulator's own state with OpenSSL's path building, so that the portal's prediction, which goes by another
verifier, can be held against it. Source: load-balancing/docs/mtls and custom-headers, as google.md §1.4 collects them.
"""

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from OpenSSL import crypto

from emulator.store import Document

MAXIMAL_CHAIN = 11  # the client's own and ten intermediates
MAXIMAL_DEPTH = 10
MAXIMAL_NAME_CONSTRAINTS = 10
MAXIMAL_EVALUATIONS = 100
_FORBIDDEN = {Eku.CODE_SIGNING, Eku.TIME_STAMPING, Eku.OCSP_SIGNING}
_GOOD_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True)
class Decision:
    """``error`` is Google's ``client_cert_error``, empty when the chain is verified; ``chain`` is the path that was found."""

    error: str = ""
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def is_verified(self) -> bool:
        return not self.error


class _No(Exception):
    pass


def decide(body: Document | None, sent: list[x509.Certificate], now: datetime) -> Decision:
    """The answer to a client that sent these certificates, its own first; that it holds the key is proven by the handshake."""
    if not sent:
        return Decision("client_cert_not_provided")
    if body is None or not (body["anchors"] or body["allowlisted"]):
        return Decision("client_cert_validation_not_performed")
    allowlisted = {
        _fingerprint(x509.load_pem_x509_certificate(pem.encode())) for pem in body["allowlisted"]
    }
    if _fingerprint(sent[0]) in allowlisted:
        return Decision(chain=(sent[0],))
    try:
        return Decision(chain=_verified_path(body, sent, now))
    except _No as no:
        return Decision(str(no))
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return Decision("client_cert_validation_failed")


def _verified_path(
    body: Document, sent: list[x509.Certificate], now: datetime
) -> tuple[x509.Certificate, ...]:
    if len(sent) > MAXIMAL_CHAIN:
        raise _No("client_cert_chain_exceeded_limit")
    _check_client(sent[0], now)
    anchors = [x509.load_pem_x509_certificate(pem.encode()) for pem in body["anchors"]]
    intermediates = [
        *sent[1:],
        *(x509.load_pem_x509_certificate(pem.encode()) for pem in body["intermediates"]),
    ]
    if len(intermediates) > MAXIMAL_EVALUATIONS:
        intermediates = intermediates[:MAXIMAL_EVALUATIONS]
    path = _path(sent[0], anchors, intermediates, now)
    if len(path) > MAXIMAL_DEPTH:
        raise _No("client_cert_chain_exceeded_limit")
    _check_path(path)
    return path


def _check_client(leaf: x509.Certificate, now: datetime) -> None:
    _check_key(leaf)
    if _is_authority(leaf):
        raise _No("client_cert_validation_failed")
    usages = _usages(leaf)
    if usages is None or Eku.CLIENT_AUTH not in usages or usages & _FORBIDDEN:
        raise _No("client_cert_chain_invalid_eku")
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc or not isinstance(
        leaf.signature_hash_algorithm, _GOOD_HASHES
    ):
        raise _No("client_cert_validation_failed")


def _path(
    leaf: x509.Certificate,
    anchors: list[x509.Certificate],
    intermediates: list[x509.Certificate],
    now: datetime,
) -> tuple[x509.Certificate, ...]:
    """OpenSSL's path; an anchor need not be self-signed."""
    store = crypto.X509Store()
    for anchor in anchors:
        store.add_cert(crypto.X509.from_cryptography(anchor))
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # pyOpenSSL wants a naive instant in UTC
        store.set_time(now.astimezone(UTC).replace(tzinfo=None))
    chain = [crypto.X509.from_cryptography(certificate) for certificate in intermediates]
    try:
        found = crypto.X509StoreContext(
            store, crypto.X509.from_cryptography(leaf), chain
        ).get_verified_chain()
    except crypto.X509StoreContextError as error:
        raise _No("client_cert_validation_failed") from error
    return tuple(certificate.to_cryptography() for certificate in found)


def _check_path(path: tuple[x509.Certificate, ...]) -> None:
    for place, authority in enumerate(path[1:], start=1):
        usages = _usages(authority)
        if usages is None and place > 1:
            usages = {Eku.CLIENT_AUTH}
        if (
            usages is None
            or not usages & {Eku.CLIENT_AUTH, Eku.ANY_EXTENDED_KEY_USAGE}
            or (place == 1 and Eku.CLIENT_AUTH not in usages)
        ):
            raise _No("client_cert_chain_invalid_eku")
        _check_key(authority)
        if _constraint_count(authority) > MAXIMAL_NAME_CONSTRAINTS:
            raise _No("client_cert_chain_max_name_constraints_exceeded")
        is_signed = place < len(path) - 1  # the anchor's own signature says nothing
        if is_signed and not isinstance(authority.signature_hash_algorithm, _GOOD_HASHES):
            raise _No("client_cert_validation_failed")


def _check_key(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if not 2048 <= key.key_size <= 4096:
            raise _No("client_cert_invalid_rsa_key_size")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
            raise _No("client_cert_unsupported_elliptic_curve_key")
    else:
        raise _No("client_cert_unsupported_key_algorithm")


def _usages(certificate: x509.Certificate) -> set[x509.ObjectIdentifier] | None:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _constraint_count(certificate: x509.Certificate) -> int:
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return 0
    return len(found.permitted_subtrees or []) + len(found.excluded_subtrees or [])


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())
