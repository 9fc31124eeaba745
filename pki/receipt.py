"""The receipt of a probe: what a client saw at the load balancer, signed with the client's own key.

The signature (over RFC 8785 canonical JSON of all the rest) says that whoever holds the key saw it; it does not say that
the load balancer was the right one. The receipt carries the client's certificates, which are read and never kept.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pki.certificate import parse
from pki.errors import PkiError
from pki.facts import CertificateFacts

KIND = "countersign-probe/1"
MAXIMAL_BYTES = 60_000
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class BadReceipt(Exception):
    """``reason`` is unreadable, unsigned (the signature is not of the certificate's key) or bad-certificate."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Receipt:
    """``chain`` are the facts of the client's certificate and of its issuers that came with it; ``told`` is what the backend echoed.

    ``path`` begins with the client's certificate; each next one has signed the one before it. ``sha256`` is of what was
    signed (RFC 8785), however the text around it looks.
    """

    url: str
    outcome: str
    detail: str
    at: datetime
    server_sha256: str
    told: Mapping[str, object]
    chain: tuple[CertificateFacts, ...]
    path: tuple[CertificateFacts, ...]
    sha256: str


def write(values: Mapping[str, Any], chain: Sequence[x509.Certificate], key: SigningKey) -> str:
    """The receipt's text; ``values`` are url, outcome, detail, at (RFC 3339), server_sha256 and told."""
    body: dict[str, Any] = {
        **values,
        "kind": KIND,
        "chain": [
            base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
            for certificate in chain
        ],
    }
    return json.dumps(
        {**body, "signature": base64.b64encode(_sign(key, rfc8785.dumps(body))).decode()}, indent=1
    )


def read(text: str) -> Receipt:
    """:raises BadReceipt: when it is no receipt, or not signed by the key of its first certificate."""
    try:
        body = json.loads(text) if len(text) <= MAXIMAL_BYTES else None
        if not isinstance(body, dict) or body.get("kind") != KIND:
            raise BadReceipt("unreadable")
        signature = base64.b64decode(body.pop("signature"), validate=True)
        ders = [base64.b64decode(each, validate=True) for each in body["chain"]][:12]
        at = datetime.fromisoformat(body["at"])
        values = [
            str(body[name]).replace("\0", "")[:500]
            for name in ("url", "outcome", "detail", "server_sha256")
        ]
        signed = rfc8785.dumps(body)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadReceipt("unreadable") from error
    if at.tzinfo is None or not ders:
        raise BadReceipt("unreadable")
    try:
        chain = tuple(parse(der).facts for der in ders)
        certificates = [x509.load_der_x509_certificate(der) for der in ders]
        key = certificates[0].public_key()
    except (PkiError, ValueError, UnsupportedAlgorithm) as error:
        raise BadReceipt("bad-certificate") from error
    _verify(key, signature, signed)
    told = body.get("told")
    path = tuple(chain[place] for place in _signed_path(certificates))
    told = told if isinstance(told, dict) else {}
    return Receipt(
        values[0],
        values[1],
        values[2],
        at,
        values[3],
        told,
        chain,
        path,
        hashlib.sha256(signed).hexdigest(),
    )


def _signed_path(certificates: Sequence[x509.Certificate]) -> list[int]:
    """Places of the client's certificate and of the issuers above it, by verified signatures."""
    path = [0]
    while (
        above := next(
            (
                n
                for n in range(len(certificates))
                if n not in path and _has_signed(certificates[n], certificates[path[-1]])
            ),
            None,
        )
    ) is not None:
        path.append(above)
    return path


def _has_signed(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _sign(key: SigningKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, _PSS, hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    return key.sign(message)


def _verify(key: object, signature: bytes, message: bytes) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, _PSS, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            raise BadReceipt("bad-certificate")
    except InvalidSignature as error:
        raise BadReceipt("unsigned") from error
