"""Speaking to Google about one trust config: read it, send a whole set, follow an operation. No transaction is open here."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from certs.budget import Quota, spent
from certs.live import LABEL, Live
from certs.models import Publication, TrustConfig
from gcp import clients
from gcp.interfaces import LiveEntry, OperationStatus
from pki.certificate import der_of_pem, parse
from pki.facts import CertificateFacts
from pki.plan import Entry
from pki.roles import TrustRole


def read_live(trust_config: TrustConfig) -> Live:
    """Reads the trust config at Google.

    :raises gcp.errors.CloudError: when it cannot be read.
    :raises pki.errors.NotACertificate: when an entry is no certificate that the portal can read.
    """
    at = timezone.now()
    with spent(trust_config.environment.project, Quota.READ, "GetTrustConfig"):
        live = clients().trust_configs.read(trust_config.resource_name)
    pems: dict[Entry, str] = {}
    facts: dict[str, CertificateFacts] = {}
    for entry in live.entries:
        parsed = parse(der_of_pem(entry.pem)).facts
        facts[parsed.sha256_fingerprint] = parsed
        pems[Entry(TrustRole(entry.role), parsed.sha256_fingerprint)] = entry.pem
    return Live(live.etag, live.labels, pems, facts, at, trust_config.observed_at)


def send(trust_config: TrustConfig, publication: Publication, *, live: Live, additions: Mapping[str, str]) -> str:
    """Sends the publication's whole set, guarded by the etag of ``live``; returns the operation's name.

    What stays is sent verbatim as it was read; ``additions`` are canonical PEM texts by fingerprint. Entries go sorted
    by fingerprint, foreign labels are kept.

    :raises gcp.errors.CloudError: OutcomeUnknown when the write may have happened.
    """
    ordered = sorted(publication.entry_set, key=lambda entry: (entry.role.value, entry.sha256_fingerprint))
    entries = [LiveEntry(entry.role.value, live.pems.get(entry) or additions[entry.sha256_fingerprint]) for entry in ordered]
    labels = {**live.labels, LABEL: publication.label}
    with spent(trust_config.environment.project, Quota.WRITE, "UpdateTrustConfig"):
        return clients().trust_configs.update(trust_config.resource_name, entries=entries, labels=labels, etag=live.etag)


def operation(trust_config: TrustConfig, name: str) -> OperationStatus:
    with spent(trust_config.environment.project, Quota.READ, "GetOperation"):
        return clients().trust_configs.operation(name)


def operations_since(trust_config: TrustConfig, since: datetime) -> list[OperationStatus]:
    """Updates of this trust config that Google accepted since an instant (with a minute for clocks that differ)."""
    with spent(trust_config.environment.project, Quota.READ, "ListOperations"):
        found = clients().trust_configs.operations(trust_config.resource_name)
    return [status for status in found if status.verb == "update" and (status.created_at is None or (since - status.created_at).total_seconds() < 60)]
