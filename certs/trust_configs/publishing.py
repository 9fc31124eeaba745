"""Speaking to Google about one trust config: read it, send a whole set, follow an operation. No transaction is open here."""

from collections.abc import Mapping
from datetime import datetime

from certs.hindrance import Hindrance
from certs.models import GoogleLocation, Publication, TrustConfig
from certs.trust_configs import budget
from certs.trust_configs.budget import Quota, spent
from certs.trust_configs.live import LABEL, Live
from gcp import clients
from gcp.errors import CloudError
from gcp.interfaces import LiveEntry, LiveTrustConfig, OperationStatus
from jobs import clock
from pki.certificate import der_of_pem, parse
from pki.facts import CertificateFacts
from pki.plan import Entry
from pki.roles import TrustRole
from tenants.models import Environment


def read_location(environment: Environment) -> dict[str, LiveTrustConfig]:
    """Every trust config of the environment's location, by full name; what is there is noted for the headroom of the project.

    :raises gcp.errors.CloudError: when it cannot be listed.
    """
    at = clock.now()
    with spent(environment.project, Quota.READ, "ListTrustConfigs"):
        found = clients().trust_configs.read_all(
            f"projects/{environment.project}/locations/{environment.location}"
        )
    names = sorted(message.name.rpartition("/")[2] for message in found)
    seen = {
        "listed_at": at,
        "names": names,
        "refused_at": None,
        "refused_code": "",
        "refused_rpc": "",
        "refused_reason": "",
        "refused_words": "",
    }
    GoogleLocation.objects.update_or_create(
        project=environment.project, location=environment.location, defaults=seen
    )
    return {message.name: message for message in found}


def note_no_sweep(environment: Environment, error: CloudError) -> None:
    """Google refuses to list the location: since when, and in which words."""
    row, _is_new = GoogleLocation.objects.get_or_create(
        project=environment.project, location=environment.location
    )
    why = Hindrance.of(error)
    row.refused_at = row.refused_at or clock.now()
    row.refused_code, row.refused_rpc = why.code, why.rpc
    row.refused_reason, row.refused_words = why.reason, why.words
    row.save(
        update_fields=[
            "refused_at",
            "refused_code",
            "refused_rpc",
            "refused_reason",
            "refused_words",
        ]
    )


def read_live(trust_config: TrustConfig) -> Live:
    """Reads the trust config at Google.

    :raises gcp.errors.CloudError: when it cannot be read.
    :raises pki.errors.NotACertificate: when an entry is no certificate that the portal can read.
    """
    at = clock.now()
    with spent(trust_config.environment.project, Quota.READ, "GetTrustConfig"):
        live = clients().trust_configs.read(trust_config.resource_name)
    return as_live(trust_config, live, at=at)


def as_live(
    trust_config: TrustConfig, live: LiveTrustConfig, *, at: datetime | None = None
) -> Live:
    """A trust config as it was read, with the facts of every entry; ``trust_config`` was loaded before the read.

    :raises pki.errors.NotACertificate: when an entry is no certificate that the portal can read.
    """
    pems: dict[Entry, str] = {}
    facts: dict[str, CertificateFacts] = {}
    for entry in live.entries:
        parsed = parse(der_of_pem(entry.pem)).facts
        facts[parsed.sha256_fingerprint] = parsed
        pems[Entry(TrustRole(entry.role), parsed.sha256_fingerprint)] = entry.pem
    return Live(live.etag, live.labels, pems, facts, at or clock.now(), trust_config.observed_at)


def require_room(trust_config: TrustConfig) -> None:
    """Before an intent is written down: whether our share of the project's writes leaves room for one more.

    :raises gcp.errors.CloudExhausted: when it does not.
    """
    budget.require_room(trust_config.environment.project, Quota.WRITE, "UpdateTrustConfig")


def send(
    trust_config: TrustConfig, publication: Publication, *, live: Live, additions: Mapping[str, str]
) -> str:
    """Sends the publication's whole set, guarded by the etag of ``live``; returns the operation's name.

    What stays is sent verbatim as it was read; ``additions`` are canonical PEM texts by fingerprint. Entries go sorted
    by fingerprint, foreign labels are kept.

    :raises gcp.errors.CloudError: OutcomeUnknown when the write may have happened.
    """
    ordered = sorted(
        publication.entry_set, key=lambda entry: (entry.role.value, entry.sha256_fingerprint)
    )
    entries = [
        LiveEntry(entry.role.value, live.pems.get(entry) or additions[entry.sha256_fingerprint])
        for entry in ordered
    ]
    labels = {**live.labels, LABEL: publication.label}
    with spent(trust_config.environment.project, Quota.WRITE, "UpdateTrustConfig"):
        return clients().trust_configs.update(
            trust_config.resource_name, entries=entries, labels=labels, etag=live.etag
        )


def operation(trust_config: TrustConfig, name: str) -> OperationStatus:
    with spent(trust_config.environment.project, Quota.READ, "GetOperation"):
        return clients().trust_configs.operation(name)


def create(trust_config: TrustConfig, *, label: str) -> str:
    """Asks for an empty trust config under our label; returns the operation's name.

    :raises gcp.errors.CloudError: OutcomeUnknown when it may have been made all the same.
    """
    with spent(trust_config.environment.project, Quota.WRITE, "CreateTrustConfig"):
        return clients().trust_configs.create(trust_config.resource_name, labels={LABEL: label})


def creations(trust_config: TrustConfig) -> list[OperationStatus]:
    with spent(trust_config.environment.project, Quota.READ, "ListOperations"):
        return [
            status
            for status in clients().trust_configs.operations(trust_config.resource_name)
            if status.verb == "create"
        ]


def operations_since(trust_config: TrustConfig, since: datetime) -> list[OperationStatus]:
    """Updates of this trust config that Google accepted since an instant (with a minute for clocks that differ)."""
    with spent(trust_config.environment.project, Quota.READ, "ListOperations"):
        found = clients().trust_configs.operations(trust_config.resource_name)
    return [
        status
        for status in found
        if status.verb == "update"
        and (status.created_at is None or (since - status.created_at).total_seconds() < 60)
    ]
