"""A second opinion by ``pkilint`` on the form of certificates (RFC 5280). Advice for people; it never blocks anything.

For workers: loading it takes half a second, and a certificate some milliseconds.
"""

import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from pki.certificate import ParsedCertificate
from pki.findings import Finding, Severity
from pki.names import safe

LONGEST_SECONDS = 5.0
LARGEST_DER_BYTES = 10_000
MOST_FINDINGS_EACH = 10

# What pkilint says that does not hold here, each with its reason.
SUPPRESSED = {
    "pkix.invalid_uri_syntax": "it says so of every spiffe:// name, which RFC 3986 allows"
}
_GRAVE = frozenset({"ERROR", "FATAL", "WARNING"})


def lint(
    certificates: Iterable[ParsedCertificate], *, longest_seconds: float = LONGEST_SECONDS
) -> list[Finding]:
    """What pkilint finds, as notes; what it could not look at in time, or failed on, is counted in one more note."""
    end = time.monotonic() + longest_seconds
    findings: list[Finding] = []
    left_out: dict[str, int] = {}
    for certificate in certificates:
        if time.monotonic() > end:
            left_out["time"] = left_out.get("time", 0) + 1
        elif len(certificate.der) > LARGEST_DER_BYTES:
            left_out["size"] = left_out.get("size", 0) + 1
        else:
            try:
                findings += _lint_one(certificate)
            except Exception as error:  # noqa: BLE001  (an adviser that stumbles must not stop a change; the note names it)
                left_out[type(error).__name__] = left_out.get(type(error).__name__, 0) + 1
    findings += [
        Finding("LINT-02", Severity.INFO, "", {"count": str(count), "reason": reason})
        for reason, count in left_out.items()
    ]
    return findings


def load() -> None:
    """Loads the linter, so that no check waits for it."""
    _validator()
    _loader()


def _in_words(code: str) -> str:
    """For a finding of pkilint that has no text: ``pkix.key_identifier_missing`` → "key identifier missing"."""
    return code.rpartition(".")[2].replace("_", " ")


def _lint_one(certificate: ParsedCertificate) -> list[Finding]:
    fingerprint = certificate.facts.sha256_fingerprint
    found: dict[str, Finding] = {}
    for result in _validator().validate(_loader()(certificate.der, fingerprint).root):
        for description in result.finding_descriptions:
            code = description.finding.code
            if (
                code in SUPPRESSED
                or description.finding.severity.name not in _GRAVE
                or code in found
            ):
                continue
            message = safe(" ".join((description.message or _in_words(code)).split()), 300)
            found[code] = Finding(
                "LINT-01", Severity.INFO, fingerprint, {"lint": code, "message": message}
            )
    return list(found.values())[:MOST_FINDINGS_EACH]


@cache
def _validator() -> Any:
    """The checks of ``lint_pkix_cert``, built once."""
    from pkilint.pkix import certificate, extension, name

    decoding = certificate.create_decoding_validators(
        name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
    )
    return certificate.create_pkix_certificate_validator_container(
        decoding,
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


@cache
def _loader() -> Any:
    from pkilint import loader

    return loader.load_der_certificate
