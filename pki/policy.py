"""A policy as data. The platform's floor and the tenant's own are both held against a change, so the stricter line wins."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from typing import Any

from pki.errors import BadPolicy
from pki.roles import TrustRole

KEYS = ("RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384")
USAGES = {"clientAuth": "1.3.6.1.5.5.7.3.2", "serverAuth": "1.3.6.1.5.5.7.3.1"}
LONGEST_DAYS = 36_500
MAXIMAL_LINES = 200
ROLES = tuple(role.value for role in TrustRole)


@dataclass(frozen=True)
class SelfService:
    """The most that mode B may ever do by itself under this policy, whatever the tenant's own limits are."""

    roles: tuple[str, ...] = ROLES
    item_count: int = 100
    in_production: bool = True
    with_warnings: bool = True


@dataclass(frozen=True)
class Policy:
    """None or an empty list means that the line asks for nothing.

    ``keys`` are names of :data:`KEYS`; ``longest_days`` and ``days_left`` map a role to days; ``issuers`` are ``spki:`` and
    64 hex digits, or ``subject:`` and the RFC 4514 text of the issuer's subject; ``names`` are patterns of subject
    alternative names with ``*`` for anything, such as ``URI:spiffe://example.com/*``.
    """

    keys: tuple[str, ...] = ()
    longest_days: Mapping[str, int] = field(default_factory=dict)
    days_left: Mapping[str, int] = field(default_factory=dict)
    issuers: tuple[str, ...] = ()
    usages: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ROLES
    allows_public_cas: bool = False
    self_service: SelfService = field(default_factory=SelfService)

    def is_from_allowed_issuer(self, subject: str, keys: AbstractSet[str]) -> bool:
        """Whether an issuer of this name, or with one of these keys (SPKI hashes), is allowed."""
        return not self.issuers or any(
            line == f"subject:{subject}" or line.removeprefix("spki:") in keys
            for line in self.issuers
        )

    def to_json(self) -> dict[str, Any]:
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        plain["self_service"] = {
            one.name: _listed(getattr(self.self_service, one.name))
            for one in fields(self.self_service)
        }
        return {name: _listed(value) for name, value in plain.items()}

    @classmethod
    def from_json(cls, values: object) -> "Policy":
        """:raises BadPolicy: for a line that does not exist, or a value of a wrong shape; says which."""
        plain = _mapping(values, "policy", {one.name for one in fields(cls)})
        return cls(
            keys=_choices(plain, "keys", KEYS),
            longest_days=_days(plain, "longest_days"),
            days_left=_days(plain, "days_left"),
            issuers=tuple(_issuer(line) for line in _lines(plain, "issuers")),
            usages=_choices(plain, "usages", tuple(USAGES)),
            names=tuple(_pattern(line) for line in _lines(plain, "names")),
            roles=_choices(plain, "roles", ROLES, default=ROLES),
            allows_public_cas=_truth(plain, "allows_public_cas", default=False),
            self_service=_self_service(plain.get("self_service", {})),
        )

    @classmethod
    def from_text(cls, text: str) -> "Policy":
        """:raises BadPolicy: when it is no JSON, or not a policy."""
        try:
            return cls.from_json(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise BadPolicy("POL-FORM-01", line="policy", detail="JSON") from error


def loosened(before: Policy, after: Policy) -> list[str]:
    """The lines on which ``after`` lets something pass that ``before`` did not; empty when it only tightens."""
    own_before, own_after = before.self_service, after.self_service
    is_looser = {
        "keys": _is_wider(before.keys, after.keys),
        "longest_days": any(
            after.longest_days.get(role, LONGEST_DAYS + 1) > days
            for role, days in before.longest_days.items()
        ),
        "days_left": any(
            after.days_left.get(role, -1) < days for role, days in before.days_left.items()
        ),
        "issuers": _is_wider(before.issuers, after.issuers),
        "usages": not set(before.usages) <= set(after.usages),
        "names": bool(before.names)
        and not (
            after.names
            and all(any(matches(old, new) for old in before.names) for new in after.names)
        ),
        "roles": not set(after.roles) <= set(before.roles),
        "allows_public_cas": after.allows_public_cas and not before.allows_public_cas,
        "self_service": not set(own_after.roles) <= set(own_before.roles)
        or own_after.item_count > own_before.item_count
        or (own_after.in_production and not own_before.in_production)
        or (own_after.with_warnings and not own_before.with_warnings),
    }
    return [line for line, answer in is_looser.items() if answer]


def matches(pattern: str, name: str) -> bool:
    """Whether a name has the form of a pattern, in which ``*`` stands for anything; DNS names know no case. Linear in both."""
    if pattern.startswith("DNS:"):
        pattern, name = pattern.lower(), name.lower()
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first) or len(name) < len(first) + len(rest[-1]):
        return False
    position, end = len(first), len(name) - len(rest[-1])
    for part in rest[:-1]:
        found = name.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return name.endswith(rest[-1])


def _is_wider(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Of lists where an empty one allows everything."""
    return bool(before) and (not after or not set(after) <= set(before))


def _self_service(values: object) -> SelfService:
    plain, default = (
        _mapping(values, "self_service", {one.name for one in fields(SelfService)}),
        SelfService(),
    )
    return SelfService(
        roles=_choices(plain, "roles", ROLES, default=ROLES),
        item_count=_number(plain.get("item_count", default.item_count), "item_count"),
        in_production=_truth(plain, "in_production", default=True),
        with_warnings=_truth(plain, "with_warnings", default=True),
    )


def _mapping(values: object, line: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise BadPolicy("POL-FORM-01", line=line, detail="{…}")
    if unknown := sorted(str(name) for name in set(values) - known):
        raise BadPolicy("POL-FORM-01", line=", ".join(unknown)[:200], detail="?")
    return values


def _lines(values: Mapping[str, Any], line: str) -> list[str]:
    found = values.get(line, [])
    if (
        not isinstance(found, list | tuple)
        or len(found) > MAXIMAL_LINES
        or not all(isinstance(one, str) and 0 < len(one) <= 500 for one in found)
    ):
        raise BadPolicy("POL-FORM-01", line=line, detail=f"[…] ≤ {MAXIMAL_LINES}")
    return list(dict.fromkeys(found))


def _choices(
    values: Mapping[str, Any], line: str, known: tuple[str, ...], default: tuple[str, ...] = ()
) -> tuple[str, ...]:
    if line not in values:
        return default
    chosen = _lines(values, line)
    if unknown := [one for one in chosen if one not in known]:
        raise BadPolicy("POL-FORM-01", line=line, detail=", ".join(unknown)[:200])
    return tuple(one for one in known if one in chosen)


def _days(values: Mapping[str, Any], line: str) -> dict[str, int]:
    return {
        role: _number(days, line)
        for role, days in _mapping(values.get(line, {}), line, set(ROLES)).items()
    }


def _number(value: object, line: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LONGEST_DAYS:
        raise BadPolicy("POL-FORM-01", line=line, detail=f"1–{LONGEST_DAYS}")
    return value


def _truth(values: Mapping[str, Any], line: str, *, default: bool) -> bool:
    value = values.get(line, default)
    if not isinstance(value, bool):
        raise BadPolicy("POL-FORM-01", line=line, detail="true, false")
    return value


def _issuer(line: str) -> str:
    if line.startswith("subject:") and len(line) > len("subject:"):
        return line
    spki = line.removeprefix("spki:").lower().replace(":", "")
    if not line.startswith("spki:") or len(spki) != 64 or set(spki) - set("0123456789abcdef"):
        raise BadPolicy("POL-FORM-01", line="issuers", detail=line[:200])
    return f"spki:{spki}"


def _pattern(line: str) -> str:
    if line.partition(":")[0] not in {"DNS", "URI", "IP", "email"} or not line.partition(":")[2]:
        raise BadPolicy("POL-FORM-01", line="names", detail=line[:200])
    return line


def _listed(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
