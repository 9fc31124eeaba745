"""``countersign probe``: run where the client's key lives. It makes a real handshake and prints a receipt for the change.

The key never leaves this process but as the signature under the receipt.
"""

import argparse
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gcp.handshake import ACCEPTED, REFUSED, shake_hands
from pki.receipt import SigningKey, write


def main(arguments: Sequence[str]) -> int:
    """:returns: 0 when the client got in, 1 when it was refused, 2 when nothing can be said: the load balancer was not reached, or a file is bad."""
    chosen = _parser().parse_args(arguments)
    try:
        chain = [
            certificate
            for name in (chosen.cert, *chosen.issuers)
            for certificate in x509.load_pem_x509_certificates(Path(name).read_bytes())
        ]
        key = _signing_key(Path(chosen.key).read_bytes())
        seen = shake_hands(
            chosen.url,
            certificate_file=chosen.cert,
            key_file=chosen.key,
            ca_file=chosen.ca,
            timeout=chosen.timeout,
        )
    except (OSError, ValueError, TypeError, ssl.SSLError) as error:
        print(f"countersign: {error}", file=sys.stderr)
        return 2
    print(f"{chosen.url}: {seen.outcome} ({seen.detail})", file=sys.stderr)
    if seen.outcome not in {ACCEPTED, REFUSED}:
        return 2
    values = {
        "url": chosen.url,
        "outcome": seen.outcome,
        "detail": seen.detail,
        "at": seen.at.isoformat(),
        "server_sha256": seen.server_sha256,
    }
    print(write({**values, "told": seen.told}, chain, key))
    print(
        'Put this receipt on the change: open it in the portal and paste it under "Did it take effect?". For a removal, refused is the proof.',
        file=sys.stderr,
    )
    return 0 if seen.outcome == ACCEPTED else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="countersign probe",
        description="Show that a load balancer accepts or refuses a client, and print a receipt.",
    )
    parser.add_argument(
        "--url", required=True, help="what the load balancer serves: https://HOST[:PORT][/PATH]"
    )
    parser.add_argument(
        "--cert",
        required=True,
        metavar="FILE",
        help="the client's certificate and what it sends with it, as PEM",
    )
    parser.add_argument(
        "--issuers",
        action="append",
        default=[],
        metavar="FILE",
        help="CAs above it, as PEM, for the receipt only; needed to prove that a CA is trusted",
    )
    parser.add_argument(
        "--key", required=True, metavar="FILE", help="its private key as PEM, without a passphrase"
    )
    parser.add_argument(
        "--ca",
        default="",
        metavar="FILE",
        help="what the load balancer's own certificate is checked against; the system's CAs without it",
    )
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    return parser


def _signing_key(pem: bytes) -> SigningKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(
        key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    ):
        raise ValueError("a key of this type makes no receipts: RSA, EC and Ed25519 do")  # noqa: TRY004  (one family for whoever runs it)
    return key
