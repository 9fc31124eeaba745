"""What is kept of certificates beside fingerprint and metadata, read from the records."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from certs.models import GoldenClient, SealedCertificate, Simulation


@dataclass(frozen=True)
class Kept:
    """One sealed original: ``kind`` says why it is kept, ``until`` when it goes (None: an event ends it)."""

    kind: str
    sha256_fingerprint: str
    where: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class KeptCount:
    """How many of one kind a tenant has, and the first and last instant at which they go by time."""

    kind: str
    count: int
    first_until: datetime | None
    last_until: datetime | None


def kept_of_certificate(tenant_id: int, sha256_fingerprint: str) -> list[Kept]:
    """Sealed copies by their own fingerprint.

    The CAs in the chain of a golden client or of a question are sealed with it and not listed.
    """
    sealed = SealedCertificate.objects.filter(
        tenant_id=tenant_id, sha256_fingerprint=sha256_fingerprint
    )
    golden = GoldenClient.objects.filter(
        tenant_id=tenant_id, sha256_fingerprint=sha256_fingerprint
    ).select_related("trust_config")
    asked = Simulation.objects.filter(
        tenant_id=tenant_id, sha256_fingerprint=sha256_fingerprint, answered_at=None
    ).select_related("trust_config")
    return [
        *_sealed(sealed),
        *(
            Kept("golden", one.sha256_fingerprint, one.trust_config.name, one.added_at, None)
            for one in golden
        ),
        *(
            Kept("simulation", one.sha256_fingerprint, one.trust_config.name, one.asked_at, None)
            for one in asked
        ),
    ]


def kept_of_change(
    change_id: int, tenant_id: int, sha256_fingerprints: Iterable[str]
) -> list[Kept]:
    """What is sealed for a change, of the certificates that it names.

    A put-back on a shared trust config keeps entries of other tenants too; they go unnamed.
    """
    rows = SealedCertificate.objects.filter(change_id=change_id, tenant_id=tenant_id)
    return _sealed(rows.filter(sha256_fingerprint__in=list(sha256_fingerprints)))


def kept_by_tenant(tenant_id: int) -> list[KeptCount]:
    """Counts by kind; empty when fingerprints and metadata are all there is."""
    sealed = SealedCertificate.objects.filter(tenant_id=tenant_id).aggregate(
        under_way=Count("pk", filter=Q(keep_until=None)),
        in_window=Count("pk", filter=~Q(keep_until=None)),
        first=Min("keep_until"),
        last=Max("keep_until"),
    )
    golden = GoldenClient.objects.filter(tenant_id=tenant_id).count()
    asked = Simulation.objects.filter(tenant_id=tenant_id, answered_at=None).count()
    counts = [
        KeptCount("under_way", sealed["under_way"], None, None),
        KeptCount("rollback_window", sealed["in_window"], sealed["first"], sealed["last"]),
        KeptCount("golden", golden, None, None),
        KeptCount("simulation", asked, None, None),
    ]
    return [each for each in counts if each.count]


def _sealed(rows: QuerySet[SealedCertificate]) -> list[Kept]:
    return [
        Kept(
            "rollback_window" if row.keep_until else "under_way",
            row.sha256_fingerprint,
            row.trust_config.name,
            row.sealed_at,
            row.keep_until,
        )
        for row in rows.select_related("trust_config").order_by("pk")
    ]
