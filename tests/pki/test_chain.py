"""Held against files that we did not write: ``cryptography_vectors`` (with NIST's PKITS), the roots of Mozilla, and ``openssl``."""

import hashlib
import shutil
import subprocess
import warnings
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import certifi
import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from pki.findings import Severity
from pki.inspection import as_json, inspect
from pki.roles import Purpose, TrustRole
from pki.simulate import find_path
from pki.trust_store import TrustStore

FOLDER = Path(cryptography_vectors.__file__).parent
FILES = sorted(
    file
    for folder in ("x509", "pkcs7", "pkcs12")
    for file in (FOLDER / folder).rglob("*")
    if file.is_file() and file.suffix != ".py"
)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
CHUNKS = 8
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)
pytestmark = pytest.mark.filterwarnings("ignore")


def _inspected(file: Path) -> Any:
    return inspect([(file.name, file.read_bytes())], role=None, purpose=Purpose.MTLS_CLIENT, at=NOW)


def _loaded(body: bytes) -> x509.Certificate | None:
    """What ``cryptography`` makes of a file by itself."""
    for load in (x509.load_pem_x509_certificate, x509.load_der_x509_certificate):
        try:
            return load(body)
        except Exception:
            continue
    return None


def test_the_vectors_are_all_there() -> None:
    assert len(FILES) > 1_800


@pytest.mark.parametrize("part", range(CHUNKS))
def test_every_file_is_read_or_refused_with_one_of_our_errors(part: int) -> None:
    for file in islice(FILES, part, None, CHUNKS):
        found = _inspected(file)
        plain = as_json(found, [file.name], "en")
        body = file.read_bytes()
        assert found.intake.certificates or found.intake.refusals, file
        assert plain["exit_code"] in {0, 1, 2}
        if b"PRIVATE KEY" in body or file.suffix in {".p12", ".pfx"}:
            assert any(refusal["code"].startswith("IN-KEY") for refusal in plain["refusals"]), file
            assert not found.intake.certificates, file
        elif (certificate := _loaded(body)) is not None:
            assert (
                hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
                in plain["fingerprints"]
            ), file


@needs_openssl
@pytest.mark.parametrize("part", range(CHUNKS))
def test_facts_agree_with_openssl_wherever_both_read(part: int) -> None:
    compared = 0
    for file in islice(FILES, part, None, CHUNKS):
        intake = _inspected(file).intake
        if len(intake.certificates) != 1:
            continue
        facts = intake.certificates[0].facts
        command = [
            "openssl",
            "x509",
            "-noout",
            "-serial",
            "-fingerprint",
            "-sha256",
            "-dates",
            "-nameopt",
            "RFC2253",
        ]
        told = subprocess.run(
            command, input=intake.certificates[0].pem.encode(), capture_output=True, check=False
        )
        if told.returncode:
            continue
        said = dict(line.partition("=")[::2] for line in told.stdout.decode().splitlines())
        assert said["sha256 Fingerprint"].replace(":", "").lower() == facts.sha256_fingerprint, file
        assert int(said["serial"], 16) == int(facts.serial_number, 16), file
        for name, at in (("notBefore", facts.not_before), ("notAfter", facts.not_after)):
            assert (
                datetime.strptime(said[name], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC) == at
            ), file
        compared += 1
    assert compared > 40


def test_every_root_of_mozilla_is_blocked_by_its_breadth_and_by_nothing_else() -> None:
    found = inspect(
        [("certifi", Path(certifi.where()).read_bytes())],
        role=TrustRole.TRUST_ANCHOR,
        purpose=Purpose.MTLS_CLIENT,
        at=NOW,
    )
    assert not found.intake.refusals
    assert len(found.facts) > 100
    not_accepted_by_google = {
        facts.sha256_fingerprint for facts in found.facts if facts.key_curve == "secp521r1"
    }
    for facts in found.facts:
        blocking = {
            finding.code
            for finding in found.findings_of(facts.sha256_fingerprint)
            if finding.severity is Severity.BLOCKING
        }
        blocking -= {"X509-VAL-01"} if facts.not_after < NOW else set()
        assert blocking == {"POL-PUBLIC-01"} | (
            {"GCP-KEY-01"} if facts.sha256_fingerprint in not_accepted_by_google else set()
        ), facts.subject


# --- NIST PKITS as the oracle of path building: the name of each end-entity certificate says whether its path is valid

PKITS = FOLDER / "x509" / "PKITS_data" / "certs"
THEN = datetime(2012, 1, 1, tzinfo=UTC)

# Accepted although PKITS says invalid. Google checks neither revocation nor policies, and neither do we (google.md §1.4).
REVOCATION = (
    "BadCRL", "SelfIssuedCRLSigningKey", "SelfIssuedNewWithOld", "SelfIssuedOldWithNew", "IDPwithindirectCRL", "LongSerialNumber", "MissingCRL",
    "CRLnextUpdate", "Revoked", "SeparateCertificateandCRLKeys", "UnknownCRL", "WrongCRL", "cRLIssuer", "deltaCRL", "distributionPoint",
    "cRLSignFalse", "onlyContains", "onlySomeReasons", "NegativeSerialNumberTest15",
)  # fmt: skip
POLICIES = ("Policy", "Policies", "inhibit", "requireExplicit")

# Refused although PKITS says valid: what cryptography's verifier is stricter in, each with its reason.
STRICTER = {
    "DNnameConstraints": "name constraints of the kind directoryName are not supported: not predicted",
    "DNandRFC822nameConstraints": "the same",
    "URInameConstraints": "name constraints of the kind URI are not supported: not predicted",
    "DSASignatures": "DSA: Google accepts RSA and ECDSA only",
    "GeneralizedTimenotBefore": "GeneralizedTime before 2050",
    "NameChainingCapitalization": "names are compared byte by byte, not folded",
    "NameChainingWhitespace": "the same",
    "RolloverfromPrintableString": "the same",
    "UTF8StringCaseInsensitive": "the same",
    "PolicyMapping": "a critical policy mapping is not judged: not predicted",
    "SelfIssued": "self-issued certificates count towards the path length",
    "inhibitPolicyMapping": "a critical policy mapping is not judged: not predicted",
    "inhibitAnyPolicyTest3": "self-issued certificates count towards the path length",
}


def _has_path(
    leaf: x509.Certificate, pool: list[x509.Certificate], trust_store: TrustStore
) -> bool:
    try:
        find_path(trust_store, leaf, pool, at=THEN)
    except verification.VerificationError:
        return False
    return True


def _line_above(leaf: x509.Certificate, pool: list[x509.Certificate]) -> list[x509.Certificate]:
    """Certificates that names lead to."""
    names, found = [leaf.issuer], []
    while names:
        name = names.pop()
        above = [
            certificate
            for certificate in pool
            if certificate.subject == name and certificate not in found
        ]
        found += above
        names += [certificate.issuer for certificate in above]
    return found


def test_path_building_agrees_with_nist_except_for_the_differences_that_are_listed() -> None:
    certificates = {}
    for file in PKITS.glob("*.crt"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if (certificate := _loaded(file.read_bytes())) is not None:
                certificates[file.stem] = certificate
    anchor = certificates.pop("TrustAnchorRootCertificate")
    trust_store = TrustStore(
        anchors=[anchor.public_bytes(Encoding.DER)], intermediates=[], allowlisted=[]
    )
    pool = [certificate for name, certificate in certificates.items() if not name.endswith("EE")]
    unexplained, compared = [], 0
    for name, leaf in certificates.items():
        if not name.endswith("EE"):
            continue
        compared += 1
        is_valid, is_accepted = (
            not name.startswith("Invalid"),
            _has_path(leaf, _line_above(leaf, pool), trust_store),
        )
        reasons = STRICTER if is_valid else (*REVOCATION, *POLICIES)
        if is_valid != is_accepted and not any(reason in name for reason in reasons):
            unexplained.append(name)
    assert compared > 220
    assert unexplained == []
