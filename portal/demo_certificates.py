"""Certificates for trying the portal, made at run time and written to a folder; their keys are thrown away."""

import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)


def one() -> bytes:
    """A client certificate of a partner, as PEM."""
    certificate, _key = _make("client-1.acme.example")
    return certificate.public_bytes(Encoding.PEM)


def write(folder: Path) -> Path:
    """Writes the files once; a folder that is there already stays as it is. It is there with all its files or not at all."""
    if not folder.exists():
        half = folder.with_name(f"{folder.name}-unfinished")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        _write(half)
        half.rename(folder)
    return folder


def legacy(folder: Path) -> tuple[str, bytes]:
    """What somebody put into the shared trust config before the portal came, and a client that gets in by it (both PEM)."""
    return (folder / "legacy-root.pem").read_text(), (folder / "legacy-client.pem").read_bytes()


def _write(folder: Path) -> None:
    root, root_key = _make("Acme Partner Root CA", is_ca=True, days=3650)
    issuing, issuing_key = _make(
        "Acme Partner Issuing CA 1", issuer=(root, root_key), is_ca=True, days=1825
    )
    client, client_key = _make("client-1.acme.example", issuer=(issuing, issuing_key))
    successor, _ = _make("client-1.acme.example", issuer=(issuing, issuing_key), days=730)
    expired, _ = _make(
        "expired.acme.example", issuer=(issuing, issuing_key), from_days=-400, days=-35
    )
    weak, _ = _make("weak.acme.example", key=rsa.generate_private_key(65537, 1024))  # noqa: S505  (that is the point)
    no_usage, _ = _make(
        "Acme CA without clientAuth", is_ca=True, usage=ExtendedKeyUsageOID.SERVER_AUTH
    )
    partners = [
        _make(f"partner-{n}.acme.example", issuer=(issuing, issuing_key))[0] for n in range(1, 6)
    ]
    anchor, anchor_key = _make("Legacy Partner Root", is_ca=True, days=900)
    old_client, _ = _make("gateway.legacy.example", issuer=(anchor, anchor_key), days=800)
    files = {
        "legacy-root.pem": anchor.public_bytes(Encoding.PEM),
        "legacy-client.pem": old_client.public_bytes(Encoding.PEM),
        "root-ca.pem": root.public_bytes(Encoding.PEM),
        "issuing-ca.der": issuing.public_bytes(Encoding.DER),
        "client.pem": client.public_bytes(Encoding.PEM),
        "client.key": client_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),  # for countersign probe; never to upload
        "client-successor.pem": successor.public_bytes(Encoding.PEM),
        "five-partners.pem": b"".join(partner.public_bytes(Encoding.PEM) for partner in partners),
        "whole-chain.p7b": pkcs7.serialize_certificates([root, issuing, client], Encoding.DER),
        "expired.pem": expired.public_bytes(Encoding.PEM),
        "weak-key.pem": weak.public_bytes(Encoding.PEM),
        "ca-without-client-auth.pem": no_usage.public_bytes(Encoding.PEM),
        "public-root.pem": _public_root().public_bytes(Encoding.PEM),
    }
    for name, body in files.items():
        (folder / name).write_bytes(body)
    with zipfile.ZipFile(folder / "everything-good.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("root-ca.pem", "issuing-ca.der", "client.pem", "five-partners.pem"):
            archive.writestr(name, files[name])


def _public_root() -> x509.Certificate:
    """One that browsers trust; as a client's trust anchor it would let everybody in."""
    return x509.load_pem_x509_certificate(certifi.contents().encode("ascii"))


def _make(
    name: str,
    *,
    issuer: tuple[x509.Certificate, Key] | None = None,
    is_ca: bool = False,
    key: Key | None = None,
    from_days: int = -1,
    days: int = 365,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> tuple[x509.Certificate, Key]:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme Pte Ltd"),
        ]
    )
    now = datetime.now(UTC)
    public = key.public_key()
    signer = issuer[1] if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + from_days * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_key_usage(is_ca=is_ca), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    return builder.sign(signer, hashes.SHA256()), key


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
