"""One mTLS handshake with a load balancer, as a client: does it let this certificate in? No google import, no Django."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ACCEPTED, REFUSED, UNREACHABLE = "accepted", "refused", "unreachable"
_NO_ANSWER = "no answer in time"
MAXIMAL_ANSWER_BYTES = 65_536
# TLS alerts that speak of the client's certificate (RFC 8446 §6.2), as OpenSSL names them.
_CLIENT_ALERTS = (
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "CERTIFICATE_REQUIRED",
)
# The header variables that a backend may echo, and that say what the load balancer thought of the client.
_TOLD = (
    "client_cert_present",
    "client_cert_chain_verified",
    "client_cert_error",
    "client_cert_sha256_fingerprint",
)


@dataclass(frozen=True)
class Handshake:
    """``outcome`` is accepted (it answered a request), refused (it ended the connection on account of the client) or
    unreachable (it was never asked, or its own certificate is not trusted). ``told`` are header variables that it echoed.
    """

    outcome: str
    detail: str
    at: datetime
    tls_version: str = ""
    server_sha256: str = ""
    told: dict[str, Any] = field(default_factory=dict)


def shake_hands(
    url: str, *, certificate_file: str, key_file: str, ca_file: str = "", timeout: float = 10.0
) -> Handshake:
    """Connects, presents the certificate, asks for the page and says what came of it.

    :raises ValueError: when the URL is no https URL.
    :raises OSError, ssl.SSLError: when the client's own files cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("the URL must begin with https:// and name a host")
    context = ssl.create_default_context(cafile=ca_file or None)
    context.load_cert_chain(certificate_file, key_file)
    at = datetime.now(UTC)
    try:
        plain = socket.create_connection((parts.hostname, parts.port or 443), timeout=timeout)
    except OSError as error:
        return Handshake(UNREACHABLE, f"no connection: {error}", at)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    with (
        plain,
        context.wrap_socket(
            plain, server_hostname=parts.hostname, do_handshake_on_connect=False
        ) as secured,
    ):
        with _at_most(timeout, secured) as is_over:
            seen = _exchange(secured, parts.hostname, path, at)
    return replace(seen, outcome=UNREACHABLE, detail=_NO_ANSWER) if is_over.is_set() else seen


@contextlib.contextmanager
def _at_most(seconds: float, connection: socket.socket) -> Iterator[threading.Event]:
    """Cuts the connection after so many seconds: a timeout of a socket begins anew with every byte that drips in."""
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        with contextlib.suppress(OSError):  # it has closed by itself meanwhile
            socket.socket.shutdown(
                connection, socket.SHUT_RDWR
            )  # of the plain socket: TLS's own belongs to the other thread

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()


def _exchange(secured: ssl.SSLSocket, host: str, path: str, at: datetime) -> Handshake:
    version = server = ""
    try:
        secured.do_handshake()
        version, server = (
            secured.version() or "",
            x509.load_der_x509_certificate(secured.getpeercert(True) or b"")
            .fingerprint(hashes.SHA256())
            .hex(),
        )
        # In TLS 1.3 the client's certificate is judged after the client's own handshake: only an answer tells.
        secured.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: countersign-probe\r\nConnection: close\r\n\r\n".encode()
        )
        answer = http.client.HTTPResponse(secured)
        answer.begin()
        body = answer.read(MAXIMAL_ANSWER_BYTES)
        return Handshake(ACCEPTED, f"HTTP {answer.status}", at, version, server, _told(body))
    except ssl.SSLCertVerificationError as error:
        return Handshake(
            UNREACHABLE, f"the server's own certificate is not trusted: {error.verify_message}", at
        )
    except TimeoutError:
        return Handshake(UNREACHABLE, _NO_ANSWER, at, version, server)
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        is_about_the_client = bool(server) or any(alert in reason for alert in _CLIENT_ALERTS)
        return Handshake(
            REFUSED if is_about_the_client else UNREACHABLE,
            f"TLS alert: {reason}",
            at,
            version,
            server,
        )
    except (http.client.HTTPException, OSError) as error:
        # Before the server has shown its certificate it knows nothing of the client: then something else is wrong.
        outcome = REFUSED if server else UNREACHABLE
        return Handshake(
            outcome,
            f"the connection was closed without an answer{_kind(error)}",
            at,
            version,
            server,
        )


def _kind(error: Exception) -> str:
    """What is not plainly a closed connection is named."""
    return "" if isinstance(error, ConnectionError) else f" ({type(error).__name__})"


def _told(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return {
        name: answer[name]
        for name in _TOLD
        if isinstance(answer, dict) and isinstance(answer.get(name), str | bool)
    }


@contextlib.contextmanager
def untrusted_client() -> Iterator[tuple[str, str]]:
    """Files with the certificate and key of a client that nobody knows; they exist in memory only, while the block runs."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "countersign untrusted client")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(
        now + timedelta(hours=1)
    )
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptors = []
    try:
        for body in (pem, secret):
            descriptors.append(os.memfd_create("untrusted_client"))
            os.write(descriptors[-1], body)
        yield f"/proc/self/fd/{descriptors[0]}", f"/proc/self/fd/{descriptors[1]}"
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
