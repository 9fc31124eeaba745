"""A trust config as it was read, held against what was last observed. Knows nothing of who reads: the web tier may load it."""

from dataclasses import dataclass
from datetime import datetime

from certs.models import TrustConfig
from pki.facts import CertificateFacts
from pki.plan import Entry

LABEL = "countersign-revision"


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
    def entries(self) -> frozenset[Entry]:
        return frozenset(self.pems)


def is_as_observed(trust_config: TrustConfig, live: Live) -> bool:
    """Whether live is what was last observed: the same set under the same label of ours."""
    return live.entries == trust_config.observed and live.label == trust_config.observed_label
