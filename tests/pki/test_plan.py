"""Sets, steps and digests: properties that hold for every input."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pki.plan import (
    Action,
    Entry,
    Holding,
    Step,
    apply_steps,
    change_digest,
    difference,
    entries_of,
    has_effect,
    inverse,
    revision_digest,
)
from pki.roles import TrustRole

entries = st.builds(Entry, st.sampled_from(TrustRole), st.sampled_from([c * 64 for c in "abcdef"]))
holdings = st.frozensets(st.builds(Holding, st.integers(1, 3), entries))
steps = st.lists(
    st.builds(Step, st.sampled_from(Action), entries), unique_by=lambda step: step.entry
)


@given(holdings, steps)
def test_undoing_steps_that_all_had_effect_restores_the_set(
    before: frozenset[Holding], wanted: list[Step]
) -> None:
    effective = [step for step in wanted if has_effect(before, 1, step)]
    assert apply_steps(apply_steps(before, 1, effective), 1, inverse(effective)) == before


@given(holdings, steps)
def test_a_tenant_changes_nobody_elses_holdings(
    before: frozenset[Holding], wanted: list[Step]
) -> None:
    after = apply_steps(before, 1, wanted)
    assert {h for h in after if h.tenant_id != 1} == {h for h in before if h.tenant_id != 1}


@given(st.frozensets(entries), st.frozensets(entries))
def test_a_difference_is_whole(before: frozenset[Entry], after: frozenset[Entry]) -> None:
    change = difference(before, after)
    assert change.added | change.unchanged == after
    assert change.removed | change.unchanged == before
    assert not change.added & change.removed


@given(st.lists(entries), st.randoms())
def test_the_revision_digest_knows_sets_and_no_order(found: list[Entry], random: Any) -> None:
    shuffled = found * 2
    random.shuffle(shuffled)
    assert revision_digest(found) == revision_digest(shuffled)


def test_the_revision_digest_can_be_recomputed_by_anyone() -> None:
    found = [Entry(TrustRole.TRUST_ANCHOR, "b" * 64), Entry(TrustRole.ALLOWLISTED, "a" * 64)]
    text = json.dumps(
        [["allowlisted_certificate", "a" * 64], ["trust_anchor", "b" * 64]], separators=(",", ":")
    )
    assert revision_digest(found) == hashlib.sha256(text.encode()).hexdigest()


def test_the_change_digest_binds_everything_that_is_voted_on() -> None:
    def digest(**changed: Any) -> str:
        step = Step(Action.ADD, Entry(TrustRole.TRUST_ANCHOR, "a" * 64))
        values = {
            "trust_config": "t",
            "change": "1/1",
            "steps": [step],
            "not_before": None,
            "policy_version": "1@1",
            "warning_codes": ["A"],
        }
        return change_digest(**{**values, **changed})

    other = Step(Action.REMOVE, Entry(TrustRole.TRUST_ANCHOR, "a" * 64))
    changed = [
        {"trust_config": "u"},
        {"change": "1/2"},
        {"steps": [other]},
        {"not_before": datetime(2026, 1, 1, tzinfo=UTC)},
        {"policy_version": "1@2"},
        {"warning_codes": []},
    ]
    assert len({digest(), *(digest(**change) for change in changed)}) == 1 + len(changed)
    assert digest(warning_codes=["B", "A", "A"]) == digest(warning_codes=["A", "B"])


@given(holdings)
def test_entries_of_holdings_forget_the_holder(held: frozenset[Holding]) -> None:
    assert entries_of(held) == {holding.entry for holding in held}
