"""Every finding of the catalogue with a case that triggers it and one that just does not. A finding without both is not in it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pki.catalogue import FINDINGS
from pki.estate import Estate
from pki.facts import ANY_EXTENDED_KEY_USAGE, CertificateFacts
from pki.findings import Finding
from pki.plan import Action, Entry, Holding, Step
from pki.policy import Policy
from pki.roles import Purpose, TrustRole
from pki.rules import judge
from tests.certificates import make, make_ca, rsa_key

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ANCHOR, INTERMEDIATE, ALLOWLISTED = (
    TrustRole.TRUST_ANCHOR,
    TrustRole.INTERMEDIATE_CA,
    TrustRole.ALLOWLISTED,
)
LEAF, CA, RSA_LEAF = make().parsed.facts, make_ca().parsed.facts, make(key=rsa_key()).parsed.facts
OTHER = "1.3.6.1.5.5.7.3.1"
CLIENT = "1.3.6.1.5.5.7.3.2"

Case = Callable[[], Iterable[Finding]]


def added(facts: CertificateFacts, role: TrustRole, **changes: Any) -> Case:
    """Adding one certificate, with these facts changed, to an empty trust config that has one other anchor."""
    policy = changes.pop("policy", Policy())
    facts = replace(facts, **changes)
    return lambda: judge_set(
        [Step(Action.ADD, Entry(role, facts.sha256_fingerprint))], [facts], policies=(policy,)
    )


def leaf(**changes: Any) -> Case:
    return added(LEAF, ALLOWLISTED, **changes)


def rsa(**changes: Any) -> Case:
    return added(RSA_LEAF, ALLOWLISTED, **changes)


def ca(**changes: Any) -> Case:
    return added(CA, ANCHOR, **changes)


def sub(**changes: Any) -> Case:
    return added(
        CA,
        INTERMEDIATE,
        **{
            "is_self_signed": False,
            "is_self_issued": False,
            "issuer": "CN=Above",
            "authority_key_identifier": "aa",
            **changes,
        },
    )


def one(name: str, role: TrustRole = ANCHOR, **changes: Any) -> tuple[Entry, CertificateFacts]:
    base = LEAF if role is ALLOWLISTED else CA
    own = {
        "subject": f"CN={name}",
        "issuer": f"CN={name}",
        "spki_sha256": name,
        "subject_key_identifier": name,
        "authority_key_identifier": name,
    }
    return Entry(role, name), replace(base, sha256_fingerprint=name, **{**own, **changes})


def below(
    name: str, issuer: str, role: TrustRole = INTERMEDIATE, **changes: Any
) -> tuple[Entry, CertificateFacts]:
    above = {
        "issuer": f"CN={issuer}",
        "authority_key_identifier": issuer,
        "is_self_signed": False,
        "is_self_issued": False,
    }
    return one(name, role, **{**above, **changes})


def judge_set(
    steps: list[Step], facts: list[CertificateFacts], held: Iterable[Entry] = (), **estate: Any
) -> list[Finding]:
    holdings = frozenset(Holding(1, entry) for entry in held)
    known = {one.sha256_fingerprint: one for one in facts}
    return judge(Estate("tc", Purpose.MTLS_CLIENT, holdings, known, **estate), 1, steps, at=NOW)


def change(
    *parts: tuple[Entry, CertificateFacts], add: str = "", remove: str = "", **estate: Any
) -> Case:
    """A set of which one entry is added or removed."""
    steps = [
        Step(Action.ADD if entry.sha256_fingerprint in add.split() else Action.REMOVE, entry)
        for entry, _f in parts
        if entry.sha256_fingerprint in f"{add} {remove}".split()
    ]
    held = [entry for entry, _facts in parts if entry.sha256_fingerprint not in add.split()]
    return lambda: judge_set(steps, [facts for _entry, facts in parts], held, **estate)


def many(count: int, role: TrustRole, **changes: Any) -> list[tuple[Entry, CertificateFacts]]:
    return [one(f"n{number}", role, **changes) for number in range(count)]


def crowded(count: int) -> Case:
    """One intermediate more, while so many others are submitted."""
    parts = [one("mine", INTERMEDIATE), *many(count, INTERMEDIATE)]
    waiting = tuple((2, Step(Action.ADD, entry)) for entry, _facts in parts[1:])
    return lambda: judge_set(
        [Step(Action.ADD, parts[0][0])], [facts for _entry, facts in parts], submitted=waiting
    )


def under(parts: int) -> list[tuple[Entry, CertificateFacts]]:
    """An anchor and a line of intermediates below it, the last one named ``last``."""
    names = ["c0", *(f"c{number}" for number in range(1, parts)), "last"]
    return [one("c0"), *(below(name, above) for above, name in pairwise(names))]


TABLE: dict[str, tuple[Case, Case]] = {
    "GCP-SIZE-01": (leaf(pem_byte_count=5001), leaf(pem_byte_count=5000)),
    "GCP-KEY-01": (leaf(key_curve="secp521r1"), leaf(key_curve="secp384r1")),
    "GCP-KEY-02": (rsa(key_bits=2047), rsa(key_bits=2048)),
    "GCP-KEY-03": (leaf(key_algorithm="SM2", key_curve=""), leaf()),
    "GCP-KEY-04": (leaf(has_explicit_curve=True), leaf()),
    "GCP-KEY-05": (rsa(key_algorithm="RSA-PSS"), rsa()),
    "GCP-KEY-06": (rsa(key_bits=2049), rsa(key_bits=3072)),
    "GCP-SIG-01": (leaf(signature_hash="sha1"), ca(signature_hash="sha1")),
    "GCP-SIG-02": (
        leaf(signature_algorithm="ed25519", signature_hash="none"),
        leaf(signature_algorithm="ecdsa-with-SHA512", signature_hash="sha512"),
    ),
    "GCP-SIG-03": (rsa(signature_algorithm="rsassaPss"), rsa()),
    "GCP-CA-01": (added(LEAF, ANCHOR), ca()),
    "GCP-CA-02": (ca(key_usage=("cRLSign",)), ca(key_usage=("keyCertSign",))),
    "GCP-CA-03": (ca(key_usage=None), ca()),
    "GCP-EKU-01": (ca(extended_key_usage=(OTHER,)), ca(extended_key_usage=(OTHER, CLIENT))),
    "GCP-EKU-02": (ca(extended_key_usage=None, path_length=1), ca(extended_key_usage=(CLIENT,))),
    "GCP-EKU-03": (
        leaf(extended_key_usage=(OTHER,)),
        leaf(extended_key_usage=(ANY_EXTENDED_KEY_USAGE,)),
    ),
    "GCP-EKU-04": (
        ca(extended_key_usage=None, path_length=0),
        ca(extended_key_usage=None, path_length=1),
    ),
    "GCP-EKU-05": (
        ca(extended_key_usage=(ANY_EXTENDED_KEY_USAGE,)),
        ca(extended_key_usage=(ANY_EXTENDED_KEY_USAGE, CLIENT)),
    ),
    "GCP-EKU-06": (
        leaf(extended_key_usage=(CLIENT, "1.3.6.1.5.5.7.3.3")),
        leaf(extended_key_usage=(CLIENT, "1.3.6.1.5.5.7.3.4")),
    ),
    "GCP-KID-01": (ca(subject_key_identifier=""), ca()),
    "GCP-KID-02": (
        change(one("a"), below("b", "a", authority_key_identifier="x"), add="b"),
        change(one("a"), below("b", "a"), add="b"),
    ),
    "GCP-KID-03": (sub(authority_key_identifier=""), sub()),
    "GCP-LEAF-01": (added(CA, ALLOWLISTED), leaf()),
    "GCP-ALLOW-01": (leaf(), ca()),
    "GCP-HEAD-01": (leaf(dns_byte_count=513), leaf(dns_byte_count=512)),
    "GCP-CHAIN-01": (
        change(one("a"), below("b", "z"), add="b"),
        change(one("a"), below("b", "a"), add="b"),
    ),
    "GCP-DEPTH-01": (change(*under(9), add="last"), change(*under(8), add="last")),
    "GCP-PATH-01": (
        change(one("a", path_length=0), below("b", "a"), add="b"),
        change(one("a", path_length=1), below("b", "a"), add="b"),
    ),
    "GCP-COUNT-01": (change(*many(201, ANCHOR), add="n0"), change(*many(200, ANCHOR), add="n0")),
    "GCP-COUNT-02": (
        change(*many(101, INTERMEDIATE), add="n0"),
        change(*many(100, INTERMEDIATE), add="n0"),
    ),
    "GCP-COUNT-03": (
        change(*many(501, ALLOWLISTED), add="n0"),
        change(*many(500, ALLOWLISTED), add="n0"),
    ),
    "GCP-COUNT-04": (
        change(one("a", name_constraint_count=11), add="a"),
        change(one("a", name_constraint_count=10), add="a"),
    ),
    "GCP-COUNT-05": (
        change(*many(11, INTERMEDIATE, subject="CN=s", spki_sha256="k"), add="n0"),
        change(*many(10, INTERMEDIATE, subject="CN=s", spki_sha256="k"), add="n0"),
    ),
    "GCP-COUNT-06": (
        change(*many(4, INTERMEDIATE, subject="CN=s", spki_sha256="k"), add="n0"),
        change(*many(3, INTERMEDIATE, subject="CN=s", spki_sha256="k"), add="n0"),
    ),
    "X509-VAL-01": (leaf(not_after=NOW), leaf(not_after=NOW + timedelta(seconds=1))),
    "X509-VAL-02": (leaf(not_before=NOW + DAY), leaf(not_before=NOW)),
    "X509-VAL-03": (
        leaf(not_before=NOW + 2 * DAY, not_after=NOW + DAY),
        leaf(not_before=NOW + DAY, not_after=NOW + DAY),
    ),
    "X509-VAL-04": (
        leaf(not_after=datetime(9999, 12, 31, tzinfo=UTC)),
        leaf(not_after=datetime(9999, 12, 30, tzinfo=UTC)),
    ),
    "X509-SER-01": (leaf(serial_number="0"), leaf(serial_number="1")),
    "X509-SER-02": (leaf(serial_number="ff" * 20), leaf(serial_number="7f" + "ff" * 19)),
    "X509-CRIT-01": (
        leaf(critical_extensions=("1.2.3",)),
        leaf(critical_extensions=("2.5.29.15",)),
    ),
    "X509-CRIT-02": (ca(critical_extensions=()), ca()),
    "X509-CRIT-03": (
        ca(name_constraint_count=1),
        ca(name_constraint_count=1, critical_extensions=("2.5.29.19", "2.5.29.30")),
    ),
    "X509-KEY-01": (rsa(rsa_exponent="65536"), rsa(rsa_exponent="65539")),
    "X509-KEY-02": (rsa(rsa_exponent="3"), rsa(rsa_exponent="65537")),
    "X509-KEY-03": (rsa(is_roca=True), rsa()),
    "X509-SIG-01": (leaf(has_other_inner_algorithm=True), leaf()),
    "X509-UID-01": (leaf(has_unique_ids=True), leaf()),
    "X509-ENC-01": (leaf(has_wrong_time_encoding=True), leaf()),
    "X509-ENC-02": (leaf(subject="CN=a\\u{202e}b"), leaf(subject="CN=a\\\\u{202e}b")),
    "X509-VER-01": (leaf(version=1), leaf()),
    "X509-NAME-01": (ca(subject=""), ca()),
    "X509-NAME-02": (leaf(subject=""), leaf(subject="", subject_alternative_names=("DNS:a",))),
    "X509-KU-01": (leaf(key_usage=("keyEncipherment",)), leaf(key_usage=None)),
    "X509-PATH-01": (leaf(path_length=0), leaf()),
    "POL-PUBLIC-01": (
        ca(public_trust="root"),
        ca(public_trust="root", policy=Policy(allows_public_cas=True)),
    ),
    "POL-PUBLIC-02": (
        sub(public_trust="intermediate"),
        added(CA, ALLOWLISTED, public_trust="intermediate"),
    ),
    "POL-KEY-01": (leaf(policy=Policy(keys=("P-384",))), leaf(policy=Policy(keys=("P-256",)))),
    "POL-VAL-01": (
        leaf(policy=Policy(longest_days={ALLOWLISTED: 365})),
        leaf(policy=Policy(longest_days={ALLOWLISTED: 366})),
    ),
    "POL-LEFT-01": (
        leaf(not_after=NOW + 29.5 * DAY, policy=Policy(days_left={ALLOWLISTED: 30})),
        leaf(not_after=NOW + 30 * DAY, policy=Policy(days_left={ALLOWLISTED: 30})),
    ),
    "POL-ISSUER-01": (
        sub(policy=Policy(issuers=("subject:CN=Beside",))),
        sub(policy=Policy(issuers=("subject:CN=Above",))),
    ),
    "POL-EKU-01": (
        leaf(extended_key_usage=None, policy=Policy(usages=("clientAuth",))),
        leaf(policy=Policy(usages=("clientAuth",))),
    ),
    "POL-SAN-01": (
        leaf(
            subject_alternative_names=("URI:spiffe://b/x",),
            policy=Policy(names=("URI:spiffe://a/*",)),
        ),
        leaf(
            subject_alternative_names=("URI:spiffe://a/x",),
            policy=Policy(names=("URI:spiffe://a/*",)),
        ),
    ),
    "POL-ROLE-01": (
        leaf(policy=Policy(roles=(ANCHOR,))),
        leaf(policy=Policy(roles=(ALLOWLISTED,))),
    ),
    "EST-EXP-01": (leaf(not_after=NOW + 29 * DAY), leaf(not_after=NOW + 31 * DAY)),
    "EST-DUP-01": (
        lambda: judge_set([Step(Action.ADD, one("a")[0])], [one("a")[1]], [one("a")[0]]),
        change(one("a"), add="a"),
    ),
    "EST-DUP-02": (
        change(one("a"), add="a", elsewhere={"a": ("prod/x",)}),
        change(one("a"), add="a", elsewhere={"b": ("prod/x",)}),
    ),
    "EST-GONE-01": (
        lambda: judge_set([Step(Action.REMOVE, one("a")[0])], [one("a")[1]]),
        change(one("a"), remove="a"),
    ),
    "EST-REVOKED-01": (
        change(one("a"), add="a", revoked={"a": 7}),
        change(one("a"), add="a", revoked={"a": 7}, names_revocation=True),
    ),
    "EST-REVOKED-02": (
        change(one("a"), add="a", revoked={"a": 7}, names_revocation=True),
        change(one("a"), add="a", names_revocation=True),
    ),
    "EST-LAST-01": (
        change(one("a"), one("l", ALLOWLISTED), remove="a"),
        change(one("a"), one("b"), remove="a"),
    ),
    "EST-LAST-02": (
        change(one("a"), remove="a"),
        change(one("a"), one("l", ALLOWLISTED), remove="a"),
    ),
    "EST-PEND-01": (crowded(100), crowded(99)),
    "EST-HEAD-01": (
        change(*many(90, INTERMEDIATE), add="n0"),
        change(*many(89, INTERMEDIATE), add="n0"),
    ),
    "EST-STILL-ACCEPTED": (
        change(one("a"), below("l", "a", ALLOWLISTED), remove="l", revoking=frozenset({"l"})),
        change(one("a"), below("l", "b", ALLOWLISTED), remove="l", revoking=frozenset({"l"})),
    ),
    "EST-KEY-01": (
        change(one("a", spki_sha256="k"), one("b", spki_sha256="k"), add="b"),
        change(one("a"), one("b"), add="b"),
    ),
    "EST-CROSS-01": (
        change(one("a", subject="CN=s"), one("b", subject="CN=s"), add="b"),
        change(
            one("a", subject="CN=s", spki_sha256="k"),
            one("b", subject="CN=s", spki_sha256="k"),
            add="b",
        ),
    ),
    "EST-ROOT-01": (
        change(one("a", INTERMEDIATE), add="a"),
        change(one("z"), below("a", "z"), add="a"),
    ),
    "EST-BREADTH-01": (ca(), sub()),
}

# These need the certificates' bytes: test_signatures.py, test_simulate.py, test_lint.py.
IN_WORKERS = {"X509-SIG-02", "EST-GOLDEN-01", "EST-GOLDEN-02", "LINT-01", "LINT-02"}


def _submitted_facts(case: Case) -> set[str]:
    return {finding.code for finding in case()}


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_finding_is_made_when_it_is_due_and_only_then(code: str) -> None:
    trigger, near_miss = TABLE[code]
    found = [finding for finding in trigger() if finding.code == code]
    assert found
    assert all(finding.severity in FINDINGS[code].severities for finding in found)
    assert code not in _submitted_facts(near_miss)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_findings_sentence_names_its_evidence_in_both_languages(code: str) -> None:
    finding = next(finding for finding in TABLE[code][0]() if finding.code == code)
    text = FINDINGS[code]
    for said in (text.title, text.sentence, text.why, text.fix):
        for language in ("en", "zh-hans"):
            assert "?" not in said.in_language(language, finding.evidence).replace("？", "")


def test_nothing_is_in_the_catalogue_that_no_case_shows() -> None:
    assert set(TABLE) | IN_WORKERS == set(FINDINGS)
