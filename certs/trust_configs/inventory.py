"""Remembering certificates and who holds what: acts that write in their caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from certs.models import Certificate, Publication, TrustConfig, TrustEntry
from pki.facts import CertificateFacts
from pki.plan import Action, Entry, Step


def remember(
    *, tenant_id: int, facts: CertificateFacts, user_id: int | None, by: str
) -> Certificate:
    """The tenant's row for this certificate, made or touched; ``by`` is the name shown as "updated by"."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    certificate, is_new = Certificate.objects.get_or_create(
        tenant_id=tenant_id,
        sha256_fingerprint=facts.sha256_fingerprint,
        defaults={
            "spki_sha256": facts.spki_sha256,
            "serial_number": facts.serial_number[:200],
            "subject": facts.subject,
            "issuer": facts.issuer,
            "not_before": facts.not_before,
            "not_after": facts.not_after,
            "key_algorithm": f"{facts.key_algorithm} {facts.key_curve or facts.key_bits or ''}".strip()[
                :64
            ],
            "facts": facts.to_json(),
            "uploaded_by_id": user_id,
            "updated_by": by[:150],
        },
    )
    if not is_new:
        touch([certificate.pk], by=by)
    return certificate


def touch(certificate_ids: Iterable[int], *, by: str) -> None:
    for certificate in Certificate.objects.filter(pk__in=list(certificate_ids)):
        certificate.updated_by = by[:150]
        certificate.save(update_fields=["updated_by", "updated_at"])


def apply_steps(
    *,
    trust_config: TrustConfig,
    tenant_id: int,
    steps: Iterable[tuple[Step, int]],
    publication: Publication,
    at: datetime,
) -> None:
    """Opens and closes the tenant's entries as a verified publication says; each step comes with its certificate's id."""
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    for step, certificate_id in steps:
        mine = TrustEntry.objects.open().filter(
            trust_config=trust_config,
            tenant_id=tenant_id,
            certificate_id=certificate_id,
            role=step.entry.role.value,
        )
        if step.action is Action.REMOVE:
            mine.update(
                removed_at=at,
                removed_origin=TrustEntry.Origin.PUBLICATION,
                removed_publication=publication,
            )
        elif not mine.exists():
            TrustEntry.objects.create(
                trust_config=trust_config,
                tenant_id=tenant_id,
                certificate_id=certificate_id,
                role=step.entry.role.value,
                added_at=at,
                added_origin=TrustEntry.Origin.PUBLICATION,
                added_publication=publication,
            )


def adopt(
    *,
    trust_config: TrustConfig,
    entries: frozenset[Entry],
    facts: Mapping[str, CertificateFacts],
    origin: TrustEntry.Origin,
    at: datetime,
    by: str,
) -> None:
    """Makes the portal's entries equal to what is live; ones that are gone are closed for all who held them.

    What comes back goes to those who lost it outside the portal, anything else to the custodian.
    """
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    held = TrustEntry.objects.filter(trust_config=trust_config).holdings()
    known = {holding.entry for holding in held}
    for entry in sorted(entries - known):
        for tenant_id in lost_outside(trust_config, entry) or [trust_config.custodian_id]:
            certificate = remember(
                tenant_id=tenant_id, facts=facts[entry.sha256_fingerprint], user_id=None, by=by
            )
            TrustEntry.objects.create(
                trust_config=trust_config,
                tenant_id=tenant_id,
                certificate=certificate,
                role=entry.role.value,
                added_at=at,
                added_origin=origin,
            )
    for entry in known - entries:
        gone = TrustEntry.objects.open().filter(
            trust_config=trust_config,
            role=entry.role.value,
            certificate__sha256_fingerprint=entry.sha256_fingerprint,
        )
        gone.update(removed_at=at, removed_origin=origin)


def lost_outside(trust_config: TrustConfig, entry: Entry) -> list[int]:
    """Tenants whose last row of this entry was closed by an edit outside the portal."""
    rows = TrustEntry.objects.filter(
        trust_config=trust_config,
        role=entry.role.value,
        certificate__sha256_fingerprint=entry.sha256_fingerprint,
    )
    last: dict[int, str] = dict(rows.order_by("pk").values_list("tenant_id", "removed_origin"))
    return sorted(
        tenant_id for tenant_id, origin in last.items() if origin == TrustEntry.Origin.FOREIGN
    )


def facts_of(trust_config: TrustConfig) -> dict[str, CertificateFacts]:
    """Facts of every certificate with an open entry, by fingerprint."""
    certificates = Certificate.objects.filter(
        trust_entries__trust_config=trust_config, trust_entries__removed_at=None
    ).distinct()
    return {certificate.sha256_fingerprint: certificate.as_facts() for certificate in certificates}
