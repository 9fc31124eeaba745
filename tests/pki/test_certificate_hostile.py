"""Hostile files cost no more than 2 s and 100 MB beyond the program itself, and end in a finding or a clear refusal."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from pki.caps import MAXIMAL_DER_BYTES
from pki.certificate import canonical_pem
from tests.certificates import ec_key, make

ROOT = Path(__file__).resolve().parents[2]


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = (
        bytes([size])
        if size < 128
        else bytes([0x80 | (size.bit_length() + 7) // 8])
        + size.to_bytes((size.bit_length() + 7) // 8, "big")
    )
    return bytes([tag]) + length + body


def certificate(
    *, serial: bytes = b"\x01", subject: bytes = b"", spki: bytes = b"", extensions: bytes = b""
) -> bytes:
    """A certificate put together byte by byte; its signature is nothing."""
    algorithm = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
    name = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"x"))))
    validity = tlv(0x30, tlv(0x17, b"250101000000Z"), tlv(0x17, b"490101000000Z"))
    key = spki or ec_key().public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    parts = [
        tlv(0xA0, b"\x02\x01\x02"),
        tlv(0x02, serial),
        algorithm,
        name,
        validity,
        subject or name,
        key,
    ]
    tbs = tlv(0x30, *parts, tlv(0xA3, tlv(0x30, extensions)) if extensions else b"")
    return tlv(0x30, tbs, algorithm, tlv(0x03, b"\x00" + tlv(0x30, b"\x02\x01\x01\x02\x01\x01")))


def extension(oid: str, value: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex(oid), tlv(0x04, value))


def nested(depth: int) -> bytes:
    headers, size = [], 0
    for _ in range(depth):
        header = b"\x30" + bytes([size]) if size < 128 else b"\x30\x83" + size.to_bytes(3, "big")
        headers.append(header)
        size += len(header)
    return b"".join(reversed(headers))


def many_names(count: int) -> bytes:
    return tlv(0x30, b"".join(tlv(0x82, f"h{number}".encode()) for number in range(count)))


def rdns(count: int) -> bytes:
    return tlv(
        0x30,
        b"".join(
            tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"\x01" * 5)))
            for _ in range(count)
        ),
    )


def rsa_spki(bits: int, exponent: int) -> bytes:
    numbers = tlv(
        0x30,
        tlv(0x02, b"\x00" + b"\xff" * (bits // 8)),
        tlv(0x02, exponent.to_bytes((exponent.bit_length() + 8) // 8, "big")),
    )
    return tlv(
        0x30,
        tlv(0x30, bytes.fromhex("06092a864886f70d010101"), b"\x05\x00"),
        tlv(0x03, b"\x00" + numbers),
    )


# Two seconds of a processor that inspects one harmless file in 0.18 s; a ratio, since machines differ by more than two.
MOST_TIMES_HARMLESS = 11
SAN, BASIC, NAME_CONSTRAINTS = "0603551d11", "0603551d13", "0603551d1e"
CASES: dict[str, Callable[[], bytes]] = {
    "nested": lambda: certificate(extensions=extension(SAN, nested(9_000))),
    "nested deep": lambda: nested(900_000),
    "giant serial": lambda: certificate(serial=b"\x7f" * 60_000),
    "giant modulus": lambda: certificate(spki=rsa_spki(480_000, 65_537)),
    "giant exponent": lambda: certificate(spki=rsa_spki(16_000, (1 << 15_999) + 1)),
    "huge name": lambda: certificate(
        subject=tlv(
            0x30,
            tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"\xe4\xbd\xa0" * 20_000))),
        )
    ),
    "many attributes": lambda: certificate(subject=rdns(3_500)),
    "duplicate extensions": lambda: certificate(extensions=extension(BASIC, b"\x30\x00") * 2),
    "100,000 names": lambda: certificate(extensions=extension(SAN, many_names(100_000))),
    "as many names as fit": lambda: certificate(extensions=extension(SAN, many_names(8_000))),
    "many constraints": lambda: certificate(
        extensions=extension(
            NAME_CONSTRAINTS, tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"a.b")) * 7_000))
        )
    ),
    "a bundle of the worst": lambda: b"".join(
        canonical_pem(
            certificate(subject=rdns(1_700), extensions=extension(SAN, many_names(3_000)))
        ).encode()
        for _ in range(58)
    ),
    "a thousand self-signed with a slow key": lambda: (
        canonical_pem(certificate(spki=rsa_spki(16_000, (1 << 64) + 13))).encode() * 1_000
    ),
}


def _inspect(file: Path) -> tuple[float, int, str]:
    """Seconds of a processor, the largest kilobytes in memory, and what was printed."""
    command = [sys.executable, "-m", "pki", "inspect", "--format", "json", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    said = process.stdout.read().decode()
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, said


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_hostile_file_costs_little_and_gets_a_clear_answer(name: str, tmp_path: Path) -> None:
    harmless, hostile = tmp_path / "harmless.pem", tmp_path / "hostile.bin"
    harmless.write_bytes(make().pem)
    hostile.write_bytes(CASES[name]())
    base_seconds, base_memory, _said = _inspect(harmless)
    seconds, memory, said = _inspect(hostile)
    assert seconds < MOST_TIMES_HARMLESS * base_seconds, (seconds, base_seconds)
    assert memory - base_memory < 100_000, memory
    answer = json.loads(said)
    assert answer["certificates"] or answer["refusals"]


def test_a_certificate_at_the_cap_is_read_and_one_byte_more_is_refused() -> None:
    from pki.certificate import parse
    from pki.errors import TooLarge

    plain = len(certificate(extensions=extension(SAN, many_names(1))))
    filler = MAXIMAL_DER_BYTES - plain - 40
    der = certificate(serial=b"\x01" * filler, extensions=extension(SAN, many_names(1)))
    missing = MAXIMAL_DER_BYTES - len(der)
    der = certificate(serial=b"\x01" * (filler + missing), extensions=extension(SAN, many_names(1)))
    assert len(der) == MAXIMAL_DER_BYTES
    assert parse(der).facts.serial_byte_count == filler + missing
    with pytest.raises(TooLarge):
        parse(
            certificate(
                serial=b"\x01" * (filler + missing + 1), extensions=extension(SAN, many_names(1))
            )
        )


def test_a_nul_and_a_change_of_direction_in_a_name_are_made_visible() -> None:
    from pki.certificate import parse

    text = tlv(
        0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, "a\0b\u202ec".encode())))
    )
    facts = parse(certificate(subject=text)).facts
    assert facts.subject == r"CN=a\u{0}b\u{202e}c" or r"\u{202e}" in facts.subject
    assert "\0" not in facts.subject


def test_our_builder_makes_what_cryptography_reads() -> None:
    made = x509.load_der_x509_certificate(certificate())
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "x"
    assert isinstance(made.signature_hash_algorithm, hashes.SHA256)
    assert RSAPublicNumbers(65_537, 3 << 2_048).e == 65_537
