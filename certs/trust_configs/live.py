"""A trust config as it was read, held against what was last observed. Knows nothing of who reads: the web tier may load it."""

import re
from dataclasses import dataclass
from datetime import datetime

from certs.models import TrustConfig
from pki.facts import CertificateFacts
from pki.plan import Entry

LABEL = "countersign-revision"
_OF_OURS = re.compile(r"([0-9]{1,18})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Live:
    """A trust config as it was read: every entry with its verbatim PEM, and the facts of each certificate.

    ``basis`` is when it had last been observed as this read began: a later observation makes this read say nothing.
    """

    etag: str
    labels: dict[str, str]
    pems: dict[Entry, str]
    facts: dict[str, CertificateFacts]
    at: datetime
    basis: datetime | None

    @property
    def label(self) -> str:
        return self.labels.get(LABEL, "")

    @property
    def revision(self) -> int:
        """The revision that our label names; 0 when it names none."""
        match = _OF_OURS.fullmatch(self.label)
        return int(match[1]) if match else 0

    @property
    def entries(self) -> frozenset[Entry]:
        return frozenset(self.pems)


# No installation writes so often between two backups; a label that leaps further was written by hand.
FURTHEST_AHEAD = 1_000_000


def is_ahead(trust_config: TrustConfig, live: Live) -> bool:
    """Whether Google carries a revision of ours that this database does not know."""
    return 0 < live.revision - trust_config.last_revision <= FURTHEST_AHEAD


def is_as_observed(trust_config: TrustConfig, live: Live) -> bool:
    """Whether live is what was last observed: the same set under the same label of ours."""
    return live.entries == trust_config.observed and live.label == trust_config.observed_label
