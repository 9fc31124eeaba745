"""Google's limits of one trust config, counted on the set that would be live (Certificate Manager quotas, 2026-04-08)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.plan import Entry
from pki.roles import CA_ROLES, TrustRole

MAXIMAL_AUTHORITIES = 200
MAXIMAL_INTERMEDIATES = 100
MAXIMAL_ALLOWLISTED = 500
MAXIMAL_NAME_CONSTRAINTS = 10
ALMOST_FULL = 0.9
MAXIMAL_SAME_SUBJECT_AND_KEY, MANY_SAME_SUBJECT_AND_KEY = 10, 3


@dataclass(frozen=True)
class Count:
    """One limit with its count: ``code`` names it in the catalogue."""

    code: str
    count: int
    limit: int


def counts(entries: Iterable[Entry], facts: Mapping[str, CertificateFacts]) -> list[Count]:
    """Each limit that pages show as headroom and rules hold a change against."""
    entries = frozenset(entries)
    by_role = Counter(entry.role for entry in entries)
    authorities = {entry.sha256_fingerprint for entry in entries if entry.role in CA_ROLES}
    constraint_count = sum(facts[fingerprint].name_constraint_count for fingerprint in authorities)
    return [
        Count(
            "GCP-COUNT-01",
            by_role[TrustRole.TRUST_ANCHOR] + by_role[TrustRole.INTERMEDIATE_CA],
            MAXIMAL_AUTHORITIES,
        ),
        Count("GCP-COUNT-02", by_role[TrustRole.INTERMEDIATE_CA], MAXIMAL_INTERMEDIATES),
        Count("GCP-COUNT-03", by_role[TrustRole.ALLOWLISTED], MAXIMAL_ALLOWLISTED),
        Count("GCP-COUNT-04", constraint_count, MAXIMAL_NAME_CONSTRAINTS),
    ]


def headroom_findings(
    before: Iterable[Entry], after: Iterable[Entry], facts: Mapping[str, CertificateFacts]
) -> Iterable[Finding]:
    """Limits of which a change uses up more than nine tenths."""
    was = {count.code: count.count for count in counts(before, facts)}
    for count in counts(after, facts):
        if (
            ALMOST_FULL * count.limit <= count.count <= count.limit
            and count.count > was[count.code]
        ):
            yield Finding(
                "EST-HEAD-01",
                Severity.WARNING,
                "",
                {"what": count.code, "count": str(count.count), "limit": str(count.limit)},
            )


def count_findings(
    before: Iterable[Entry],
    after: Iterable[Entry],
    facts: Mapping[str, CertificateFacts],
    *,
    as_warning: bool = False,
) -> Iterable[Finding]:
    """Limits that ``after`` breaks and ``before`` did not break by as much; ``as_warning`` for sets that may never be."""
    was = {count.code: count.count for count in counts(before, facts)}
    for count in counts(after, facts):
        if count.count > count.limit and count.count > was[count.code]:
            evidence = {"count": str(count.count), "limit": str(count.limit), "what": count.code}
            yield (
                Finding("EST-PEND-01", Severity.WARNING, "", evidence)
                if as_warning
                else Finding(count.code, Severity.BLOCKING, "", evidence)
            )
    if not as_warning:
        yield from _same_subject_and_key(frozenset(before), frozenset(after), facts)


def _same_subject_and_key(
    before: frozenset[Entry], after: frozenset[Entry], facts: Mapping[str, CertificateFacts]
) -> Iterable[Finding]:
    def groups(entries: frozenset[Entry]) -> Counter[tuple[str, str]]:
        return Counter(
            facts[entry.sha256_fingerprint].subject_spki
            for entry in entries
            if entry.role is TrustRole.INTERMEDIATE_CA
        )

    old = groups(before)
    for key, count in groups(after).items():
        if count <= old[key]:
            continue
        evidence = {
            "count": str(count),
            "limit": str(MAXIMAL_SAME_SUBJECT_AND_KEY),
            "subject": key[0],
        }
        if count > MAXIMAL_SAME_SUBJECT_AND_KEY:
            yield Finding("GCP-COUNT-05", Severity.BLOCKING, "", evidence)
        elif count > MANY_SAME_SUBJECT_AND_KEY:
            yield Finding("GCP-COUNT-06", Severity.WARNING, "", evidence)
