"""Facts held against tools and certificates that we did not write: openssl, Mozilla's roots, cryptography's own test vectors."""

import re
import shutil
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pki import bundle, names
from pki.caps import MAXIMAL_CERTIFICATES
from pki.certificate import canonical_pem, der_of_pem, parse
from pki.errors import NotACertificate, PkiError, TooLarge
from pki.facts import CertificateFacts
from tests.certificates import make, make_ca, rsa_key

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="no openssl on this machine"
)


@needs_openssl
@pytest.mark.parametrize(
    "made",
    [make("plain"), make_ca("Root, Inc."), make("rsa", key=rsa_key())],
    ids=["leaf", "ca", "rsa"],
)
def test_facts_are_what_openssl_reads(made: Any, tmp_path: Path) -> None:
    file = tmp_path / "c.der"
    file.write_bytes(made.der)
    command = [
        "openssl",
        "x509",
        "-inform",
        "DER",
        "-in",
        str(file),
        "-noout",
        "-serial",
        "-dates",
        "-fingerprint",
        "-sha256",
        "-subject",
        "-nameopt",
        "RFC2253",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    facts = made.parsed.facts
    assert int(re.search(r"serial=(\w+)", said).group(1), 16) == int(facts.serial_number, 16)
    assert (
        re.search(r"ingerprint=([\w:]+)", said).group(1).replace(":", "").lower()
        == facts.sha256_fingerprint
    )
    assert (
        f"notAfter={facts.not_after:%b} {facts.not_after.day:2d} {facts.not_after:%H:%M:%S %Y} GMT"
        in said
    )
    assert f"subject={facts.subject}" in said


@needs_openssl
def test_the_canonical_pem_is_what_openssl_writes(tmp_path: Path) -> None:
    made = make()
    file = tmp_path / "c.der"
    file.write_bytes(made.der)
    said = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", str(file)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert canonical_pem(made.der) == said
    assert der_of_pem(said) == made.der


def test_every_root_of_mozilla_is_read() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        intake = bundle.read([("mozilla", Path(certifi.where()).read_bytes())])
    assert intake.refusals == []
    assert len(intake.certificates) > 100
    assert all(
        certificate.facts.is_ca
        for certificate in intake.certificates
        if certificate.facts.path_length is not None
    )


def test_facts_survive_being_stored() -> None:
    facts = make().parsed.facts
    assert CertificateFacts.from_json(facts.to_json()) == facts


@needs_openssl
def test_the_key_hash_is_of_the_bytes_that_were_signed(tmp_path: Path) -> None:
    import hashlib

    made = make()
    file = tmp_path / "c.pem"
    file.write_bytes(made.pem)
    pem = subprocess.run(
        ["openssl", "x509", "-in", str(file), "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, capture_output=True, check=True
    ).stdout
    assert made.parsed.facts.spki_sha256 == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", r"a\u{0}b"),
        ("a\u202eb", r"a\u{202e}b"),
        ("é中", "é中"),
        ("x" * 1001, "x" * 1000 + "… (1001, cbe4a2e86e808c9b)"),
    ],
)
def test_names_are_made_safe(text: str, shown: str) -> None:
    assert names.safe(text, 1000) == shown


def test_a_certificate_beyond_all_measure_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse(b"\x30" + b"\x00" * 70_000)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2000))
def test_bytes_never_raise_anything_but_our_errors(body: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        armored = b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----"
        for source in (body, armored, b"\x30\x82" + body):
            found = bundle.read([("x", source)])
            assert len(found.certificates) + len(found.refusals) <= MAXIMAL_CERTIFICATES + 1


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_certificate_with_any_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    der = bytearray(_BASE)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parse(bytes(der))
        except PkiError as error:
            assert isinstance(error, NotACertificate)


_BASE = make_ca("Base").der


@pytest.mark.parametrize(
    "body",
    [
        b"-----BEGIN CERTIFICATE-----\n" * 170_000,
        b"-----BEGIN " * 450_000,
        b"\x30\x80" * 2_000_000,
        b"\x30\x84\xff\xff\xff\xff" + b"\x00" * 1000,
        b"-----BEGIN CERTIFICATE-----\n" + b"A" * 4_900_000 + b"\n-----END CERTIFICATE-----",
    ],
    ids=["begins", "half begins", "nested", "length", "one line of 5 MB"],
)
def test_a_hostile_file_costs_little(body: bytes) -> None:
    start = time.perf_counter()
    intake = bundle.read([("hostile", body)])
    assert not intake.certificates
    assert intake.refusals
    assert time.perf_counter() - start < 10  # a bound against the quadratic, not a speed
