"""Certificates made at run time: no key is ever committed. One builder with a knob for everything that rules look at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pki.certificate import ParsedCertificate, parse

CLIENT_AUTH, SERVER_AUTH, CODE_SIGNING = (
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.CODE_SIGNING,
)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Made:
    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def parsed(self) -> ParsedCertificate:
        return parse(self.der)

    @property
    def fingerprint(self) -> str:
        return self.parsed.facts.sha256_fingerprint


@cache
def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def make(
    name: str = "client",
    *,
    issuer: Made | None = None,
    ca: bool = False,
    key: Any = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    eku: list[x509.ObjectIdentifier] | str | None = "default",
    key_cert_sign: bool = True,
    hash_algorithm: Any = None,
    extra: list[x509.ExtensionType] | None = None,
    path_length: int | None = None,
    key_ids: bool = True,
    serial_number: int | None = None,
) -> Made:
    """A certificate; by default an end-entity certificate for clients, self-signed, valid for a year from yesterday."""
    key = key or ec_key()
    signer = issuer.key if issuer else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial_number or x509.random_serial_number())
        .not_valid_before(not_before or now - DAY)
        .not_valid_after(not_after or now + 365 * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    usage = {
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "content_commitment": False,
    }
    usage |= {"encipher_only": False, "decipher_only": False, "crl_sign": ca}
    builder = builder.add_extension(
        x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca and key_cert_sign, **usage),
        critical=True,
    )
    wanted = [CLIENT_AUTH] if eku == "default" else eku
    if wanted:
        builder = builder.add_extension(x509.ExtendedKeyUsage(wanted), critical=False)
    if key_ids:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    for extension in extra or []:
        builder = builder.add_extension(extension, critical=False)
    algorithm = (
        None
        if isinstance(signer, ed25519.Ed25519PrivateKey)
        else (hash_algorithm or hashes.SHA256())
    )
    return Made(builder.sign(signer, algorithm), key)


def make_ca(name: str = "Root CA", **options: Any) -> Made:
    return make(name, ca=True, **options)
