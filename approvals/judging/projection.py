"""What would be live after some steps: each entry with its PEM, and who would hold what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from certs.models import TrustConfig, TrustEntry
from certs.trust_configs.live import Live
from pki.plan import Entry, Holding, Step, apply_steps, difference, entries_of


@dataclass(frozen=True)
class Projected:
    """A set that would be live: each entry with its PEM, and who would hold what."""

    pems: Mapping[Entry, str]
    holdings: frozenset[Holding]

    def after(
        self, tenant_id: int, steps: Iterable[Step], opened: Mapping[str, str]
    ) -> "Projected":
        """With a tenant's steps on top; ``opened`` are originals as PEM. An entry leaves when its last holding goes."""
        holdings = apply_steps(self.holdings, tenant_id, steps)
        found = difference(entries_of(self.holdings), entries_of(holdings))
        by_fingerprint = {entry.sha256_fingerprint: pem for entry, pem in self.pems.items()} | dict(
            opened
        )
        pems = {entry: pem for entry, pem in self.pems.items() if entry not in found.removed}
        pems |= {
            entry: by_fingerprint[entry.sha256_fingerprint]
            for entry in found.added
            if entry.sha256_fingerprint in by_fingerprint
        }
        return Projected(pems, holdings)


def as_live(trust_config: TrustConfig, live: Live) -> Projected:
    return Projected(live.pems, TrustEntry.objects.filter(trust_config=trust_config).holdings())
