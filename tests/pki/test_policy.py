"""Policies as data: what is no policy is refused, what loosens is told, patterns match in time that grows with their length only."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.errors import BadPolicy
from pki.policy import KEYS, ROLES, USAGES, Policy, SelfService, loosened, matches


def test_a_policy_survives_being_written_down() -> None:
    policy = Policy(
        keys=("P-256",),
        longest_days={ROLES[0]: 90},
        issuers=("subject:CN=A",),
        names=("DNS:*.a",),
        self_service=SelfService(item_count=3),
    )
    assert Policy.from_json(policy.to_json()) == policy
    assert Policy.from_json({}) == Policy()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], "policy"),
        ({"keis": []}, "keis"),
        ({"keys": "P-256"}, "keys"),
        ({"keys": ["P-521"]}, "keys"),
        ({"keys": [7]}, "keys"),
        ({"longest_days": {"root": 3}}, "root"),
        ({"longest_days": {ROLES[0]: 0}}, "longest_days"),
        ({"longest_days": {ROLES[0]: True}}, "longest_days"),
        ({"days_left": 30}, "days_left"),
        ({"issuers": ["CN=A"]}, "issuers"),
        ({"issuers": ["spki:12"]}, "issuers"),
        ({"names": ["*.example.com"]}, "names"),
        ({"names": ["DNS:"]}, "names"),
        ({"roles": ["owner"]}, "roles"),
        ({"allows_public_cas": "no"}, "allows_public_cas"),
        ({"self_service": {"item_count": 1.5}}, "item_count"),
        ({"self_service": {"in_production": 0}}, "in_production"),
    ],
)
def test_what_is_no_policy_is_refused_and_the_line_is_named(values: Any, line: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        Policy.from_json(values)
    assert line in refused.value.evidence["line"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadPolicy):
        Policy.from_text("{")
    assert Policy.from_text('{"keys": ["P-256"]}').keys == ("P-256",)


TIGHT = Policy(
    keys=("P-256",),
    longest_days={ROLES[2]: 90},
    days_left={ROLES[2]: 30},
    issuers=("subject:CN=A",),
    usages=("clientAuth",),
    names=("URI:spiffe://a/*",),
    roles=(ROLES[2],),
    self_service=SelfService(
        roles=(ROLES[2],), item_count=3, in_production=False, with_warnings=False
    ),
)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"keys": []}, "keys"),
        ({"keys": ["P-256", "P-384"]}, "keys"),
        ({"longest_days": {}}, "longest_days"),
        ({"longest_days": {ROLES[2]: 91}}, "longest_days"),
        ({"days_left": {ROLES[2]: 29}}, "days_left"),
        ({"issuers": ["subject:CN=B"]}, "issuers"),
        ({"usages": []}, "usages"),
        ({"names": []}, "names"),
        ({"names": ["URI:spiffe://*"]}, "names"),
        ({"roles": [ROLES[1], ROLES[2]]}, "roles"),
        ({"allows_public_cas": True}, "allows_public_cas"),
        (
            {
                "self_service": {
                    "item_count": 4,
                    "in_production": False,
                    "with_warnings": False,
                    "roles": [ROLES[2]],
                }
            },
            "self_service",
        ),
        (
            {
                "self_service": {
                    "item_count": 3,
                    "in_production": True,
                    "with_warnings": False,
                    "roles": [ROLES[2]],
                }
            },
            "self_service",
        ),
    ],
)
def test_a_line_that_lets_more_pass_is_told(change: dict[str, Any], line: str) -> None:
    assert loosened(TIGHT, Policy.from_json({**TIGHT.to_json(), **change})) == [line]


def test_a_narrower_policy_loosens_nothing() -> None:
    narrower = {
        **TIGHT.to_json(),
        "names": ["URI:spiffe://a/b/*"],
        "longest_days": {ROLES[2]: 89, ROLES[0]: 10},
    }
    assert loosened(TIGHT, Policy.from_json(narrower)) == []
    assert loosened(Policy(), TIGHT) == []
    assert set(loosened(TIGHT, Policy())) == {
        "keys",
        "longest_days",
        "days_left",
        "issuers",
        "usages",
        "names",
        "roles",
        "self_service",
    }


@pytest.mark.parametrize(
    ("pattern", "name", "is_match"),
    [
        ("DNS:a.example", "DNS:a.example", True),
        ("DNS:*.EXAMPLE", "DNS:a.example", True),
        ("DNS:*.example", "DNS:example", False),
        ("URI:spiffe://a/*", "URI:spiffe://A/x", False),
        ("URI:spiffe://a/*/b", "URI:spiffe://a/x/y/b", True),
        ("URI:*a*b*", "URI:xxaxxbxx", True),
        ("URI:*a*b*", "URI:xxbxxaxx", False),
        ("URI:xy*yx", "URI:xyx", False),
        ("URI:a.b", "URI:axb", False),
    ],
)
def test_a_pattern_matches_whole_names(pattern: str, name: str, is_match: bool) -> None:
    assert matches(pattern, name) is is_match


def test_a_hostile_pattern_costs_no_time() -> None:
    start = time.perf_counter()
    matches("URI:" + "*a" * 200 + "*b", "URI:" + "a" * 2_000)
    assert time.perf_counter() - start < 1


DAYS = st.dictionaries(st.sampled_from(ROLES), st.integers(1, 400))
POLICIES = st.builds(
    Policy,
    keys=st.lists(st.sampled_from(KEYS), unique=True).map(
        lambda chosen: tuple(key for key in KEYS if key in chosen)
    ),
    longest_days=DAYS,
    days_left=DAYS,
    usages=st.lists(st.sampled_from(sorted(USAGES)), unique=True).map(tuple),
    roles=st.lists(st.sampled_from(ROLES), unique=True).map(tuple),
    allows_public_cas=st.booleans(),
)


@settings(max_examples=200)
@given(POLICIES, POLICIES, POLICIES)
def test_tightening_twice_is_tightening(first: Policy, second: Policy, third: Policy) -> None:
    assert loosened(first, first) == []
    if not loosened(first, second) and not loosened(second, third):
        assert loosened(first, third) == []
