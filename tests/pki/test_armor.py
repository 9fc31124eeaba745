"""Whatever people really paste and pack: odd dashes, invisible characters, bare base64, archives good and hostile."""

import base64
import io
import time
import tracemalloc
import zipfile
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from pki import archives, bundle
from pki.certificate import canonical_pem
from pki.errors import PkiError
from pki.plan import Entry, difference, revision_digest
from pki.roles import TrustRole
from tests.certificates import ec_key, make, make_ca, rsa_key

LEAF, CA = make(), make_ca()


def found(body: bytes) -> list[str]:
    intake = bundle.read([("f", body)])
    return [certificate.facts.sha256_fingerprint for certificate in intake.certificates]


def codes(body: bytes) -> list[str]:
    return [refusal.code for refusal in bundle.read([("f", body)]).refusals]


PEM = LEAF.pem.decode()


@pytest.mark.parametrize(
    "text",
    [
        PEM.replace("-----", "－－－－－"),
        PEM.replace("-----", "—————"),
        PEM.replace("-----", "--"),
        PEM.replace("BEGIN CERTIFICATE", "Begin Certificate").replace(
            "END CERTIFICATE", "end certificate"
        ),
        PEM.replace("BEGIN CERTIFICATE", "BEGIN\u3000CERTIFICATE"),
        "\u200b" + PEM.replace("\n", "\u200b\n"),
        PEM.replace("\n", "\r"),
        "\n".join("    " + line for line in PEM.splitlines()),
        "".join(PEM.splitlines()),
        "证书如下：\n" + PEM + "\n谢谢",
        base64.b64encode(LEAF.der).decode(),
        base64.encodebytes(LEAF.der).decode(),
    ],
    ids=[
        "full-width",
        "em dash",
        "two dashes",
        "lower case",
        "ideographic space",
        "zero width",
        "CR",
        "indented",
        "one line",
        "text around",
        "bare",
        "bare lines",
    ],
)
def test_what_people_paste_is_read(text: str) -> None:
    assert found(text.encode()) == [LEAF.fingerprint]
    assert found(text.encode("utf-16")) == [LEAF.fingerprint]


def _key(
    format_: serialization.PrivateFormat,
    encryption: serialization.KeySerializationEncryption,
    encoding: serialization.Encoding,
) -> bytes:
    return rsa_key().private_bytes(encoding, format_, encryption)


PLAIN, SECRET = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"secret")
ENCODING, FORM = serialization.Encoding, serialization.PrivateFormat


@pytest.mark.parametrize(
    "body",
    [
        _key(FORM.TraditionalOpenSSL, PLAIN, ENCODING.PEM).replace(b"-----", "－－－－－".encode()),
        _key(FORM.PKCS8, PLAIN, ENCODING.PEM).lower().replace(b"begin", b"Begin"),
        _key(FORM.PKCS8, SECRET, ENCODING.PEM),
        _key(FORM.OpenSSH, PLAIN, ENCODING.PEM),
        _key(FORM.PKCS8, PLAIN, ENCODING.DER),
        base64.encodebytes(_key(FORM.PKCS8, PLAIN, ENCODING.DER)),
        base64.b64encode(_key(FORM.PKCS8, PLAIN, ENCODING.DER)).replace(b"A", b"A "),
        LEAF.pem + _key(FORM.PKCS8, PLAIN, ENCODING.PEM) + CA.pem,
        LEAF.pem.replace(b"\n", b"\r\n")
        + _key(FORM.TraditionalOpenSSL, PLAIN, ENCODING.PEM).replace(b"\n", b"\r\n"),
    ],
)
def test_a_private_key_is_seen_in_any_dress(body: bytes) -> None:
    assert found(body) == []
    assert codes(body) == ["IN-KEY-01"]


P8, PEM_KEY = _key(FORM.PKCS8, PLAIN, ENCODING.DER), _key(FORM.PKCS8, PLAIN, ENCODING.PEM)
P12 = pkcs12.serialize_key_and_certificates(b"x", rsa_key(), None, None, SECRET)
SM2 = (
    ec_key()
    .private_bytes(ENCODING.DER, FORM.PKCS8, PLAIN)
    .replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a811ccf5501822d"))
)
DRESSES = {
    "bare base64 after a certificate": LEAF.pem + base64.encodebytes(P8),
    "bare base64 of a PKCS#12": LEAF.pem + base64.encodebytes(P12),
    "base64 of PEM in YAML": LEAF.pem + b"  tls.key: " + base64.b64encode(PEM_KEY) + b"\n",
    "a Kubernetes secret": b"data:\n  tls.crt: "
    + base64.b64encode(LEAF.pem)
    + b"\n  tls.key: "
    + base64.b64encode(PEM_KEY),
    "XML": LEAF.pem + b"<RSAKeyValue><Modulus>x</Modulus><D>abc</D></RSAKeyValue>",
    "a JWK with single quotes": LEAF.pem + b"{'kty': 'RSA', 'd': 'x'}",
    "an ideographic space": LEAF.pem + PEM_KEY.replace(b"PRIVATE KEY", "PRIVATE\u3000KEY".encode()),
    "a hard space": LEAF.pem + PEM_KEY.replace(b"PRIVATE KEY", "PRIVATE\u00a0KEY".encode()),
    "an underscore": LEAF.pem + PEM_KEY.replace(b"PRIVATE KEY", b"PRIVATE_KEY"),
    "full-width letters": LEAF.pem
    + PEM_KEY.replace(b"PRIVATE KEY", "ＰＲＩＶＡＴＥ ＫＥＹ".encode()),
    "a NUL": LEAF.pem + PEM_KEY.replace(b"PRIVATE KEY", b"PRI\0VATE KEY"),
    "the label of a certificate": LEAF.pem
    + b"-----BEGIN CERTIFICATE-----\n"
    + base64.encodebytes(P8)
    + b"-----END CERTIFICATE-----\n",
    "a PKCS#12 as PKCS#7": LEAF.pem
    + b"-----BEGIN PKCS7-----\n"
    + base64.encodebytes(P12)
    + b"-----END PKCS7-----\n",
    "encrypted PKCS#8": _key(FORM.PKCS8, SECRET, ENCODING.DER),
    "SEC 1": ec_key().private_bytes(ENCODING.DER, FORM.TraditionalOpenSSL, PLAIN),
    "PKCS#1": _key(FORM.TraditionalOpenSSL, PLAIN, ENCODING.DER),
    "SM2": SM2,
    "a line end after DER": P8 + b"\n",
    "a byte order mark before DER": b"\xef\xbb\xbf" + P8,
    "UTF-16 without a mark": PEM_KEY.decode().encode("utf-16-be"),
    "UTF-32": PEM_KEY.decode().encode("utf-32"),
}


@pytest.mark.parametrize("dress", sorted(DRESSES))
def test_a_private_key_is_seen_in_every_dress_that_hostile_testing_found(dress: str) -> None:
    assert found(DRESSES[dress]) == []
    assert codes(DRESSES[dress])[0] in {"IN-KEY-01", "IN-KEY-02"}


@pytest.mark.parametrize(
    "body",
    [
        b"-" * 5_000_000,
        b"-" * 20_000 + b"BEGIN",
        (b"-" * 40 + b"BEGIN ") * 100_000,
        b"A" * 64 + b" " * 20_000 + b"!",
        "—".encode() * 1_600_000 + b"BEGIN",
    ],
)
def test_text_that_is_dear_for_a_careless_pattern_is_cheap(body: bytes) -> None:
    start = time.process_time()
    bundle.read([("f", body)])
    assert time.process_time() - start < 2


def test_an_archive_with_a_compression_that_asks_for_memory_first_is_refused() -> None:
    body = bytearray(packed({"a.pem": LEAF.pem}, zipfile.ZIP_LZMA))
    assert codes(bytes(body)) == ["IN-ZIP-01"]


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def test_an_archive_is_opened_and_each_file_in_it_speaks_for_itself() -> None:
    body = packed(
        {
            "ca/root.pem": CA.pem,
            "leaf.der": LEAF.der,
            "readme.txt": b"hello",
            "__MACOSX/._leaf.der": b"x",
            ".DS_Store": b"x",
        }
    )
    intake = bundle.read([("all.zip", body)])
    assert {certificate.facts.sha256_fingerprint for certificate in intake.certificates} == {
        CA.fingerprint,
        LEAF.fingerprint,
    }
    assert [(refusal.source, refusal.code) for refusal in intake.refusals] == [
        ("all.zip/readme.txt", "IN-PARSE-01")
    ]


def test_a_private_key_in_an_archive_refuses_the_whole_archive() -> None:
    body = packed({"leaf.pem": LEAF.pem, "leaf.key": _key(FORM.PKCS8, PLAIN, ENCODING.PEM)})
    intake = bundle.read([("all.zip", body)])
    assert intake.certificates == []
    assert [(refusal.source, refusal.code) for refusal in intake.refusals] == [
        ("all.zip/leaf.key", "IN-KEY-01")
    ]


@pytest.mark.parametrize(
    "name", ["../evil.pem", "a/../../evil.pem", "/etc/evil.pem", "..\\evil.pem", "C:\\evil.pem"]
)
def test_a_name_that_leads_out_of_the_archive_refuses_it(name: str) -> None:
    assert codes(packed({"leaf.pem": LEAF.pem, name: LEAF.pem})) == ["IN-ZIP-02"]


def _encrypted() -> bytes:
    body = bytearray(packed({"leaf.pem": LEAF.pem}))
    body[6] |= 1
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    return bytes(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (packed({"a.zip": packed({"leaf.pem": LEAF.pem})}), "IN-ZIP-06"),
        (packed({"a.gz": b"\x1f\x8b\x08\x00rest"}), "IN-ZIP-06"),
        (packed({"bomb": b"\0" * 4_000_000}), "IN-ZIP-05"),
        (
            packed({f"{n}": b"-" * 400_000 for n in range(14)}, zipfile.ZIP_STORED)[:4_999_999],
            "IN-ZIP-01",
        ),
        (packed({f"{n}.pem": b"x" for n in range(1_001)}), "IN-ZIP-03"),
        (packed({"leaf.pem": LEAF.pem})[:-30], "IN-ZIP-01"),
        (_encrypted(), "IN-ZIP-04"),
        (b"\x1f\x8b\x08\x00" + b"x" * 100, "IN-ZIP-07"),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 100, "IN-ZIP-07"),
        (packed({}), "IN-PARSE-01"),
    ],
    ids=[
        "nested",
        "gzip inside",
        "bomb",
        "cut",
        "too many",
        "no end",
        "encrypted",
        "gzip",
        "7z",
        "empty",
    ],
)
def test_a_hostile_archive_is_refused_with_its_reason(body: bytes, code: str) -> None:
    assert codes(body) == [code]


def test_many_files_that_unpack_to_too_much_together_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "MAXIMAL_UNPACKED_BYTES", 3 * len(LEAF.pem))
    assert codes(packed({f"{n}.pem": LEAF.pem for n in range(4)})) == ["IN-ZIP-05"]


def test_duplicates_are_counted_with_where_they_were() -> None:
    intake = bundle.read([("a", LEAF.pem + LEAF.pem), ("b", LEAF.der)])
    assert len(intake.certificates) == 1
    assert intake.duplicates == [("a", LEAF.fingerprint), ("b", LEAF.fingerprint)]


def test_a_hostile_archive_costs_neither_time_nor_memory() -> None:
    body = packed({f"{n}": b"\0" * 4_900_000 for n in range(20)})
    tracemalloc.start()
    start = time.perf_counter()
    assert codes(body) == ["IN-ZIP-05"]
    assert time.perf_counter() - start < 2
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b""]))
def test_no_archive_raises_anything_but_our_errors(body: bytes, magic: bytes) -> None:
    try:
        list(archives.members(magic + body))
    except PkiError as error:
        assert error.code.startswith("IN-ZIP")


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=300))
def test_canonical_pem_has_its_length_and_is_itself(der: bytes) -> None:
    from pki.certificate import canonical_pem_length

    pem = canonical_pem(der)
    assert len(pem) == canonical_pem_length(len(der))
    body = "".join(pem.splitlines()[1:-1])
    assert canonical_pem(base64.b64decode(body)) == pem


ENTRIES = st.frozensets(
    st.builds(
        Entry, st.sampled_from(TrustRole), st.text("0123456789abcdef", min_size=1, max_size=4)
    )
)


@settings(max_examples=200)
@given(ENTRIES, ENTRIES, st.randoms())
def test_the_difference_applied_to_the_one_gives_the_other_and_digests_ignore_order(
    before: frozenset[Entry], after: frozenset[Entry], random: Any
) -> None:
    found = difference(before, after)
    assert (before - found.removed) | found.added == after
    shuffled = list(after)
    random.shuffle(shuffled)
    assert revision_digest(shuffled) == revision_digest(after)
