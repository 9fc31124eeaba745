"""A load balancer on loopback: terminates mTLS by an emulated trust config and answers with the header variables as JSON.

It serves what has had time to propagate, lets its own rules decide, and in REJECT_INVALID closes the connection at TLS
level, as Google's does; in ALLOW_INVALID_OR_MISSING_CLIENT_CERT everybody gets an answer that says what was wrong.
"""

import base64
import ipaddress
import json
import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

from emulator import trust_config
from emulator.errors import Refused, invalid
from emulator.gateway_rules import Decision, decide
from emulator.store import Document, Store

LOOPBACK = "127.0.0.1"
MODES = ("REJECT_INVALID", "ALLOW_INVALID_OR_MISSING_CLIENT_CERT")
POLICY, IDENTITY = "server_tls_policy", "gateway_identity"
TIMEOUT_SECONDS = 5


class Gateways:
    """One listener for each ServerTlsPolicy. Policies and the servers' identity lie in the store and outlive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: dict[str, socket.socket] = {}

    def start(self) -> None:
        with self._store.lock():
            policies = self._store.all(POLICY)
        for name, policy in policies:
            self._listen(name, policy)

    def stop(self) -> None:
        for listener in self._listeners.values():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._listeners.clear()

    def put_policy(self, name: str, wanted: Document) -> Document:
        """What an operator does with Terraform: a load balancer that checks its clients by a trust config.

        :raises Refused: for an unknown mode or trust config; REJECT_INVALID needs a trust config that is not empty.
        """
        mode, target = wanted.get("mode", "REJECT_INVALID"), wanted.get("trust_config", "")
        if mode not in MODES:
            raise invalid("mtls_policy.client_validation_mode", f"one of {', '.join(MODES)}")
        with self._store.lock():
            body = self._store.get(trust_config.TRUST_CONFIG, target)
            if body is None:
                raise Refused("NOT_FOUND", f"Resource '{target}' was not found.")
            if mode == "REJECT_INVALID" and not (body["anchors"] or body["allowlisted"]):
                raise invalid(
                    "mtls_policy.client_validation_trust_config",
                    "REJECT_INVALID needs a trust config that is not empty",
                )
        if name in self._listeners:
            raise Refused(
                "FAILED_PRECONDITION",
                "Update not supported for ServerTlsPolicy created for External Load Balancer.",
            )
        policy = {"trust_config": target, "mode": mode, "port": int(wanted.get("port", 0))}
        policy["port"] = self._listen(name, policy)
        with self._store.lock():
            self._store.put(POLICY, name, policy)
        return policy

    def delete_policy(self, name: str) -> None:
        with self._store.lock():
            self._store.delete(POLICY, name)
        if listener := self._listeners.pop(name, None):
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def policies(self) -> dict[str, Document]:
        with self._store.lock():
            return dict(self._store.all(POLICY))

    def certificate(self) -> str:
        """The PEM that clients of these load balancers trust."""
        return str(self._identity()["certificate"])

    def _listen(self, name: str, policy: Document) -> int:
        listener = socket.create_server((LOOPBACK, policy["port"]))
        self._listeners[name] = listener
        context = self._context()
        threading.Thread(
            target=self._accept,
            args=(listener, context, policy),
            name=f"gateway {name}",
            daemon=True,
        ).start()
        return int(listener.getsockname()[1])

    def _context(self) -> SSL.Context:
        identity = self._identity()
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(x509.load_pem_x509_certificate(identity["certificate"].encode()))
        key = load_pem_private_key(identity["key"].encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        context.use_privatekey(key)
        # OpenSSL asks for a certificate and checks that the client holds its key; what it is worth, the gateway's own rules say.
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_TICKET)
        return context

    def _identity(self) -> Document:
        with self._store.lock():
            found = self._store.get(IDENTITY, "localhost")
            if found is None:
                found = _new_identity()
                self._store.put(IDENTITY, "localhost", found)
        return found

    def _accept(self, listener: socket.socket, context: SSL.Context, policy: Document) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:  # the listener was closed
                return
            threading.Thread(
                target=self._serve, args=(client, context, policy), daemon=True
            ).start()

    def _serve(self, client: socket.socket, context: SSL.Context, policy: Document) -> None:
        client.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", TIMEOUT_SECONDS, 0)
        )
        connection = SSL.Connection(context, client)
        connection.set_accept_state()
        try:
            connection.do_handshake()
            sent = _sent(connection)
            decision = self._decide(policy, sent)
            if policy["mode"] == "REJECT_INVALID" and not decision.is_verified:
                return
            connection.recv(65_536)
            body = json.dumps(headers(decision, sent), indent=1).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\nX-Emulator: 1\r\n\r\n"
            connection.sendall(head.encode() + body)
            connection.shutdown()
        except (
            SSL.Error,
            OSError,
            ValueError,
        ):  # whatever a client does wrong ends its own connection
            return
        finally:
            client.close()

    def _decide(self, policy: Document, sent: list[x509.Certificate]) -> Decision:
        now = time.time()
        with self._store.lock():
            body = trust_config.served(self._store, policy["trust_config"], now)
        return decide(body, sent, datetime.fromtimestamp(now, UTC))


def _sent(connection: SSL.Connection) -> list[x509.Certificate]:
    """The client's certificate and what it sent with it; on a server's side OpenSSL keeps the two apart."""
    own = connection.get_peer_certificate(as_cryptography=True)
    return [own, *(connection.get_peer_cert_chain(as_cryptography=True) or [])] if own else []


def headers(decision: Decision, sent: list[x509.Certificate]) -> dict[str, Any]:
    """The client-certificate header variables (load-balancing/docs/https/custom-headers), RFC 9440 for the certificates."""
    found: dict[str, Any] = {
        "client_cert_present": bool(sent),
        "client_cert_chain_verified": decision.is_verified,
        "client_cert_error": decision.error,
    }
    if not sent:
        return found
    leaf = sent[0]
    found |= {
        "client_cert_sha256_fingerprint": base64.b64encode(
            leaf.fingerprint(hashes.SHA256())
        ).decode(),
        "client_cert_serial_number": f"{leaf.serial_number:x}",
        "client_cert_spiffe_id": next(
            (
                uri
                for uri in _names(leaf, x509.UniformResourceIdentifier)
                if uri.startswith("spiffe://")
            ),
            "",
        ),
        "client_cert_uri_sans": ",".join(
            _base64(uri) for uri in _names(leaf, x509.UniformResourceIdentifier)
        ),
        "client_cert_dnsname_sans": ",".join(_base64(name) for name in _names(leaf, x509.DNSName)),
        "client_cert_valid_not_before": leaf.not_valid_before_utc.isoformat().replace(
            "+00:00", "Z"
        ),
        "client_cert_valid_not_after": leaf.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "client_cert_issuer_dn": base64.b64encode(leaf.issuer.public_bytes()).decode(),
        "client_cert_subject_dn": base64.b64encode(leaf.subject.public_bytes()).decode(),
    }
    if decision.is_verified:
        found |= {
            "client_cert_leaf": _rfc9440(leaf),
            "client_cert_chain": ", ".join(
                _rfc9440(certificate) for certificate in decision.chain[1:]
            ),
        }
    return found


def _names(
    certificate: x509.Certificate, kind: type[x509.DNSName] | type[x509.UniformResourceIdentifier]
) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return list(names.get_values_for_type(kind))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _rfc9440(certificate: x509.Certificate) -> str:
    return f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"


def _new_identity() -> Document:
    """A server's key and self-signed certificate for localhost, made on this machine and trusted by nobody else."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(
        now + timedelta(days=365)
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"certificate": certificate.public_bytes(Encoding.PEM).decode(), "key": pem}
