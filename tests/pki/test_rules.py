"""Each rule with one certificate that triggers it and one that just does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pki.catalogue import FINDINGS
from pki.estate import Estate
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.limits import count_findings
from pki.plan import Action, Entry, Holding, Step
from pki.roles import Purpose, TrustRole
from pki.rules import checked_codes, judge, judge_certificate, proposed_role
from tests.certificates import CLIENT_AUTH, DAY, SERVER_AUTH, Made, make, make_ca, rsa_key

NOW = datetime.now(UTC)
ANCHOR, INTERMEDIATE, ALLOWLISTED = (
    TrustRole.TRUST_ANCHOR,
    TrustRole.INTERMEDIATE_CA,
    TrustRole.ALLOWLISTED,
)
CLIENTS, SERVERS = Purpose.MTLS_CLIENT, Purpose.MTLS_SERVER


def codes(
    made: Made, role: TrustRole, purpose: Purpose = CLIENTS, at: datetime = NOW
) -> dict[str, str]:
    """What is found, the notes left out."""
    found = judge_certificate(made.parsed.facts, role, purpose, at=at)
    return {
        finding.code: finding.severity.value
        for finding in found
        if finding.severity is not Severity.INFO
    }


@pytest.mark.parametrize(
    ("made", "role"),
    [
        (lambda: make_ca(), ANCHOR),
        (lambda: make_ca(issuer=make_ca()), INTERMEDIATE),
        (lambda: make(), ALLOWLISTED),
        (lambda: make(key=rsa_key()), ALLOWLISTED),
        (lambda: make(key=ec.generate_private_key(ec.SECP384R1())), ALLOWLISTED),
        (lambda: make_ca(eku=[SERVER_AUTH, CLIENT_AUTH]), ANCHOR),
        (lambda: make(eku=None), ALLOWLISTED),
    ],
)
def test_a_good_certificate_is_found_good(made: Any, role: TrustRole) -> None:
    assert codes(made(), role) == {}


def test_the_purpose_decides_the_extended_key_usage() -> None:
    assert codes(make_ca(eku=[SERVER_AUTH]), ANCHOR, SERVERS) == {}
    assert codes(make_ca(eku=[CLIENT_AUTH]), ANCHOR, SERVERS) == {"GCP-EKU-01": "blocking"}


def test_the_last_second_of_validity_counts() -> None:
    made = make(not_after=NOW + 40 * DAY)
    end = made.parsed.facts.not_after
    assert "X509-VAL-01" in codes(made, ALLOWLISTED, at=end)
    assert "X509-VAL-01" not in codes(made, ALLOWLISTED, at=end - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("role", "is_self_signed", "expected"),
    [
        (ANCHOR, True, None),
        (ANCHOR, False, "blocking"),
        (INTERMEDIATE, True, "blocking"),
        (ALLOWLISTED, True, "warning"),
    ],
)
def test_sha1_counts_where_somebody_checks_the_signature(
    role: TrustRole, is_self_signed: bool, expected: str | None
) -> None:
    facts = _facts(make_ca().parsed.facts, signature_hash="sha1", is_self_signed=is_self_signed)
    found = {f.code: f.severity.value for f in judge_certificate(facts, role, CLIENTS, at=NOW)}
    assert found.get("GCP-SIG-01") == expected


def _facts(facts: CertificateFacts, **changed: Any) -> CertificateFacts:
    return CertificateFacts.from_json({**facts.to_json(), **changed})


def test_roles_are_proposed_by_what_the_certificate_is() -> None:
    root = make_ca()
    assert proposed_role(root.parsed.facts) is ANCHOR
    assert proposed_role(make_ca(issuer=root).parsed.facts) is INTERMEDIATE
    assert proposed_role(make(issuer=root).parsed.facts) is ALLOWLISTED


# --- the set that would be live

FACTS = make_ca().parsed.facts


def _entries(role: TrustRole, count: int, prefix: str = "") -> set[Entry]:
    return {Entry(role, f"{prefix}{role.value}{n}") for n in range(count)}


class _Anything(dict[str, CertificateFacts]):
    """Facts for every name, each with a subject of its own."""

    def __missing__(self, name: str) -> CertificateFacts:
        self[name] = _facts(
            FACTS, subject=name, issuer=name, spki_sha256=name, sha256_fingerprint=name
        )
        return self[name]


def _found(
    after: set[Entry], facts: Any = None, before: set[Entry] | None = None
) -> dict[str, str]:
    return {
        f.code: f.severity.value
        for f in count_findings(before or set(), after, facts if facts is not None else _Anything())
    }


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (_entries(ANCHOR, 201), "GCP-COUNT-01"),
        (_entries(ANCHOR, 101) | _entries(INTERMEDIATE, 100), "GCP-COUNT-01"),
        (_entries(INTERMEDIATE, 101), "GCP-COUNT-02"),
        (_entries(ALLOWLISTED, 501), "GCP-COUNT-03"),
    ],
)
def test_googles_counts(after: set[Entry], code: str) -> None:
    assert set(_found(after)) == {code}
    assert _found(set(list(after)[1:])) == {} or code == "GCP-COUNT-01"


def test_the_limits_themselves_are_allowed() -> None:
    assert (
        _found(_entries(ANCHOR, 100) | _entries(INTERMEDIATE, 100) | _entries(ALLOWLISTED, 500))
        == {}
    )


def test_a_set_that_is_over_a_limit_already_may_shrink() -> None:
    before = _entries(ALLOWLISTED, 503)
    assert _found(set(list(before)[:502]), before=before) == {}


def test_name_constraints_are_counted_over_all_authorities() -> None:
    facts = {
        "a": _facts(FACTS, name_constraint_count=6, subject="a"),
        "b": _facts(FACTS, name_constraint_count=5, subject="b"),
    }
    assert set(_found({Entry(ANCHOR, "a"), Entry(ANCHOR, "b")}, facts)) == {"GCP-COUNT-04"}
    assert _found({Entry(ANCHOR, "a")}, facts) == {}


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, {}),
        (4, {"GCP-COUNT-06": "warning"}),
        (10, {"GCP-COUNT-06": "warning"}),
        (11, {"GCP-COUNT-05": "blocking"}),
    ],
)
def test_intermediates_with_one_subject_and_key(count: int, expected: dict[str, str]) -> None:
    entries = _entries(INTERMEDIATE, count)
    assert _found(entries, {entry.sha256_fingerprint: FACTS for entry in entries}) == expected


# Of the anchors and names that these tests make up; what they say is tested in test_catalogue.py.
NOISE = {
    "EST-BREADTH-01",
    "EST-KEY-01",
    "GCP-CHAIN-01",
    "EST-ROOT-01",
    "GCP-ALLOW-01",
    "EST-HEAD-01",
    "EST-STILL-ACCEPTED",
}


def _judge(
    steps: list[Step], holdings: set[Holding], tenant: int = 1, **estate: Any
) -> dict[str, Finding]:
    facts = _Anything()
    for entry in (
        {holding.entry for holding in holdings}
        | {step.entry for step in steps}
        | {step.entry for _t, step in estate.get("submitted", ())}
    ):
        facts[entry.sha256_fingerprint]
    found = judge(
        Estate("tc", CLIENTS, frozenset(holdings), facts, **estate), tenant, steps, at=NOW
    )
    return {finding.code: finding for finding in found if finding.code not in NOISE}


def test_the_last_anchor_and_the_last_entry_are_warned_of() -> None:
    anchor, leaf = Entry(ANCHOR, "a"), Entry(ALLOWLISTED, "l")
    remove = Step(Action.REMOVE, anchor)
    assert set(_judge([remove], {Holding(1, anchor), Holding(1, leaf)})) == {"EST-LAST-01"}
    assert set(_judge([remove], {Holding(1, anchor)})) == {"EST-LAST-01", "EST-LAST-02"}
    assert set(_judge([remove], {Holding(1, anchor), Holding(2, anchor)})) == set()
    assert (
        set(_judge([remove, Step(Action.ADD, Entry(ANCHOR, "b"))], {Holding(1, anchor)})) == set()
    )


def test_removing_what_is_not_ones_own_is_refused() -> None:
    entry = Entry(ALLOWLISTED, "l")
    assert "EST-GONE-01" in _judge([Step(Action.REMOVE, entry)], {Holding(2, entry)})


def test_adding_again_is_refused_and_elsewhere_is_a_note() -> None:
    entry = Entry(ANCHOR, "a")
    assert "EST-DUP-01" in _judge([Step(Action.ADD, entry)], {Holding(1, entry)})
    found = _judge([Step(Action.ADD, entry)], {Holding(2, entry)}, elsewhere={"a": ("prod/x",)})
    assert {code: f.severity.value for code, f in found.items()} == {"EST-DUP-02": "info"}


def test_changes_that_are_only_submitted_give_warnings_only() -> None:
    others = tuple((2, Step(Action.ADD, entry)) for entry in _entries(INTERMEDIATE, 100, "o"))
    found = _judge([Step(Action.ADD, Entry(INTERMEDIATE, "mine"))], set(), submitted=others)
    assert {code: f.severity.value for code, f in found.items()} == {"EST-PEND-01": "warning"}


def test_blocking_findings_come_first() -> None:
    entry = Entry(ANCHOR, "a")
    found = list(
        _judge(
            [Step(Action.ADD, entry)], {Holding(1, entry)}, elsewhere={"a": ("prod/x",)}
        ).values()
    )
    assert [f.severity.value for f in found] == ["blocking", "info"]


def test_every_checked_code_is_in_the_catalogue_and_every_finding_of_it_is_checked() -> None:
    steps = [Step(Action.ADD, Entry(role, "x")) for role in TrustRole] + [
        Step(Action.REMOVE, Entry(ANCHOR, "y"))
    ]
    assert checked_codes(steps) == set(FINDINGS)
