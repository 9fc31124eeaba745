"""What was revoked, by whom, and whether something would bring it back."""

from collections.abc import Iterable, Mapping

from approvals.models import Item
from approvals.states import State
from certs.models import TrustConfig, TrustEntry
from certs.trust_configs.inventory import lost_outside
from pki.facts import CertificateFacts
from pki.plan import Entry


def revoked_by(tenant_id: int) -> dict[str, int]:
    """Every certificate that an applied change of this tenant revoked, with the change's number."""
    items = Item.objects.filter(
        removal=Item.Removal.REVOKED, change__tenant_id=tenant_id, change__state=State.APPLIED
    )
    return dict(items.order_by("pk").values_list("sha256_fingerprint", "change__number"))


def revoked_numbers(trust_config: TrustConfig, fingerprints: Iterable[str]) -> dict[str, int]:
    """Which of these an applied change of this trust config revoked, with its number."""
    items = Item.objects.filter(
        removal=Item.Removal.REVOKED,
        sha256_fingerprint__in=list(fingerprints),
        change__state=State.APPLIED,
    )
    return dict(
        items.filter(change__trust_config=trust_config)
        .order_by("pk")
        .values_list("sha256_fingerprint", "change__number")
    )


def _revoked(
    trust_config: TrustConfig, tenant_id: int, facts: Mapping[str, CertificateFacts]
) -> dict[str, int]:
    """Fingerprints that an applied change revoked, in this trust config or anywhere by this tenant, with its number."""
    items = Item.objects.filter(
        removal=Item.Removal.REVOKED,
        sha256_fingerprint__in=list(facts),
        change__state=State.APPLIED,
    )
    mine = items.filter(change__tenant_id=tenant_id) | items.filter(
        change__trust_config=trust_config
    )
    return dict(mine.order_by("pk").values_list("sha256_fingerprint", "change__number"))


def is_revoked_by_holder(trust_config: TrustConfig, entries: frozenset[Entry]) -> bool:
    """Whether another tenant, whose entry would come back, has revoked that certificate anywhere."""
    rows = (
        TrustEntry.objects.open()
        .filter(trust_config=trust_config)
        .exclude(tenant=trust_config.custodian_id)
        .select_related("certificate")
    )
    return any(
        row.holding.entry in entries
        and row.certificate.sha256_fingerprint in revoked_by(row.tenant_id)
        for row in rows
    )


def of_others(trust_config: TrustConfig, entries: frozenset[Entry]) -> frozenset[Entry]:
    """Entries that other tenants lost outside the portal: they go unnamed, as all that is not the custodian's."""
    return frozenset(
        entry
        for entry in entries
        if set(lost_outside(trust_config, entry)) - {trust_config.custodian_id}
    )


def revoked_again(trust_config: TrustConfig, added: frozenset[Entry]) -> set[str]:
    """Fingerprints that are live again and were revoked: here, or anywhere by the tenant to which they go back."""
    here = set(revoked_numbers(trust_config, {entry.sha256_fingerprint for entry in added}))
    holders = (
        (entry.sha256_fingerprint, tenant_id)
        for entry in of_others(trust_config, added)
        for tenant_id in lost_outside(trust_config, entry)
    )
    return here | {
        fingerprint for fingerprint, tenant_id in holders if fingerprint in revoked_by(tenant_id)
    }
