"""The form over HTTP: what people really upload, what is said about it, and that what was typed stays."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from approvals.models import ChangeRequest
from certs.models import (
    SealedCertificate,
)
from tests.certificates import Made, make, make_ca, rsa_key, weak_key
from tests.world import World, page_text


@pytest.fixture
def form(world: World) -> Any:
    """Posts the form as Sam; returns the response."""
    client = Client()
    client.force_login(world.user("sam"))

    def post(
        act: str = "check",
        *,
        uploads: dict[str, bytes] | None = None,
        reason: str = "A new partner.",
        **fields: str,
    ) -> Any:
        files = [SimpleUploadedFile(name, body) for name, body in (uploads or {}).items()]
        return client.post(
            f"/t/payments/changes/new/{world.trust_config().pk}/",
            {"act": act, "reason": reason, "uploads": files, **fields},
        )

    return post


def _found(response: Any) -> str:
    return str(re.search(r'name="found_pem" value="([^"]*)"', response.content.decode()).group(1))


def _csr() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(rsa_key(), hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def _crl() -> bytes:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    ca = make_ca()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(now)
        .next_update(now + timedelta(days=1))
    )
    return builder.sign(ca.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _key(
    encoding: Encoding = Encoding.PEM,
    form: PrivateFormat = PrivateFormat.PKCS8,
    *,
    secret: bytes = b"",
) -> bytes:
    return make().key.private_bytes(
        encoding, form, BestAvailableEncryption(secret) if secret else NoEncryption()
    )


def _p12() -> bytes:
    made = make()
    return pkcs12.serialize_key_and_certificates(
        b"x", made.key, made.certificate, None, NoEncryption()
    )


BAD = {
    "an empty file": (lambda: b"", "The file is empty", "IN-EMPTY-01"),
    "text": (
        lambda: "Héllo, nothing here".encode(),
        "There is no certificate in it",
        "IN-PARSE-01",
    ),
    "2 MB of junk": (
        lambda: bytes(range(256)) * 8192,
        "There is no certificate in it",
        "IN-PARSE-01",
    ),
    "a private key": (_key, "holds a private key", "IN-KEY-01"),
    "an encrypted private key": (lambda: _key(secret=b"pw"), "holds a private key", "IN-KEY-01"),
    "a SEC 1 private key": (
        lambda: _key(form=PrivateFormat.TraditionalOpenSSL),
        "holds a private key",
        "IN-KEY-01",
    ),
    "an OpenSSH private key": (
        lambda: _key(form=PrivateFormat.OpenSSH),
        "holds a private key",
        "IN-KEY-01",
    ),
    "a private key in DER": (lambda: _key(Encoding.DER), "holds a private key", "IN-KEY-01"),
    "a private key in the middle of a bundle": (
        lambda: make().pem + _key() + make().pem,
        "holds a private key",
        "IN-KEY-01",
    ),
    "a PKCS#12": (_p12, "PKCS#12", "IN-KEY-02"),
    "a Java keystore": (lambda: b"\xfe\xed\xfe\xed" + b"\x00" * 50, "Java keystore", "IN-KEY-03"),
    "a CSR": (_csr, "certificate signing request", "IN-CSR-01"),
    "a CRL": (_crl, "revocation list", "IN-CRL-01"),
    "a TRUSTED CERTIFICATE": (
        lambda: make().pem.replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE"),
        "OpenSSL TRUSTED CERTIFICATE",
        "IN-TRUSTED-01",
    ),
    "truncated base64": (lambda: make().pem[:300], "cut off or damaged", "IN-TRUNCATED-01"),
    "5,000 certificates": (
        lambda: make().pem * 5000,
        "5000 certificates; at most 1000",
        "IN-COUNT-01",
    ),
    "a damaged zip": (lambda: b"PK\x03\x04" + b"\x00" * 100, "Pack it again", "IN-ZIP-01"),
    "a DER cut short": (lambda: make().der[:200], "cannot be read", "IN-PARSE-02"),
    "six megabytes": (lambda: b"-----BEGIN X-----\n" * 340_000, "larger than 5 MB", "IN-SIZE-01"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_certificate_is_refused_with_what_was_found_and_what_to_do(
    form: Any, kind: str
) -> None:
    body, sentence, code = BAD[kind]
    response = form("submit", uploads={"upload.bin": body()})
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert code in page
    assert "A new partner." in page
    assert not ChangeRequest.objects.exists()
    assert not SealedCertificate.objects.exists()


def test_good_certificates_stay_when_others_are_refused(form: Any) -> None:
    good = make("good")
    response = form("submit", uploads={"good.pem": good.pem, "bad.pem": b"nothing"})
    assert (response.status_code, ChangeRequest.objects.count()) == (422, 0)
    assert good.parsed.pem.strip() in _found(response).replace("&#x27;", "'")
    again = form("submit", found_pem=_found(response))
    assert again.status_code == 302
    assert ChangeRequest.objects.get().items.get().sha256_fingerprint == good.fingerprint


def _pem_variants(made: Made) -> dict[str, bytes]:
    body = b"".join(made.pem.split(b"\n")[1:-2])
    return {
        "CRLF": made.pem.replace(b"\n", b"\r\n"),
        "CR only": made.pem.replace(b"\n", b"\r"),
        "a byte order mark": b"\xef\xbb\xbf" + made.pem,
        "UTF-16": made.pem.decode().encode("utf-16"),
        "text around": b"Bag Attributes\n  name: x\n" + made.pem + b"\nregards",
        "one line": b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----",
        "X509 CERTIFICATE": made.pem.replace(b" CERTIFICATE", b" X509 CERTIFICATE"),
        "indented": b"\n".join(b"  " + line for line in made.pem.split(b"\n")),
        "DER": made.der,
        "PKCS#7 in DER": pkcs7.serialize_certificates([made.certificate], Encoding.DER),
        "PKCS#7 in PEM": pkcs7.serialize_certificates([made.certificate], Encoding.PEM),
        "twice the same": made.pem * 2,
    }


@pytest.mark.parametrize("kind", sorted(_pem_variants(make())))
def test_every_real_form_of_a_certificate_is_taken(form: Any, kind: str) -> None:
    made = make("whatever-form")
    response = form("submit", uploads={"upload": _pem_variants(made)[kind]})
    assert response.status_code == 302, response.content.decode()[-3000:]
    assert ChangeRequest.objects.get().items.get().sha256_fingerprint == made.fingerprint


def test_roles_are_proposed_and_can_be_changed_or_left_out(form: Any) -> None:
    root = make_ca("Root")
    issuing, client = make_ca("Issuing", issuer=root), make("client", issuer=root)
    page = form(uploads={"chain.pem": root.pem + issuing.pem + client.pem}).content.decode()
    assert (
        page.count("proposed: trust anchor")
        == page.count("proposed: intermediate CA")
        == page.count("proposed: allowlisted certificate")
        == 1
    )
    fields = {
        f"role_{root.fingerprint}": "intermediate_ca",
        f"leave_out_{client.fingerprint}": "on",
    }
    assert (
        form(
            "submit", uploads={"chain.pem": root.pem + issuing.pem + client.pem}, **fields
        ).status_code
        == 302
    )
    assert {item.role for item in ChangeRequest.objects.get().items.all()} == {"intermediate_ca"}


def test_what_is_there_already_is_said_with_its_place(world: World, form: Any) -> None:
    client = make("here already")
    world.applied(client)
    response = form("submit", uploads={"c.pem": client.pem})
    assert response.status_code == 422
    assert (
        "It is there already as allowlisted certificate in payments-clients"
        in response.content.decode()
    )


def test_a_missing_reason_and_an_empty_form_are_said_and_nothing_is_lost(form: Any) -> None:
    made = make()
    response = form("submit", uploads={"c.pem": made.pem}, reason=" ")
    assert response.status_code == 422
    assert "Say why this change is needed" in response.content.decode()
    assert made.parsed.pem[:80] in _found(response)
    assert "Choose at least one certificate" in form("submit").content.decode()


def test_a_time_that_is_over_is_said_at_its_field_and_nothing_is_lost(form: Any) -> None:
    made = make()
    response = form("submit", uploads={"c.pem": made.pem}, due_at="2020-01-01T00:00")
    said = re.search(
        r'value="2020-01-01T00:00"[^>]*aria-invalid="true".*?<div class="alert[^>]*>([^<]*)<',
        response.content.decode(),
        re.DOTALL,
    )
    assert (response.status_code, said and said.group(1)) == (
        422,
        "The time must lie in the future, and within a year.",
    )
    assert made.parsed.pem[:80] in _found(response)


def test_a_conflict_keeps_what_was_typed(world: World, form: Any) -> None:
    client = make()
    world.submit(client)
    response = form("submit", uploads={"c.pem": client.pem}, reason="My long reason.")
    assert response.status_code == 409
    assert "Another open change has one of these certificates" in response.content.decode()
    assert "My long reason." in response.content.decode()


def test_the_form_speaks_chinese(world: World, form: Any) -> None:
    world.user("sam").__class__.objects.filter(pk=world.user("sam").pk).update(language="zh-hans")
    page = form("submit", uploads={"k.pem": _key()}).content.decode()
    assert "此私钥必须视为已泄露" in page
    assert "IN-KEY-01" in page


def test_hostile_names_are_shown_and_not_run(world: World, form: Any) -> None:
    name = "<script>alert(1)</script>\u202egnp.exe"
    page = form(uploads={"c.pem": make(name).pem}).content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert form("submit", uploads={"c.pem": make(name).pem}).status_code == 302


def test_a_request_beyond_all_measure_is_refused_unread(form: Any) -> None:
    response = form("submit", uploads={"huge.bin": b"x" * 12_500_000})
    assert response.status_code == 413
    assert "larger than 5 MB" in response.content.decode()


def test_the_report_for_the_ca_team_says_what_the_page_says(form: Any) -> None:
    weak = make("weak & one", key=weak_key())
    response = form("report", uploads={"w.pem": weak.pem, "bad.txt": b"nothing"})
    assert response["Content-Disposition"] == 'attachment; filename="checks.txt"'
    report = response.content.decode()
    for part in (
        "CN=weak & one",
        weak.fingerprint,
        "GCP-KEY-02",
        "1024 bits",
        "bad.txt: IN-PARSE-01",
    ):
        assert part in report
    assert not ChangeRequest.objects.exists()


def test_a_missing_issuer_is_named_and_one_that_is_there_is_not(form: Any) -> None:
    root = make_ca("The Root")
    client = make("client", issuer=root)
    sentence = "its issuer The Root is neither in this upload nor trusted here"
    assert sentence in form(uploads={"c.pem": client.pem}).content.decode()
    assert sentence not in form(uploads={"c.pem": client.pem + root.pem}).content.decode()


def test_remove_on_a_certificates_page_preselects_that_certificate(world: World) -> None:
    client, other = make("this-one"), make("other")
    change = world.applied(client, other)
    page = page_text(
        world,
        "sam",
        f"/t/payments/changes/new/{change.trust_config_id}/?remove={client.fingerprint}",
    )
    assert page.count('<option value="retired" selected>') == 1


def test_a_ca_that_expires_soon_is_drafted_as_a_rotation_that_overlaps_until_its_last_day(
    world: World,
) -> None:
    last = timezone.now() + timedelta(days=20)
    root = make_ca("Old Root", not_after=last)
    change = world.applied(root, make("stays"))
    page = world.page("sam")
    text = page.get(f"/t/payments/trust-configs/{change.trust_config_id}/").content.decode()
    link = re.search(r'href="([^"]+overlap_until[^"]+)"', text)
    assert link is not None and "Draft its rotation" in text
    form = " ".join(page.get(link.group(1).replace("&amp;", "&")).content.decode().split())
    field = re.search(r'<input[^>]*name="overlap_until"[^>]*>', form)
    assert field is not None and f'value="{last:%Y-%m-%dT%H:%M}"' in field.group()


def test_a_missing_reason_is_said_at_its_field(form: Any) -> None:
    page = form("submit", uploads={"c.pem": make().pem}, reason="").content.decode()
    field = re.search(r"<textarea[^>]*name=\"reason\"[^>]*>", page)
    assert field is not None
    assert 'aria-invalid="true"' in field.group()
    assert "id_reason_error" in field.group()
    assert "Say why this change is needed" in page.split('id="id_reason_error"', 1)[1][:400]
