"""Intake's corners: caps over several sources, keys in every wrapping, odd keys and signatures that are named and not crashed on."""

import base64
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from pki import bundle, der
from pki.catalogue import text_of
from pki.certificate import canonical_pem, der_of_pem, parse
from pki.errors import NotACertificate
from pki.keys import private_key_code
from pki.texts import Said
from tests.certificates import Made, make, make_ca


def codes(*bodies: bytes) -> list[str]:
    return [
        refusal.code
        for refusal in bundle.read([(f"f{n}", body) for n, body in enumerate(bodies)]).refusals
    ]


def _key(encoding: Encoding = Encoding.DER, *, secret: bytes = b"", key: Any = None) -> bytes:
    encryption = BestAvailableEncryption(secret) if secret else NoEncryption()
    return (key or make().key).private_bytes(encoding, PrivateFormat.PKCS8, encryption)


def _p12() -> bytes:
    made = make()
    return pkcs12.serialize_key_and_certificates(
        b"x", made.key, made.certificate, None, NoEncryption()
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda: _key(secret=b"pw"), "IN-KEY-01"),
        (lambda: _key(key=ed25519.Ed25519PrivateKey.generate()), "IN-KEY-01"),
        (lambda: base64.b64encode(_key()), "IN-KEY-01"),
        (lambda: base64.encodebytes(_p12()), "IN-KEY-02"),
        (lambda: _key(Encoding.PEM).decode().encode("utf-16-le"), "IN-KEY-01"),
        (
            lambda: (
                b"-----BEGIN PRIVATE  KEY-----\nAAAA\n-----END PRIVATE  KEY-----\n" + make().pem
            ),
            "IN-KEY-01",
        ),
        (lambda: b"PuTTY-User-Key-File-3: ssh-rsa\n", "IN-KEY-01"),
        (lambda: json.dumps({"kty": "EC", "crv": "P-256", "d": "AAAA"}).encode(), "IN-KEY-01"),
        (lambda: b"\xce\xce\xce\xce" + b"\x00" * 20, "IN-KEY-03"),
    ],
    ids=[
        "encrypted PKCS#8 DER",
        "Ed25519 DER",
        "base64",
        "base64 PKCS#12",
        "UTF-16 without mark",
        "two spaces",
        "PuTTY",
        "JWK",
        "JCEKS",
    ],
)
def test_a_private_key_is_known_in_every_wrapping(body: Any, code: str) -> None:
    assert codes(body()) == [code]


@pytest.mark.parametrize(
    "text", [b"just words", b"A" * 65, b"QUJD" * 40, b"=" * 100, b'{"kty": "EC"}']
)
def test_what_is_no_key_is_not_called_one(text: bytes) -> None:
    assert private_key_code(text, text) is None


def test_caps_count_over_all_sources_together() -> None:
    assert codes(b"x" * 3_000_000, b"y" * 3_000_000) == ["IN-SIZE-01"]
    assert bundle.read_one(b"x" * 5_000_001)[1][0].code == "IN-SIZE-01"


def test_too_many_distinct_certificates_are_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAXIMAL_CERTIFICATES", 2)
    assert codes(make().pem, make().pem, make().pem) == ["IN-COUNT-01"]
    assert codes(make().pem * 3) == ["IN-COUNT-01"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"-----BEGIN \xff\xff-----\nx", "IN-TRUNCATED-01"),
        (b"-----BEGIN CERTIFICATE-----\nnever ends", "IN-TRUNCATED-01"),
        (b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----", "IN-TRUNCATED-01"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "IN-PARSE-02"),
        (b"-----BEGIN SSH2 THING-----\nAAAA\n-----END SSH2 THING-----", "IN-LABEL-01"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "IN-PUBKEY-01"),
        (b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----", "IN-PKCS7-01"),
        (b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "IN-PKCS7-01"),
    ],
)
def test_each_damage_has_its_sentence(body: bytes, code: str) -> None:
    assert codes(body) == [code]
    assert text_of(code).sentence.in_language("en", {})


def test_a_csr_and_a_crl_in_der_are_told_apart() -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes

    ca, now = make_ca(), datetime.now(UTC)
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(ca.certificate.subject)
        .sign(ca.key, hashes.SHA256())
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(now)
        .next_update(now + timedelta(days=1))
    )
    assert codes(csr.public_bytes(Encoding.DER)) == ["IN-CSR-01"]
    assert codes(crl.sign(ca.key, hashes.SHA256()).public_bytes(Encoding.DER)) == ["IN-CRL-01"]


def test_a_certificate_too_large_is_refused_and_the_others_stay() -> None:
    huge = make(
        extra=[
            x509.SubjectAlternativeName(
                [x509.DNSName(f"host-{n:05}.example.com") for n in range(4000)]
            )
        ]
    )
    good = make()
    intake = bundle.read([("both", huge.pem + good.pem)])
    assert [refusal.code for refusal in intake.refusals] == ["IN-SIZE-02"]
    assert [certificate.facts.sha256_fingerprint for certificate in intake.certificates] == [
        good.fingerprint
    ]


def test_many_names_are_kept_as_a_hundred_and_a_count() -> None:
    made = make(extra=[x509.SubjectAlternativeName([x509.DNSName(f"h{n}") for n in range(150)])])
    names = made.parsed.facts.subject_alternative_names
    assert (len(names), names[0], names[-1]) == (101, "DNS:h0", "+50")


def test_name_constraints_path_length_and_identifiers_are_read() -> None:
    ca = make_ca()
    subtrees = x509.NameConstraints(
        [x509.DNSName("a.example"), x509.DNSName("b.example")], [x509.DNSName("c.example")]
    )
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca.key.public_key())
    facts = make_ca(
        issuer=ca,
        key_ids=False,
        extra=[subtrees, key_id, x509.AuthorityKeyIdentifier(b"\x01\x02", None, None)],
    ).parsed.facts
    assert (facts.name_constraint_count, facts.authority_key_identifier, facts.path_length) == (
        3,
        "0102",
        None,
    )
    assert facts.subject_key_identifier == key_id.digest.hex()


def _swap(made: Made, old: str, new: str) -> bytes:
    return made.der.replace(bytes.fromhex(old), bytes.fromhex(new))


def test_an_sm2_key_is_named_and_not_crashed_on() -> None:
    """P-256's OID replaced by SM2's: lengths differ by nothing that matters to the reader of names."""
    facts = parse(_swap(make(), "06082a8648ce3d030107", "06082a811ccf5501822d")).facts
    assert facts.key_algorithm == "SM2"


def test_an_unknown_signature_algorithm_is_named_and_not_crashed_on() -> None:
    facts = parse(_swap(make(), "06082a8648ce3d040302", "06082a811ccf55018375")).facts
    assert (facts.signature_hash, facts.is_self_signed) == ("unknown", True)
    assert facts.signature_algorithm


def test_a_self_issued_certificate_with_another_key_is_not_self_signed() -> None:
    ca = make_ca("Same Name")
    facts = make_ca("Same Name", issuer=ca).parsed.facts
    assert (facts.is_self_issued, facts.is_self_signed) == (True, False)


def test_an_ed25519_signature_has_no_hash_of_its_own() -> None:
    facts = make(key=ed25519.Ed25519PrivateKey.generate()).parsed.facts
    assert (facts.key_algorithm, facts.signature_hash) == ("Ed25519", "none")


def test_a_live_text_that_holds_no_single_certificate_is_told() -> None:
    assert der_of_pem(canonical_pem(make().der))
    with pytest.raises(NotACertificate):
        der_of_pem("nothing")


@pytest.mark.parametrize("body", [b"\x30", b"\x30\x05\x01", b"\x30\x82\xff\xff\x00"])
def test_der_that_runs_past_its_end_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        der.elements(body)


def test_a_version_1_certificate_has_its_key_where_there_is_no_version() -> None:
    made = make()
    fields = [
        element
        for _tag, element in der.elements(der.content(made.certificate.tbs_certificate_bytes))
    ]
    body = b"".join(fields[1:])
    tbs = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    rest = made.der[
        made.der.index(made.certificate.tbs_certificate_bytes)
        + len(made.certificate.tbs_certificate_bytes) :
    ]
    without_version = b"\x30\x82" + (len(tbs) + len(rest)).to_bytes(2, "big") + tbs + rest
    assert der.fields(without_version).spki == der.fields(made.der).spki


def test_a_text_with_missing_evidence_says_so_instead_of_failing() -> None:
    assert Said("a {x}", "甲 {x}").in_language("zh-hans", {}) == "甲 ?"
