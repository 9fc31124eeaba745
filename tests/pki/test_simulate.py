"""Will this client get in: each answer of the simulator with a client that gets it, and agreement with openssl where that can be asked."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pki.catalogue_outcomes import OUTCOMES
from pki.roles import Purpose
from pki.simulate import Verdict, simulate
from pki.trust_store import TrustStore
from tests.certificates import (
    CLIENT_AUTH,
    CODE_SIGNING,
    DAY,
    SERVER_AUTH,
    Made,
    make,
    make_ca,
    weak_key,
)

NOW = datetime.now(UTC)
ROOT = make_ca("Root")
SUB = make_ca("Sub", issuer=ROOT)


def store(
    *anchors: Made, intermediates: tuple[Made, ...] = (), allowlisted: tuple[Made, ...] = ()
) -> TrustStore:
    listed = [made.fingerprint for made in allowlisted]
    return TrustStore(
        anchors=[made.der for made in anchors],
        intermediates=[made.der for made in intermediates],
        allowlisted=listed,
    )


def ask(
    trusted: TrustStore, *chain: Made, purpose: Purpose = Purpose.MTLS_CLIENT, at: datetime = NOW
) -> Verdict:
    return simulate(trusted, [made.der for made in chain], purpose=purpose, at=at)


def test_a_client_below_an_anchor_gets_in_and_the_path_is_named() -> None:
    client = make("client", issuer=SUB)
    verdict = ask(store(ROOT), client, SUB)
    assert verdict.is_accepted
    assert (verdict.code, verdict.path) == (
        "SIM-OK-02",
        (client.fingerprint, SUB.fingerprint, ROOT.fingerprint),
    )


def test_an_intermediate_of_the_trust_config_needs_not_be_sent() -> None:
    client = make("client", issuer=SUB)
    assert ask(store(ROOT, intermediates=(SUB,)), client).is_accepted
    assert ask(store(ROOT), client).code == "SIM-NO-12"


def test_the_allowlist_comes_first_and_asks_neither_for_dates_nor_for_issuers() -> None:
    expired = make("old", not_before=NOW - 9 * DAY, not_after=NOW - DAY, eku=[SERVER_AUTH])
    assert ask(store(ROOT, allowlisted=(expired,)), expired).code == "SIM-OK-01"
    assert not ask(store(ROOT), expired).is_accepted


def _other_key() -> tuple[TrustStore, Made]:
    """The issuer's name and key are there, under another key identifier."""
    twin = make_ca(
        "Root", key=ROOT.key, key_ids=False, extra=[x509.SubjectKeyIdentifier(b"\x01" * 20)]
    )
    return store(twin), make("client", issuer=ROOT)


def _deep() -> tuple[TrustStore | Made, ...]:
    line = [make_ca("CA 0")]
    for number in range(1, 10):
        line.append(make_ca(f"CA {number}", issuer=line[-1]))
    return store(line[0]), make("client", issuer=line[-1]), *reversed(line[1:])


def _constrained(count: int) -> Made:
    names = x509.NameConstraints(
        [x509.DNSName(f"n{number}.example") for number in range(count)], None
    )
    return make_ca("Constrained", extra=[names])


def _crowd() -> tuple[TrustStore, Made]:
    crowd = tuple(make_ca("Crowd", issuer=ROOT) for _ in range(101))
    return store(ROOT, intermediates=crowd), make("client", issuer=crowd[0])


NO_USAGE, NARROW = make_ca("No usage", eku=None), make_ca("Narrow", issuer=ROOT, path_length=0)
CASES: dict[str, Callable[[], Verdict]] = {
    "SIM-OK-01": lambda: ask(store(ROOT, allowlisted=(SUB,)), SUB),
    "SIM-OK-02": lambda: ask(store(ROOT), make("client", issuer=ROOT)),
    "SIM-NO-01": lambda: ask(store(ROOT)),
    "SIM-NO-02": lambda: ask(store(), make()),
    "SIM-NO-03": lambda: simulate(
        store(ROOT), [b"\x30\x03\x02\x01\x01"], purpose=Purpose.MTLS_CLIENT, at=NOW
    ),
    "SIM-NO-04": lambda: ask(store(ROOT), *[make()] * 12),
    "SIM-NO-05": lambda: ask(
        store(ROOT), make("client", issuer=ROOT, key=ed25519.Ed25519PrivateKey.generate())
    ),
    "SIM-NO-06": lambda: ask(store(ROOT), make("client", issuer=ROOT, key=weak_key())),
    "SIM-NO-07": lambda: ask(
        store(ROOT), make("client", issuer=ROOT, key=ec.generate_private_key(ec.SECP521R1()))
    ),
    "SIM-NO-08": lambda: ask(store(ROOT), make("client", issuer=ROOT, eku=None)),
    "SIM-NO-09": lambda: ask(store(ROOT), SUB, ROOT),
    "SIM-NO-10": lambda: ask(
        store(ROOT), make("client", issuer=ROOT, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    ),
    "SIM-NO-11": lambda: ask(
        store(make_ca("Edward", key=_EDWARD)),
        make("client", issuer=Made(make_ca("Edward", key=_EDWARD).certificate, _EDWARD)),
    ),
    "SIM-NO-12": lambda: ask(store(ROOT), make("client", issuer=make_ca("Stranger"))),
    "SIM-NO-13": lambda: ask(store(NO_USAGE), make("client", issuer=NO_USAGE)),
    "SIM-NO-14": lambda: ask(*_other_key()),
    "SIM-NO-15": lambda: ask(
        store(_CONSTRAINED), make("client", issuer=_CONSTRAINED, extra=[_NAME])
    ),
    "SIM-NO-16": lambda: ask(*_crowd()),
    "SIM-NO-17": lambda: ask(store(make_ca("Root", key_ids=False)), make("client", issuer=ROOT)),
    "SIM-NO-18": lambda: ask(
        store(ROOT), make("client", issuer=ROOT, eku=[CLIENT_AUTH, CODE_SIGNING])
    ),
    "SIM-NO-19": lambda: ask(*_deep()),
    "SIM-NO-20": lambda: ask(store(ROOT), make("alone")),
    "SIM-UNSURE-01": lambda: ask(store(_URI), make("client", issuer=_URI, extra=[_NAME])),
}
_EDWARD = ed25519.Ed25519PrivateKey.generate()
_CONSTRAINED = _constrained(11)
_NAME = x509.SubjectAlternativeName(
    [x509.DNSName("a.n0.example"), x509.UniformResourceIdentifier("https://n0.example/")]
)
_URI = make_ca(
    "URI", extra=[x509.NameConstraints([x509.UniformResourceIdentifier("n0.example")], None)]
)


@pytest.mark.parametrize("code", sorted(CASES))
def test_each_answer_is_given_when_it_is_due(code: str) -> None:
    verdict = CASES[code]()
    assert verdict.code == code, verdict
    for language in ("en", "zh-hans"):
        assert "?" not in OUTCOMES[code].sentence.in_language(language, verdict.evidence)


def test_every_answer_has_a_case() -> None:
    assert set(CASES) == set(OUTCOMES)


def test_ten_certificates_are_accepted_and_eleven_are_not() -> None:
    """As google.md §7 measured: the anchor and the client included."""
    line = [make_ca("CA 0")]
    for number in range(1, 10):
        line.append(make_ca(f"CA {number}", issuer=line[-1]))
    accepted = ask(store(line[0]), make("client", issuer=line[8]), *reversed(line[1:9]))
    assert (accepted.is_accepted, len(accepted.path)) == (True, 10)
    assert (
        ask(store(line[0]), make("client", issuer=line[9]), *reversed(line[1:])).error
        == "client_cert_chain_exceeded_limit"
    )


def test_a_second_path_is_tried_when_google_would_not_take_the_first() -> None:
    """Two cross-signed issuing CAs of one key: one without the extended key usage, one with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    without, having = (
        make_ca("Cross", issuer=ROOT, key=key, eku=None),
        make_ca("Cross", issuer=ROOT, key=key),
    )
    client = make("client", issuer=having)
    for order in ((without, having), (having, without)):
        verdict = ask(store(ROOT), client, *order)
        assert verdict.path[1:2] == (having.fingerprint,)
    assert ask(store(ROOT), client, without).code == "SIM-NO-13"


def test_an_intermediate_that_is_a_trust_anchor_itself_is_enough() -> None:
    assert ask(store(SUB), make("client", issuer=SUB)).is_accepted


def test_the_date_decides() -> None:
    client = make("client", issuer=ROOT)
    assert ask(store(ROOT), client, at=NOW + 300 * DAY).is_accepted
    assert ask(store(ROOT), client, at=NOW + 400 * DAY).code == "SIM-NO-10"


def test_backends_are_asked_for_server_authentication() -> None:
    root = make_ca("Backends", eku=[SERVER_AUTH])
    backend = make("backend", issuer=root, eku=[SERVER_AUTH])
    assert ask(store(root), backend, purpose=Purpose.MTLS_SERVER).is_accepted
    assert ask(store(root), backend).code == "SIM-NO-08"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("trusted", [True, False])
def test_openssl_says_the_same_of_a_chain(trusted: bool, tmp_path: Path) -> None:
    client, anchor = make("client", issuer=SUB), ROOT if trusted else make_ca("Root")
    for name, made in (("root", anchor), ("sub", SUB), ("client", client)):
        (tmp_path / name).write_bytes(made.pem)
    command = [
        "openssl",
        "verify",
        "-purpose",
        "sslclient",
        "-CAfile",
        tmp_path / "root",
        "-untrusted",
        tmp_path / "sub",
        tmp_path / "client",
    ]
    assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) is trusted
    assert ask(store(anchor), client, SUB).is_accepted is trusted
