"""The corners that no other test of ``pki`` turns."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pki import bundle, certificate, documentation, public_cas
from pki.answers import answered, final, open_questions
from pki.chain import build, client_first, path
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity, blocking, warnings
from pki.inspection import as_text, inspect
from pki.plan import Action, Step
from pki.policy import Policy
from pki.policy_rules import key_name
from pki.roles import Purpose, TrustRole
from pki.simulate import simulate
from pki.trust_store import TrustStore
from tests.certificates import DAY, make, make_ca, rsa_key
from tests.pki.test_catalogue import below, change, judge_set, one

NOW = datetime.now(UTC)
BLOCKS = Finding("GCP-KEY-02", Severity.BLOCKING, "f")
ASKS = Finding("EST-GOLDEN-01", Severity.BLOCKING, "f")
NOTE = Finding("GCP-ALLOW-01", Severity.INFO, "f")


def test_an_answer_opens_what_may_be_answered_and_nothing_else() -> None:
    said = {finding.key: "because" for finding in (BLOCKS, ASKS, NOTE)}
    found = {finding.code: finding for finding in answered([BLOCKS, ASKS, NOTE], said)}
    assert (found["GCP-KEY-02"], found["GCP-ALLOW-01"]) == (BLOCKS, NOTE)
    assert (found["EST-GOLDEN-01"].severity, found["EST-GOLDEN-01"].evidence) == (
        Severity.WARNING,
        {"answer": "because"},
    )
    assert answered([ASKS], {}) == [ASKS]
    assert (open_questions([BLOCKS, ASKS, NOTE]), final([BLOCKS, ASKS, NOTE])) == ([ASKS], [BLOCKS])
    assert (
        blocking([BLOCKS, NOTE]),
        warnings([BLOCKS, replace(BLOCKS, severity=Severity.WARNING)]),
    ) == (
        [BLOCKS],
        [replace(BLOCKS, severity=Severity.WARNING)],
    )


def test_facts_of_an_earlier_version_are_read() -> None:
    plain = make(
        extra=[x509.SubjectAlternativeName([x509.DNSName("a.example")])]
    ).parsed.facts.to_json()
    old = {
        name: value
        for name, value in plain.items()
        if name not in {"version", "public_trust", "certificate_policies"}
    }
    old["subject_alternative_names"] = ["DNSName:a.example", "+3"]
    assert CertificateFacts.from_json(old).subject_alternative_names == ("DNS:a.example", "+3")


def test_too_many_certificates_in_a_pkcs7_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = pkcs7.serialize_certificates([make().certificate for _ in range(3)], Encoding.DER)
    monkeypatch.setattr(bundle, "MAXIMAL_CERTIFICATES", 2)
    assert [refusal.code for refusal in bundle.read([("f", body)]).refusals] == ["IN-COUNT-01"]


def test_the_cache_of_issuers_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        certificate, "_issuers", {str(number).encode(): "" for number in range(1025)}
    )
    assert make(issuer=make_ca("Issuer")).parsed.facts.issuer == "CN=Issuer"
    assert len(certificate._issuers) == 1


def test_cross_signed_cas_in_a_ring_lead_nowhere_and_back() -> None:
    facts = dict(
        part for part in [(name, below(name, other)[1]) for name, other in (("a", "b"), ("b", "a"))]
    )
    assert path(build(facts), "a", frozenset({"z"})) == ()


def test_a_search_that_would_look_at_too_much_ends() -> None:
    crowd = {
        f"c{n}": replace(below("c", "root")[1], sha256_fingerprint=f"c{n}") for n in range(150)
    }
    leaf = {"leaf": below("leaf", "c")[1]}
    assert (
        path(build({**crowd, **leaf, "root": one("root")[1]}), "leaf", frozenset({"nowhere"})) == ()
    )


def test_a_clients_own_certificate_comes_first() -> None:
    root = make_ca().parsed.facts
    leaf = make().parsed.facts
    assert client_first([root, leaf]) == [leaf.sha256_fingerprint, root.sha256_fingerprint]
    assert client_first([root]) == [root.sha256_fingerprint]
    assert client_first([]) == []


def _still(case: Any) -> str:
    return next(
        (finding.evidence["path"] for finding in case() if finding.code == "EST-STILL-ACCEPTED"), ""
    )


def test_what_vouches_for_a_removed_certificate_is_named_whatever_it_is() -> None:
    """Its other role, its key under another certificate, the anchor above a removed intermediate; an expired client is past it."""
    entry, facts = one("a")
    listed = entry._replace(role=TrustRole.ALLOWLISTED)
    role = judge_set([Step(Action.REMOVE, listed)], [facts], [entry, listed])
    assert [
        finding.evidence["path"] for finding in role if finding.code == "EST-STILL-ACCEPTED"
    ] == ["trust_anchor"]
    key = change(one("a", spki_sha256="k"), one("b", spki_sha256="k"), remove="a")
    assert "b" in _still(key)
    intermediate = change(one("a"), below("i", "a"), remove="i")
    assert _still(intermediate).startswith("a (")
    expired = change(
        one("a"), below("l", "a", TrustRole.ALLOWLISTED, not_after=NOW - DAY), remove="l"
    )
    assert _still(expired) == ""


def test_removing_an_anchor_names_the_intermediates_that_lead_nowhere_then() -> None:
    found = change(one("a"), one("b"), below("i", "a"), remove="a")()
    assert [finding.fingerprint for finding in found if finding.code == "GCP-CHAIN-01"] == ["i"]


def test_keys_are_named_as_policies_name_them() -> None:
    assert key_name(make(key=rsa_key()).parsed.facts) == "RSA-2048"
    assert key_name(make().parsed.facts) == "P-256"
    assert (
        key_name(make(key=ec.generate_private_key(ec.SECP521R1())).parsed.facts)
        == "ECDSA secp521r1"
    )


def test_an_issuer_is_allowed_by_its_key_where_it_is_at_hand() -> None:
    root = make_ca()
    body = root.pem + make(issuer=root).pem
    spki = root.parsed.facts.spki_sha256
    for policy, is_allowed in (
        (Policy(issuers=(f"spki:{spki}",)), True),
        (Policy(issuers=(f"spki:{'0' * 64}",)), False),
    ):
        found = inspect(
            [("f", body)], role=None, purpose=Purpose.MTLS_CLIENT, policies=(policy,), at=NOW
        )
        assert ("POL-ISSUER-01" not in {finding.code for finding in found.findings}) is is_allowed


def test_a_ca_that_a_public_root_signed_is_public_and_one_of_its_name_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, stranger = make_ca("Public Root"), make_ca("Public Root")
    roots = public_cas._Roots(
        frozenset({root.parsed.facts.spki_sha256}),
        {root.certificate.subject.public_bytes(): [root.certificate]},
    )
    monkeypatch.setattr(public_cas, "_roots", lambda: roots)
    assert root.parsed.facts.public_trust == "root"
    assert make_ca("Sub", issuer=root).parsed.facts.public_trust == "intermediate"
    assert make_ca("Sub", issuer=stranger).parsed.facts.public_trust == ""
    assert make("leaf", issuer=root).parsed.facts.public_trust == ""


def test_mozillas_intermediates_are_recognised_by_fingerprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day, listed = public_cas._intermediates()
    assert (len(listed) > 1_500, day) == (True, "2026-11-02")
    ca = make_ca("Listed", issuer=make_ca("Above"))
    known = frozenset({ca.fingerprint})
    monkeypatch.setattr(public_cas, "_intermediates", lambda: (day, known))
    assert ca.parsed.facts.public_trust == "intermediate"


def test_a_sent_certificate_that_cannot_be_read_is_an_answer_and_no_crash() -> None:
    root = make_ca()
    store = TrustStore(anchors=[root.der], intermediates=[], allowlisted=[])
    odd = make_ca("odd").der.replace(
        bytes.fromhex("0603551d13"), bytes.fromhex("0603551d0f"), 1
    )  # two key usages
    verdict = simulate(
        store, [make("client", issuer=root).der, odd], purpose=Purpose.MTLS_CLIENT, at=NOW
    )
    assert verdict.code == "SIM-NO-03"
    assert not verdict.is_unsure


def test_the_text_of_an_inspection_says_what_is_missing_and_what_is_wrong_with_the_set() -> None:
    body = make_ca("Lost", issuer=make_ca("Far Away")).pem
    found = inspect([("f", body)], role=None, purpose=Purpose.MTLS_CLIENT, at=NOW)
    text = as_text(found, "en")
    assert "not here   CN=Far Away" in text
    many = b"".join(make_ca(f"CA {number}").pem for number in range(201))
    assert "GCP-COUNT-01" in as_text(
        inspect([("f", many)], role=None, purpose=Purpose.MTLS_CLIENT, at=NOW), "en"
    )


def test_the_documentation_has_every_code() -> None:
    text = documentation.markdown()
    for code in (
        "GCP-EKU-04",
        "X509-KEY-03",
        "POL-PUBLIC-01",
        "EST-STILL-ACCEPTED",
        "LINT-01",
        "IN-ZIP-05",
        "SIM-UNSURE-01",
    ):
        assert code in text
