"""What a change does to a trust config, by fingerprint and as sets, and the two digests that people and workers go by."""

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import rfc8785

from pki.roles import TrustRole


class Action(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class Entry(NamedTuple):
    """One certificate in one role of one trust config."""

    role: TrustRole
    sha256_fingerprint: str


class Holding(NamedTuple):
    """A tenant's claim on an entry; the entry leaves Google when its last holding goes."""

    tenant_id: int
    entry: Entry


class Step(NamedTuple):
    """One item of a change."""

    action: Action
    entry: Entry


@dataclass(frozen=True)
class Difference:
    added: frozenset[Entry]
    removed: frozenset[Entry]
    unchanged: frozenset[Entry]


def difference(before: Iterable[Entry], after: Iterable[Entry]) -> Difference:
    old, new = frozenset(before), frozenset(after)
    return Difference(new - old, old - new, old & new)


def entries_of(holdings: Iterable[Holding]) -> frozenset[Entry]:
    return frozenset(holding.entry for holding in holdings)


def apply_steps(
    holdings: Iterable[Holding], tenant_id: int, steps: Iterable[Step]
) -> frozenset[Holding]:
    """The holdings after a tenant's change: it adds and removes its own and nobody else's."""
    return apply_in_order(holdings, ((tenant_id, step) for step in steps))


def apply_in_order(
    holdings: Iterable[Holding], steps: Iterable[tuple[int, Step]]
) -> frozenset[Holding]:
    """The same for steps of several changes, each with its tenant, one after another."""
    result = set(holdings)
    for tenant_id, step in steps:
        holding = Holding(tenant_id, step.entry)
        if step.action is Action.ADD:
            result.add(holding)
        else:
            result.discard(holding)
    return frozenset(result)


def has_effect(holdings: AbstractSet[Holding], tenant_id: int, step: Step) -> bool:
    """Adding needs that the tenant does not hold it, removing that it does."""
    return (Holding(tenant_id, step.entry) in holdings) is (step.action is Action.REMOVE)


def inverse(steps: Iterable[Step]) -> list[Step]:
    return [
        Step(Action.REMOVE if step.action is Action.ADD else Action.ADD, step.entry)
        for step in steps
    ]


def change_digest(
    *,
    trust_config: str,
    change: str,
    steps: Iterable[Step],
    not_before: datetime | None,
    policy_version: str,
    warning_codes: Iterable[str],
    besides: Mapping[str, object] | None = None,
) -> str:
    """What is voted on: SHA-256 (lower hex) over canonical JSON (RFC 8785). The etag is evidence and not bound.

    ``besides`` is what only some changes have: a schedule, what is removed when an overlap ends, the set that a drift showed.
    """
    return _digest(
        {
            "trust_config": trust_config,
            "change": change,
            "items": sorted(
                [step.action.value, step.entry.role.value, step.entry.sha256_fingerprint]
                for step in steps
            ),
            "not_before": not_before.isoformat() if not_before else None,
            "policy_version": policy_version,
            "warnings": sorted(set(warning_codes)),
            **(besides or {}),
        }
    )


def revision_digest(entries: Iterable[Entry]) -> str:
    """What a worker writes: SHA-256 (lower hex) over the sorted (role, fingerprint) of the whole set."""
    return _digest(sorted([entry.role.value, entry.sha256_fingerprint] for entry in set(entries)))


def _digest(value: object) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()  # type: ignore[arg-type]
