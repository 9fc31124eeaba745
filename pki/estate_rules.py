"""What the estate says of a change: what is there already, what would be left, what still vouches for what is removed."""

from collections.abc import Iterable
from datetime import datetime

from pki.chain import MAXIMAL_DEPTH, path
from pki.estate import ANOTHER_TENANTS, Projection
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.limits import count_findings, headroom_findings
from pki.names import common_name
from pki.plan import Action, Entry, Holding, Step, apply_steps, entries_of
from pki.roles import CA_ROLES, EKU_OF_PURPOSE, TrustRole

_SHOWN = 5
_USAGE_NAMES = dict(EKU_OF_PURPOSE.values())


def judge_step(projection: Projection, step: Step, *, at: datetime) -> Iterable[Finding]:
    """One item against what is held."""
    facts = projection.estate.facts[step.entry.sha256_fingerprint]
    is_held = Holding(projection.tenant_id, step.entry) in projection.estate.holdings
    if step.action is Action.ADD:
        yield from _already_there(projection, step, facts, is_held=is_held)
        yield from _related(projection, step, facts)
        if step.entry.role in CA_ROLES:
            yield from _authority(projection, step.entry.role, facts)
    elif is_held:
        yield from _still_accepted(projection, facts, at)
    else:
        evidence = {"role": step.entry.role.value, "trust_config": projection.estate.trust_config}
        yield Finding("EST-GONE-01", Severity.BLOCKING, facts.sha256_fingerprint, evidence)


def judge_set(projection: Projection) -> Iterable[Finding]:
    """The trust config as it would be."""
    estate, before, after = projection.estate, projection.before, projection.after
    yield from count_findings(before, after, estate.facts)
    yield from headroom_findings(before, after, estate.facts)
    crowd = projection.holdings
    for other_tenant, step in estate.submitted:
        if step.action is Action.ADD:
            crowd = apply_steps(crowd, other_tenant, [step])
    yield from count_findings(after, entries_of(crowd), estate.facts, as_warning=True)
    if before and not after:
        yield Finding(
            "EST-LAST-02",
            Severity.WARNING if estate.may_be_emptied else Severity.BLOCKING,
            "",
            {"trust_config": estate.trust_config},
        )
    if _has_anchor(before) and not _has_anchor(after):
        yield Finding("EST-LAST-01", Severity.WARNING, "", {"trust_config": estate.trust_config})
    yield from _dead_ends(projection)


def _already_there(
    projection: Projection, step: Step, facts: CertificateFacts, *, is_held: bool
) -> Iterable[Finding]:
    estate, fingerprint = projection.estate, facts.sha256_fingerprint
    if is_held:
        yield Finding(
            "EST-DUP-01",
            Severity.BLOCKING,
            fingerprint,
            {"role": step.entry.role.value, "trust_config": estate.trust_config},
        )
    if places := estate.elsewhere.get(fingerprint):
        yield Finding("EST-DUP-02", Severity.INFO, fingerprint, {"places": ", ".join(places)})
    if number := estate.revoked.get(fingerprint):
        code, severity = (
            ("EST-REVOKED-02", Severity.WARNING)
            if estate.names_revocation
            else ("EST-REVOKED-01", Severity.BLOCKING)
        )
        yield Finding(code, severity, fingerprint, {"number": str(number)})


def _related(projection: Projection, step: Step, facts: CertificateFacts) -> Iterable[Finding]:
    chain, fingerprint = projection.chain, facts.sha256_fingerprint
    if others := [other for other in chain.same_key(fingerprint) if other in projection.listed]:
        yield Finding(
            "EST-KEY-01", Severity.INFO, fingerprint, {"others": _short(projection, others)}
        )
    if step.entry.role in CA_ROLES and (
        others := [other for other in chain.same_subject(fingerprint) if other in projection.listed]
    ):
        yield Finding(
            "EST-CROSS-01", Severity.WARNING, fingerprint, {"others": _short(projection, others)}
        )


def _authority(
    projection: Projection, role: TrustRole, facts: CertificateFacts
) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if not facts.is_ca:
        return
    if role is TrustRole.INTERMEDIATE_CA and facts.is_self_signed:
        yield Finding("EST-ROOT-01", Severity.WARNING, fingerprint)
    if role is TrustRole.TRUST_ANCHOR:
        yield Finding(
            "EST-BREADTH-01",
            Severity.INFO,
            fingerprint,
            {"name": common_name(facts.subject), "limits": limits_of(facts)},
        )
    others = [
        other
        for other in projection.chain.other_keys.get(fingerprint, ())
        if other in projection.authorities
    ]
    if others:
        known = (
            projection.estate.facts[other].subject_key_identifier or "–"
            if projection.is_visible(other)
            else ANOTHER_TENANTS
            for other in others
        )
        found = ", ".join(dict.fromkeys(list(known)[:_SHOWN]))
        evidence = {
            "issuer": common_name(facts.issuer),
            "expected": facts.authority_key_identifier,
            "found": found,
        }
        yield Finding("GCP-KID-02", Severity.WARNING, fingerprint, evidence)


def limits_of(facts: CertificateFacts) -> str:
    """What narrows a CA: its path length, name constraints and extended key usage, as plain values; a dash for none."""
    limits = [] if facts.path_length is None else [f"pathLen:{facts.path_length}"]
    limits += facts.name_constraints[:_SHOWN]
    limits += [f"EKU {_USAGE_NAMES.get(oid, oid)}" for oid in facts.extended_key_usage or ()]
    return ", ".join(limits) or "–"


def _still_accepted(
    projection: Projection, facts: CertificateFacts, at: datetime
) -> Iterable[Finding]:
    fingerprint = facts.sha256_fingerprint
    if not (vouching := _vouching(projection, facts, at)):
        return
    severity = Severity.BLOCKING if fingerprint in projection.estate.revoking else Severity.WARNING
    yield Finding("EST-STILL-ACCEPTED", severity, fingerprint, {"path": vouching})


def _vouching(projection: Projection, facts: CertificateFacts, at: datetime) -> str:
    """What still lets the certificate, or for a CA its clients, in: its other roles, a path to an anchor, its key elsewhere."""
    fingerprint = facts.sha256_fingerprint
    if roles := projection.roles_of(fingerprint):
        return ", ".join(roles)
    if facts.is_ca and (
        others := [
            other
            for other in projection.chain.same_key(fingerprint)
            if other in projection.authorities
        ]
    ):
        return _short(projection, others)
    if not facts.is_ca:
        others = [
            other for other in projection.chain.same_key(fingerprint) if other in projection.listed
        ]
        if others:
            return _short(projection, others)
        if facts.not_after <= at or EKU_OF_PURPOSE[projection.estate.purpose][0] not in (
            facts.extended_key_usage or ()
        ):
            return ""  # by an anchor it would be refused anyhow
    found = path(projection.chain, fingerprint, projection.anchors)
    return " → ".join(_name(projection, step) for step in found[1:])


def _dead_ends(projection: Projection) -> Iterable[Finding]:
    """Intermediates that lead nowhere because of this change, and chains that it makes too deep."""
    touched = {step.entry.sha256_fingerprint for step in projection.steps}
    facts = projection.estate.facts
    for entry in sorted(projection.after):
        fingerprint = entry.sha256_fingerprint
        if (
            entry.role is not TrustRole.INTERMEDIATE_CA
            or facts[fingerprint].is_self_signed
            or fingerprint in projection.anchors
        ):
            continue
        found = path(projection.chain, fingerprint, projection.anchors)
        if not found and (fingerprint in touched or _led_somewhere(projection, entry)):
            yield Finding(
                "GCP-CHAIN-01",
                Severity.WARNING,
                fingerprint,
                {"issuer": common_name(facts[fingerprint].issuer)},
            )
        elif fingerprint in touched:
            yield from _depth(projection, fingerprint, found)


def _depth(projection: Projection, fingerprint: str, found: tuple[str, ...]) -> Iterable[Finding]:
    count = len(found) + 1  # and the client
    if count > MAXIMAL_DEPTH:
        yield Finding(
            "GCP-DEPTH-01",
            Severity.BLOCKING,
            fingerprint,
            {"count": str(count), "limit": str(MAXIMAL_DEPTH)},
        )
    for below, issuer in enumerate(found[1:], start=1):
        facts = projection.estate.facts[issuer]
        if facts.path_length is not None and below > facts.path_length:
            evidence = {
                "issuer": common_name(facts.subject),
                "allowed": str(facts.path_length),
                "count": str(below),
            }
            yield Finding("GCP-PATH-01", Severity.WARNING, fingerprint, evidence)
            return


def _led_somewhere(projection: Projection, entry: Entry) -> bool:
    before = frozenset(
        e.sha256_fingerprint for e in projection.before if e.role is TrustRole.TRUST_ANCHOR
    )
    return bool(path(projection.chain, entry.sha256_fingerprint, before))


def _has_anchor(entries: frozenset[Entry]) -> bool:
    return any(entry.role is TrustRole.TRUST_ANCHOR for entry in entries)


def _name(projection: Projection, fingerprint: str) -> str:
    if not projection.is_visible(fingerprint):
        return ANOTHER_TENANTS
    return f"{common_name(projection.estate.facts[fingerprint].subject)} ({fingerprint[:8]})"


def _short(projection: Projection, fingerprints: list[str]) -> str:
    shown = ", ".join(
        dict.fromkeys(_name(projection, fingerprint) for fingerprint in fingerprints[:_SHOWN])
    )
    return shown if len(fingerprints) <= _SHOWN else f"{shown} (+{len(fingerprints) - _SHOWN})"
