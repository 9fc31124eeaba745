"""A policy for people: its lines in words, and what a draft would say of the certificates that are trusted, now and on a date."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from certs.models import TrustEntry
from pki.chain import build
from pki.facts import CertificateFacts
from pki.findings import Finding
from pki.policy import Policy, loosened
from pki.policy_rules import judge_policies
from pki.roles import Purpose, TrustRole
from tenants.models import PolicyVersion
from tenants.policies import InForce, in_force, version_in_force

MOST_SHOWN = 200
_Policies = tuple[Policy, ...]


@dataclass(frozen=True)
class Line:
    """One line of a policy: what the platform asks and what the tenant asks besides, as in the policy's JSON."""

    name: str
    floor: object
    own: object


def lines(floor: PolicyVersion | None, own: PolicyVersion | None) -> list[Line]:
    """Without a floor the defaults of :class:`pki.policy.Policy` hold."""
    first = (floor.policy if floor else Policy()).to_json()
    second = own.policy.to_json() if own else {}
    return [Line(name, first[name], second.get(name)) for name in first]


def documents(tenant_id: int | None, at: datetime) -> list[tuple[str, str]]:
    """What is in force as JSON, for ``countersign inspect --policy``: a name and the text of each."""
    found = in_force(tenant_id, at) if tenant_id else InForce(version_in_force(None, at), None)
    names = ["platform.json", "tenant.json"]
    return [
        (name, json.dumps(policy.to_json(), indent=1, ensure_ascii=False))
        for name, policy in zip(names, found.policies, strict=False)
    ]


@dataclass(frozen=True)
class Draft:
    """What the draft loosens, and its previews: now and, where one is given, on the chosen date."""

    loosened: list[str]
    previews: list["PolicyPreview"]


def draft_of(
    policy: Policy, tenant_id: int | None, own: PolicyVersion | None, on: datetime | None
) -> Draft:
    """Judges what is trusted by the draft instead of the tenant's own policy (without a tenant: of the platform's floor)."""

    def drafted(of_tenant: int, at: datetime) -> _Policies:
        floor, tenants_own = version_in_force(None, at), version_in_force(of_tenant, at)
        if tenant_id is None:
            return (policy, tenants_own.policy) if tenants_own else (policy,)
        return (floor.policy if floor else Policy(), policy)

    def present(of_tenant: int, at: datetime) -> _Policies:
        return in_force(of_tenant, at).policies

    dates = [timezone.now(), *([on] if on else [])]
    return Draft(
        loosened(own.policy if own else Policy(), policy),
        [preview(tenant_id, drafted, present, at=at) for at in dates],
    )


@dataclass(frozen=True)
class Row:
    """One entry that the draft would not let pass; ``is_new`` when what is in force now lets it."""

    entry: TrustEntry
    findings: list[Finding]
    is_new: bool


@dataclass(frozen=True)
class PolicyPreview:
    at: datetime
    rows: list[Row]
    found_count: int
    new_count: int
    entry_count: int


def preview(
    tenant_id: int | None,
    draft: Callable[[int, datetime], _Policies],
    present: Callable[[int, datetime], _Policies],
    *,
    at: datetime,
) -> PolicyPreview:
    """Judges every open entry of a tenant (without one: of all) by the draft and by what holds at ``at`` without it.

    ``draft`` and ``present`` give the policies for a tenant at an instant.
    """
    entries = (
        TrustEntry.objects.open()
        .select_related("certificate", "trust_config__environment", "tenant")
        .order_by("pk")
    )
    entries = entries.filter(tenant_id=tenant_id) if tenant_id else entries
    facts = {
        entry.certificate.sha256_fingerprint: entry.certificate.as_facts() for entry in entries
    }
    keys = _issuer_keys(facts)
    rows = []
    by_tenant: dict[int, tuple[tuple[Policy, ...], tuple[Policy, ...]]] = {}
    for entry in entries:
        if entry.tenant_id not in by_tenant:
            by_tenant[entry.tenant_id] = draft(entry.tenant_id, at), present(entry.tenant_id, at)
        found, was = (
            _judge(policies, entry, facts, keys, at) for policies in by_tenant[entry.tenant_id]
        )
        if found:
            rows.append(
                Row(
                    entry,
                    found,
                    is_new=bool({one.code for one in found} - {one.code for one in was}),
                )
            )
    rows.sort(key=lambda row: not row.is_new)
    return PolicyPreview(
        at, rows[:MOST_SHOWN], len(rows), sum(row.is_new for row in rows), len(entries)
    )


def _judge(
    policies: tuple[Policy, ...],
    entry: TrustEntry,
    facts: dict[str, CertificateFacts],
    keys: dict[str, frozenset[str]],
    at: datetime,
) -> list[Finding]:
    fingerprint = entry.certificate.sha256_fingerprint
    purpose, role = Purpose(entry.trust_config.purpose), TrustRole(entry.role)
    return judge_policies(
        policies, facts[fingerprint], role, purpose, at=at, issuer_keys=keys[fingerprint]
    )


def _issuer_keys(facts: dict[str, CertificateFacts]) -> dict[str, frozenset[str]]:
    chain = build(facts)
    return {
        fingerprint: frozenset(
            facts[issuer].spki_sha256 for issuer in chain.issuers.get(fingerprint, ())
        )
        for fingerprint in facts
    }
