"""How fast certificates are judged, as ratios within one run: against bare ``cryptography``, against ``openssl``, and in size."""

import hashlib
import subprocess
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store

from pki.caps import MAXIMAL_CERTIFICATES
from pki.certificate import parse
from pki.inspection import inspect
from pki.roles import Purpose
from pki.rules import judge_certificate, proposed_role
from pki.signatures import judge_signatures
from pki.simulate import simulate
from pki.trust_store import TrustStore
from tests.certificates import Made, make, make_ca, rsa_key

NOW = datetime.now(UTC)
CLIENTS = Purpose.MTLS_CLIENT


def main() -> None:
    warnings.simplefilter("ignore")
    root = make_ca("Root CA", key=rsa_key())
    issuers = [make_ca(f"Issuing CA {number}", issuer=root) for number in range(20)]
    leaves = [make(f"client {number}", issuer=issuers[number % 20]) for number in range(980)]
    mozilla = [
        certificate.public_bytes(Encoding.DER)
        for certificate in x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    ]
    single_certificates("made certificates", [made.der for made in leaves[:200]])
    single_certificates("Mozilla's roots", mozilla)
    bundles([*issuers, *leaves])
    simulation(root, issuers)
    start_up()


def bare(der: bytes) -> Any:
    """What ``cryptography`` alone needs to parse and hash a certificate: every field of it, once."""
    certificate = x509.load_der_x509_certificate(der)
    hashlib.sha256(der).hexdigest()
    _ = (
        certificate.version,
        certificate.serial_number,
        certificate.subject,
        certificate.issuer,
        certificate.not_valid_before_utc,
    )
    _ = (
        certificate.not_valid_after_utc,
        certificate.signature_algorithm_oid,
        certificate.signature,
        certificate.tbs_certificate_bytes,
    )
    certificate.public_key()
    _ = certificate.signature_hash_algorithm
    for extension in certificate.extensions:
        _ = extension.value


def _whole(der: bytes) -> None:
    facts = parse(der).facts
    judge_certificate(facts, proposed_role(facts), CLIENTS, at=NOW)


def _fastest(act: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return min(found)


def single_certificates(name: str, ders: list[bytes]) -> None:
    alone, ours = (
        _fastest(lambda act=act: [act(der) for der in ders]) / len(ders) for act in (bare, _whole)
    )
    shown = f"parse + facts + rules, {name}"
    print(f"{shown:<45} {ours * 1e6:.0f} µs = {ours / alone:.2f} × bare cryptography (≤ 3)")
    some = ders[:10]
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-text"]
    process = _fastest(
        lambda: [
            subprocess.run(command, input=der, capture_output=True, check=True) for der in some
        ],
        2,
    ) / len(some)
    print(f"{'':<45} {process / ours:.0f} × faster than one openssl process each (≥ 20)")


def bundles(made: list[Made]) -> None:
    body = b"".join(one.pem for one in made)
    ders = [one.der for one in made]
    alone = _fastest(lambda: [bare(der) for der in ders], 3)
    ours = _fastest(lambda: _judged(body), 3)
    print(
        f"{'bundle of 1,000: intake, chains, limits':<45} {ours:.2f} s = {ours / alone:.1f} × the bare decode (≤ 15)"
    )
    more = [*made, *(make(f"further {number}") for number in range(4 * len(made)))]
    small, large = (
        _fastest(lambda part=part: _facts_judged(part), 3) for part in (more[: len(made)], more)
    )
    print(f"{'the same for 5,000, over that for 1,000':<45} {large / small:.1f} (≤ 6)")


def _judged(body: bytes) -> None:
    found = inspect([("bundle", body)], role=None, purpose=CLIENTS, at=NOW)
    assert len(found.facts) == MAXIMAL_CERTIFICATES


def _facts_judged(made: list[Made]) -> None:
    """Beyond what one upload may hold, so without intake: parse, chains, projected limits, signatures."""
    from pki.estate import Estate
    from pki.plan import Action, Entry, Step
    from pki.rules import judge

    certificates = {(parsed := parse(one.der)).facts.sha256_fingerprint: parsed for one in made}
    facts = {fingerprint: certificate.facts for fingerprint, certificate in certificates.items()}
    steps = [
        Step(Action.ADD, Entry(proposed_role(one), fingerprint))
        for fingerprint, one in facts.items()
    ]
    judge(Estate("–", CLIENTS, frozenset(), facts), 1, steps, at=NOW)
    judge_signatures(certificates.values(), certificates)


def simulation(root: Made, issuers: list[Made]) -> None:
    """One client two steps below an anchor, against 200 anchors and 500 allowlisted certificates."""
    anchors = [root, *(make_ca(f"Anchor {number}") for number in range(199))]
    client = make("client", issuer=issuers[0])
    chain = [client.der, issuers[0].der]
    store = Store([anchor.certificate for anchor in anchors])
    verifier = PolicyBuilder().store(store).time(NOW.replace(tzinfo=None)).build_client_verifier
    client_with_name = make(
        "client",
        issuer=issuers[0],
        extra=[x509.SubjectAlternativeName([x509.DNSName("client.example")])],
    )
    alone = (
        _fastest(
            lambda: [
                verifier().verify(client_with_name.certificate, [issuers[0].certificate])
                for _ in range(200)
            ]
        )
        / 200
    )
    trust_store = TrustStore(
        anchors=[anchor.der for anchor in anchors],
        intermediates=[],
        allowlisted=[f"{number:064x}" for number in range(500)],
    )
    assert simulate(trust_store, chain, purpose=CLIENTS, at=NOW).is_accepted
    ours = (
        _fastest(
            lambda: [simulate(trust_store, chain, purpose=CLIENTS, at=NOW) for _ in range(200)]
        )
        / 200
    )
    print(
        f"{'simulation, 200 anchors and 500 allowlisted':<45} {ours * 1e6:.0f} µs = {ours / alone:.2f} × one bare ClientVerifier.verify (≤ 5)"
    )


def start_up() -> None:
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ca.pem"
        file.write_bytes(make_ca().pem)
        alone, ours = (
            _fastest(
                lambda command=command: subprocess.run(
                    [sys.executable, *command], capture_output=True, check=False
                ),
                5,
            )
            for command in (["-c", "import cryptography.x509"], ["-m", "pki", "inspect", str(file)])
        )
    print(
        f"{'countersign inspect, one CA':<45} {ours:.2f} s = {ours / alone:.1f} × import cryptography.x509 (≤ 3)"
    )


if __name__ == "__main__":
    main()
