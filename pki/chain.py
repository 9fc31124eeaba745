"""Who issued whom among certificates that are at hand, by name and key identifier (RFC 5280 §4.2.1.1): facts only, no bytes.

Whether the signatures hold is another question, answered by :mod:`pki.signatures` where the bytes are at hand.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pki.facts import CertificateFacts

MAXIMAL_DEPTH = 10  # Google: root and client included
MAXIMAL_EVALUATIONS = 100  # Google: intermediates looked at while a path is built


@dataclass(frozen=True)
class Chain:
    """Links by fingerprint. ``issuers`` are those that could have issued a certificate, itself left out."""

    facts: Mapping[str, CertificateFacts]
    issuers: Mapping[str, tuple[str, ...]]
    other_keys: Mapping[str, tuple[str, ...]]
    by_key: Mapping[str, tuple[str, ...]]
    by_subject: Mapping[str, tuple[str, ...]]

    def missing_issuer(self, fingerprint: str) -> str:
        """The issuer's name when it is not at hand, else empty; a self-signed certificate misses none."""
        facts = self.facts[fingerprint]
        return "" if facts.is_self_signed or self.issuers.get(fingerprint) else facts.issuer

    def same_key(self, fingerprint: str) -> tuple[str, ...]:
        """Other certificates of the same key."""
        return tuple(
            other
            for other in self.by_key[self.facts[fingerprint].spki_sha256]
            if other != fingerprint
        )

    def same_subject(self, fingerprint: str) -> tuple[str, ...]:
        """Other CAs with the same subject and another key."""
        facts = self.facts[fingerprint]
        others = self.by_subject.get(facts.subject, ())
        return (
            tuple(other for other in others if self.facts[other].spki_sha256 != facts.spki_sha256)
            if facts.subject
            else ()
        )


def build(facts: Mapping[str, CertificateFacts]) -> Chain:
    """Links certificates in one pass over them; the cost grows with their number and the number of links."""
    by_subject: dict[str, list[str]] = defaultdict(list)
    by_key: dict[str, list[str]] = defaultdict(list)
    for fingerprint, certificate in facts.items():
        by_key[certificate.spki_sha256].append(fingerprint)
        if certificate.is_ca:
            by_subject[certificate.subject].append(fingerprint)
    issuers: dict[str, tuple[str, ...]] = {}
    other_keys: dict[str, tuple[str, ...]] = {}
    by_subject_and_id = _by_key_identifier(by_subject, facts)
    for fingerprint, certificate in facts.items():
        named = by_subject.get(certificate.issuer)
        if not named or certificate.is_self_signed:
            continue
        wanted = certificate.authority_key_identifier
        found = (
            [
                *by_subject_and_id.get((certificate.issuer, wanted), ()),
                *by_subject_and_id.get((certificate.issuer, ""), ()),
            ]
            if wanted
            else named
        )
        issuers[fingerprint] = tuple(other for other in found if other != fingerprint)
        if not issuers[fingerprint]:
            other_keys[fingerprint] = tuple(other for other in named if other != fingerprint)
    return Chain(facts, issuers, other_keys, _frozen(by_key), _frozen(by_subject))


def path(chain: Chain, start: str, targets: frozenset[str]) -> tuple[str, ...]:
    """A shortest path from a certificate to one of the targets, both included; empty when there is none.

    Like Google it looks at no more than 100 certificates and goes no deeper than 10.
    """
    came_from: dict[str, str] = {start: ""}
    level = [start]
    for _depth in range(MAXIMAL_DEPTH):
        for found in level:
            if found in targets and found != start:
                return _walk_back(came_from, found)
        level = _next_level(chain, level, came_from)
        if not level or len(came_from) > MAXIMAL_EVALUATIONS:
            break
    return ()


def _next_level(chain: Chain, level: Iterable[str], came_from: dict[str, str]) -> list[str]:
    following = []
    for child in level:
        for issuer in chain.issuers.get(child, ()):
            if issuer not in came_from:
                came_from[issuer] = child
                following.append(issuer)
    return following


def _walk_back(came_from: Mapping[str, str], end: str) -> tuple[str, ...]:
    steps = [end]
    while came_from[steps[-1]]:
        steps.append(came_from[steps[-1]])
    return tuple(reversed(steps))


def _by_key_identifier(
    by_subject: Mapping[str, list[str]], facts: Mapping[str, CertificateFacts]
) -> Mapping[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for subject, fingerprints in by_subject.items():
        for fingerprint in fingerprints:
            found[subject, facts[fingerprint].subject_key_identifier].append(fingerprint)
    return found


def _frozen(groups: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(fingerprints) for key, fingerprints in groups.items()}


def client_first(certificates: Iterable[CertificateFacts]) -> list[str]:
    """Fingerprints of a client's chain with its own certificate first: the first that is no CA, else the first of all."""
    found = list(certificates)
    own = next((one for one in found if not one.is_ca), found[0] if found else None)
    return [one.sha256_fingerprint for one in sorted(found, key=lambda one: one is not own)]
