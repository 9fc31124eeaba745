"""The gateway as clients meet it: real TLS, its own decisions, and the portal's prediction held against them."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from emulator import server
from emulator.errors import Refused
from emulator.gateway_rules import decide
from gcp.handshake import shake_hands, untrusted_client
from pki.roles import Purpose
from pki.simulate import simulate
from pki.trust_store import TrustStore
from tests.behaviours import behaviour
from tests.certificates import Made, make, make_ca, rsa_key, weak_key

NOW = datetime.now(UTC)
NAME = "projects/p/locations/global/trustConfigs/a"
POLICY = "projects/p/locations/global/serverTlsPolicies/gateway"
ALLOW = "ALLOW_INVALID_OR_MISSING_CLIENT_CERT"


class Gateway:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.emulator = server.start(folder / "state.sqlite3", operation_seconds=0)
        self.manager = self.emulator.certificate_manager

    def serve(self, mode: str = "REJECT_INVALID", **body: list[str]) -> None:
        self.manager.edit_out_of_band(NAME, body)
        policy = self.emulator.gateways.put_policy(POLICY, {"trust_config": NAME, "mode": mode})
        self.url = f"https://localhost:{policy['port']}/"
        self.ca = str(self.folder / "gateway.pem")
        Path(self.ca).write_text(self.emulator.gateways.certificate())

    def connect(self, client: Made, *issuers: Made) -> Any:
        certificate, key = self.folder / "client.pem", self.folder / "client.key"
        certificate.write_bytes(b"".join(one.pem for one in (client, *issuers)))
        key.write_bytes(client.key_pem)
        return shake_hands(
            self.url, certificate_file=str(certificate), key_file=str(key), ca_file=self.ca
        )


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    running = Gateway(tmp_path)
    yield running
    running.emulator.stop()


@behaviour("lb-allowlist-first")
def test_an_allowlisted_client_gets_in_even_expired(gateway: Gateway) -> None:
    old = make("old", not_before=NOW - timedelta(days=20), not_after=NOW - timedelta(days=10))
    gateway.serve(allowlisted=[old.parsed.pem])
    seen = gateway.connect(old)
    assert (seen.outcome, seen.told["client_cert_chain_verified"], seen.tls_version) == (
        "accepted",
        True,
        "TLSv1.3",
    )


@behaviour("lb-reject")
def test_whoever_is_not_accepted_gets_no_answer(gateway: Gateway) -> None:
    with pytest.raises(Refused):
        gateway.serve()
    root = make_ca("Root")
    gateway.serve(anchors=[root.parsed.pem])
    assert gateway.connect(make("good", issuer=root)).outcome == "accepted"
    assert gateway.connect(make("stranger")).outcome == "refused"
    with untrusted_client() as (certificate, key):
        assert (
            shake_hands(
                gateway.url, certificate_file=certificate, key_file=key, ca_file=gateway.ca
            ).outcome
            == "refused"
        )


def test_a_server_that_drips_holds_nobody(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _address = listener.accept()
        with contextlib.suppress(OSError), connection:
            for _ in range(60):
                connection.sendall(b"\x16\x03\x03\x40\x00" if _ == 0 else b"\x00")
                time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    with listener, untrusted_client() as (certificate, key):
        seen = shake_hands(
            f"https://127.0.0.1:{listener.getsockname()[1]}/",
            certificate_file=certificate,
            key_file=key,
            timeout=0.5,
        )
    assert (seen.outcome, seen.detail) == ("unreachable", "no answer in time")
    assert time.monotonic() - begun < 5


@behaviour("lb-allow")
def test_in_allow_mode_everybody_gets_in_and_is_told_why_it_should_not(gateway: Gateway) -> None:
    gateway.serve(ALLOW, anchors=[make_ca("Root").parsed.pem])
    seen = gateway.connect(make("stranger"))
    assert (
        seen.outcome,
        seen.told["client_cert_chain_verified"],
        seen.told["client_cert_error"],
    ) == ("accepted", False, "client_cert_validation_failed")


@behaviour("lb-propagation")
def test_the_old_set_is_served_for_a_while(gateway: Gateway) -> None:
    first, second = make("first"), make("second")
    gateway.serve(allowlisted=[first.parsed.pem])
    gateway.emulator.operations.propagation_seconds = 0.5
    gateway.manager.edit_out_of_band(NAME, {"allowlisted": [second.parsed.pem]})
    assert (gateway.connect(first).outcome, gateway.connect(second).outcome) == (
        "accepted",
        "refused",
    )
    gateway.emulator.operations.propagation_seconds = 0
    gateway.manager.edit_out_of_band(NAME, {"allowlisted": [second.parsed.pem]})
    assert (gateway.connect(first).outcome, gateway.connect(second).outcome) == (
        "refused",
        "accepted",
    )


@behaviour("lb-immutable")
def test_a_policy_cannot_be_changed_and_outlives_a_restart(gateway: Gateway) -> None:
    client = make()
    gateway.serve(allowlisted=[client.parsed.pem])
    with pytest.raises(Refused):
        gateway.emulator.gateways.put_policy(POLICY, {"trust_config": NAME, "mode": ALLOW})
    gateway.emulator.stop()
    gateway.emulator = server.start(gateway.folder / "state.sqlite3")
    assert gateway.connect(client).outcome == "accepted"


def test_the_header_variables_say_who_came(gateway: Gateway) -> None:
    import json
    import ssl
    import urllib.request

    root = make_ca("Root")
    names = x509.SubjectAlternativeName(
        [x509.DNSName("a.example"), x509.UniformResourceIdentifier("spiffe://example/a")]
    )
    client = make("named", issuer=root, extra=[names])
    gateway.serve(anchors=[root.parsed.pem])
    gateway.connect(client)
    context = ssl.create_default_context(cafile=gateway.ca)
    context.load_cert_chain(gateway.folder / "client.pem", gateway.folder / "client.key")
    with urllib.request.urlopen(gateway.url, context=context, timeout=5) as answer:
        told = json.load(answer)
    import base64

    assert base64.b64decode(
        told["client_cert_sha256_fingerprint"]
    ) == client.certificate.fingerprint(hashes.SHA256())
    assert (
        base64.b64decode(told["client_cert_subject_dn"])
        == client.certificate.subject.public_bytes()
    )
    assert told["client_cert_spiffe_id"] == "spiffe://example/a"
    assert told["client_cert_leaf"] == f":{base64.b64encode(client.der).decode()}:"
    assert told["client_cert_chain"] == f":{base64.b64encode(root.der).decode()}:"


def _cases() -> dict[str, tuple[dict[str, list[Made]], list[Made]]]:
    root, other = make_ca("Root"), make_ca("Other")
    middle = make_ca("Middle", issuer=root)
    bare = make_ca("No EKU", eku=None)
    below = make_ca("Below", issuer=middle)
    rsa = make_ca("RSA root", key=rsa_key())
    past = {"not_before": NOW - timedelta(days=20), "not_after": NOW - timedelta(days=10)}
    return {
        "direct": ({"anchors": [root]}, [make("c", issuer=root)]),
        "RSA": ({"anchors": [rsa]}, [make("c", issuer=rsa, key=rsa_key())]),
        "by a sent intermediate": ({"anchors": [root]}, [make("c", issuer=middle), middle]),
        "by a kept intermediate": (
            {"anchors": [root], "intermediates": [middle]},
            [make("c", issuer=middle)],
        ),
        "two steps": (
            {"anchors": [root], "intermediates": [middle]},
            [make("c", issuer=below), below],
        ),
        "intermediate as anchor": ({"anchors": [middle]}, [make("c", issuer=middle)]),
        "missing intermediate": ({"anchors": [root]}, [make("c", issuer=middle)]),
        "other root": ({"anchors": [other]}, [make("c", issuer=root)]),
        "self-signed": ({"anchors": [root]}, [make("c")]),
        "allowlisted": ({"anchors": [root], "allowlisted": [a := make("a")]}, [a]),
        "allowlisted and expired": ({"allowlisted": [e := make("e", **past)]}, [e]),
        "expired": ({"anchors": [root]}, [make("c", issuer=root, **past)]),
        "not yet": (
            {"anchors": [root]},
            [
                make(
                    "c",
                    issuer=root,
                    not_before=NOW + timedelta(days=5),
                    not_after=NOW + timedelta(days=9),
                )
            ],
        ),
        "no EKU": ({"anchors": [root]}, [make("c", issuer=root, eku=None)]),
        "server EKU": ({"anchors": [root]}, [make("c", issuer=root, eku=[Eku.SERVER_AUTH])]),
        "code signing besides": (
            {"anchors": [root]},
            [make("c", issuer=root, eku=[Eku.CLIENT_AUTH, Eku.CODE_SIGNING])],
        ),
        "issuer without EKU": ({"anchors": [bare]}, [make("c", issuer=bare)]),
        "a CA as client": ({"anchors": [root]}, [middle]),
        "small RSA key": ({"anchors": [root]}, [make("c", issuer=root, key=weak_key())]),
        "nothing sent": ({"anchors": [root]}, []),
        "empty": ({}, [make("c")]),
    }


def test_the_portals_prediction_agrees_with_the_gateway() -> None:
    """Two verifiers, two implementations of Google's rules, one answer."""
    for name, (held, sent) in _cases().items():
        body: dict[str, Any] = {
            role: [one.parsed.pem for one in held.get(role, [])]
            for role in ("anchors", "intermediates", "allowlisted")
        }
        decided = decide(body, [one.certificate for one in sent], NOW)
        store = TrustStore(
            anchors=[one.der for one in held.get("anchors", [])],
            intermediates=[one.der for one in held.get("intermediates", [])],
            allowlisted=[
                one.parsed.facts.sha256_fingerprint for one in held.get("allowlisted", [])
            ],
        )
        predicted = simulate(store, [one.der for one in sent], purpose=Purpose.MTLS_CLIENT, at=NOW)
        assert (name, predicted.is_accepted, predicted.error) == (
            name,
            decided.is_verified,
            decided.error,
        )
