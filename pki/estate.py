"""What a change meets: who holds what, what is known of it, and what the set would be afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pki.chain import Chain, build
from pki.facts import CertificateFacts
from pki.plan import Entry, Holding, Step, apply_steps, entries_of
from pki.policy import Policy
from pki.roles import Purpose, TrustRole

# Stands for another tenant's certificate, whose name and fingerprint are not this tenant's to know; pages put words to it.
ANOTHER_TENANTS = "@another-tenant"


@dataclass(frozen=True)
class Estate:
    """Approved changes are counted in ``holdings`` already.

    ``facts`` covers every entry of the projected set; ``submitted`` are steps of other changes that are not approved
    yet; ``revoked`` maps a fingerprint to the number of the change that revoked it; ``elsewhere`` names other places
    of the same tenant that trust the same certificate; ``revoking`` are fingerprints that this change revokes;
    ``policies`` are all held against it; ``may_be_emptied`` says that its load balancers let invalid certificates through;
    ``visible`` are fingerprints that may be named to the tenant (None: all).
    """

    trust_config: str
    purpose: Purpose
    holdings: frozenset[Holding]
    facts: Mapping[str, CertificateFacts]
    submitted: tuple[tuple[int, Step], ...] = ()
    revoked: Mapping[str, int] = field(default_factory=dict)
    names_revocation: bool = False
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    revoking: frozenset[str] = frozenset()
    visible: frozenset[str] | None = None
    policies: tuple[Policy, ...] = (Policy(),)
    may_be_emptied: bool = False


class Projection:
    """An estate before and after a tenant's steps; what is dear to compute is computed once."""

    def __init__(self, estate: Estate, tenant_id: int, steps: Iterable[Step]) -> None:
        self.estate, self.tenant_id, self.steps = estate, tenant_id, list(steps)
        self.holdings = apply_steps(estate.holdings, tenant_id, self.steps)
        self.before, self.after = entries_of(estate.holdings), entries_of(self.holdings)

    @cached_property
    def chain(self) -> Chain:
        """Links among everything that is known: the set before and after, and the change's own certificates."""
        return build(self.estate.facts)

    @cached_property
    def anchors(self) -> frozenset[str]:
        return _of_role(self.after, TrustRole.TRUST_ANCHOR)

    @cached_property
    def authorities(self) -> frozenset[str]:
        return frozenset(
            entry.sha256_fingerprint
            for entry in self.after
            if entry.role is not TrustRole.ALLOWLISTED
        )

    @cached_property
    def listed(self) -> frozenset[str]:
        """Everything that is in the set afterwards, in whatever role."""
        return frozenset(entry.sha256_fingerprint for entry in self.after)

    def is_visible(self, fingerprint: str) -> bool:
        return self.estate.visible is None or fingerprint in self.estate.visible

    def roles_of(self, fingerprint: str) -> list[TrustRole]:
        return sorted(entry.role for entry in self.after if entry.sha256_fingerprint == fingerprint)


def _of_role(entries: Iterable[Entry], role: TrustRole) -> frozenset[str]:
    return frozenset(entry.sha256_fingerprint for entry in entries if entry.role is role)
