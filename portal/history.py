"""A long past, written in bulk: what an installation looks like after years, to measure and to look at.

Rows are shaped as the flows leave them and pass the database's own rules (born submitted, moved by the table of states,
events with their hashes), but no flow made them. Never for production.
"""

import hashlib
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from approvals.models import ChangePublication, ChangeRequest, Item, Vote
from approvals.states import State
from certs.models import Certificate, Publication, Role, TrustConfig, TrustEntry, entries_to_json
from certs.trust_configs.inventory import remember
from pki import bundle
from pki.plan import Entry, revision_digest
from pki.roles import TrustRole
from portal import demo_certificates
from portal.history_events import EVENTS_OF_A_CHANGE, Place, write_events
from tenants.models import Environment, Grant, Tenant, TenantEnvironment, User

BATCH = 2_000
LARGE_SHARE = 0.2  # of the changes go to one trust config
DAYS = 900


@dataclass(frozen=True)
class Size:
    """How much there is to be: ``entries`` are those that the large trust config still holds."""

    tenants: int
    changes: int
    entries: int


def load(size: Size, tell: Callable[[str], None]) -> None:
    """Writes it beside what there is."""
    begun = timezone.now() - timedelta(days=DAYS)
    places = _places(size.tenants)
    template = _template(places[0].tenant)
    tell(f"{size.tenants} tenants, each with a trust config")
    large_count = round(size.changes * LARGE_SHARE)
    shares = [large_count, *_even(size.changes - large_count, max(1, len(places) - 1))]
    done = 0
    for place, count in zip(places, shares, strict=False):
        kept = size.entries if place is places[0] else min(20, size.entries)
        _Past(place, template, begun, kept).write(count)
        done += count
        tell(f"{done} of {size.changes} changes, each with {len(EVENTS_OF_A_CHANGE)} events")


def _even(total: int, parts: int) -> Iterator[int]:
    for n in range(parts):
        yield total // parts + (n < total % parts)


def _template(tenant: Tenant) -> Certificate:
    """The certificate whose facts all others share, but for their fingerprints."""
    facts = bundle.read_one(demo_certificates.one())[0][0].facts
    with transaction.atomic():
        return remember(tenant_id=tenant.pk, facts=facts, user_id=None, by="load")


def _places(count: int) -> list[Place]:
    environment, _made = Environment.objects.get_or_create(
        slug="history",
        defaults={"name": "History", "project": "load-history", "queue": "env-history"},
    )
    reviewer = _person("reviewer", "reviewer", None)
    places = []
    for n in range(count):
        tenant, _made = Tenant.objects.get_or_create(
            slug=f"load-{n:04}", defaults={"name": f"Load {n:04}"}
        )
        TenantEnvironment.objects.get_or_create(tenant=tenant, environment=environment)
        trust_config, is_new = TrustConfig.objects.get_or_create(
            environment=environment,
            name=f"load-{n:04}",
            defaults={
                "purpose": "mtls-client",
                "custodian": tenant,
                "state": TrustConfig.State.READY,
                "observed_at": timezone.now(),
            },
        )
        if is_new:
            trust_config.tenants.add(tenant)
        submitter = _person(f"submitter-{n % 50:02}", "submitter", tenant)
        places.append(Place(tenant, trust_config, submitter, reviewer))
    return places


def _person(name: str, role: str, tenant: Tenant | None) -> User:
    user, _made = User.objects.get_or_create(
        email=f"{name}@load.example.com",
        defaults={"username": f"{name}@load.example.com", "full_name": name.title()},
    )
    Grant.objects.get_or_create(user=user, role=role, tenant=tenant)
    return user


class _Past:
    """The changes of one trust config: each adds a certificate, and once there are enough takes the oldest out."""

    def __init__(self, place: Place, template: Certificate, begun: datetime, kept: int) -> None:
        self.place, self.template, self.begun, self.kept = place, template, begun, kept
        self.number = place.tenant.last_change_number
        self.revision = place.trust_config.last_revision
        self.certificates: list[Certificate] = []
        self.publications: list[Publication] = []

    def write(self, count: int) -> None:
        times = [self.begun + timedelta(days=DAYS) * n / count for n in range(count)]
        self.certificates = [self._certificate(at) for at in times]
        self.publications = [
            self._publication(certificate, at)
            for certificate, at in zip(self.certificates, times, strict=True)
        ]
        with transaction.atomic():
            Certificate.objects.bulk_create(self.certificates, batch_size=BATCH)
            Publication.objects.bulk_create(self.publications, batch_size=BATCH)
        for first in range(0, count, BATCH):
            with transaction.atomic():
                self._write(range(first, min(first + BATCH, count)), times)
        place, held = self.place, self.certificates[-self.kept :]
        place.tenant.last_change_number = self.number
        place.tenant.save(update_fields=["last_change_number"])
        place.trust_config.last_revision = self.revision
        place.trust_config.observed_entries = entries_to_json(frozenset(map(_entry, held)))
        place.trust_config.save(update_fields=["last_revision", "observed_entries"])

    def _write(self, numbers: range, times: list[datetime]) -> None:
        changes = ChangeRequest.objects.bulk_create(self._change(times[n]) for n in numbers)
        items = []
        for change, n in zip(changes, numbers, strict=True):
            items.append(_item(change, self.certificates[n], "add"))
            if n >= self.kept:
                items.append(_item(change, self.certificates[n - self.kept], "remove"))
        Item.objects.bulk_create(items)
        TrustEntry.objects.bulk_create(map(self._trust_entry, numbers))
        Vote.objects.bulk_create(map(self._vote, changes))
        ChangePublication.objects.bulk_create(
            ChangePublication(change=change, publication=self.publications[n])
            for change, n in zip(changes, numbers, strict=True)
        )
        rows = ChangeRequest.objects.filter(pk__in=[change.pk for change in changes])
        for state in (State.VALIDATED, State.APPROVED, State.APPLIED):
            rows.update(state=state)
        write_events(self.place, changes, [self.certificates[n] for n in numbers])

    def _certificate(self, at: datetime) -> Certificate:
        seed = f"{self.place.tenant.pk} {at.isoformat()}"
        certificate = copy(self.template)
        certificate.pk, certificate.tenant = None, self.place.tenant
        certificate.sha256_fingerprint = hashlib.sha256(seed.encode()).hexdigest()
        certificate.facts = {
            **self.template.facts,
            "sha256_fingerprint": certificate.sha256_fingerprint,
        }
        return certificate

    def _change(self, at: datetime) -> ChangeRequest:
        self.number += 1
        return ChangeRequest(
            number=self.number,
            tenant=self.place.tenant,
            trust_config=self.place.trust_config,
            state_since=at,
            mode=self.place.tenant.mode,
            policy_version=1,
            reason="A year of partners, one by one.",
            submitted_by=self.place.submitter,
            submitted_at=at,
            change_digest=hashlib.sha256(at.isoformat().encode()).hexdigest(),
            planned_at=at,
            approved_at=at,
            applied_at=at,
        )

    def _publication(self, certificate: Certificate, at: datetime) -> Publication:
        self.revision += 1
        digest = revision_digest([_entry(certificate)])
        return Publication(
            trust_config=self.place.trust_config,
            revision=self.revision,
            state=Publication.State.VERIFIED,
            base_digest=digest,
            revision_digest=digest,
            steps=[["add", *_entry(certificate)]],
            keeps_set=False,
            etag_before="load",
            worker="load",
            intended_at=at,
            sent_at=at,
            written_at=at,
            verified_at=at,
            ended_at=at,
        )

    def _trust_entry(self, n: int) -> TrustEntry:
        entry = TrustEntry(
            trust_config=self.place.trust_config,
            tenant=self.place.tenant,
            certificate=self.certificates[n],
            role=Role.ALLOWLISTED,
            added_at=self.publications[n].intended_at,
            added_origin=TrustEntry.Origin.PUBLICATION,
            added_publication=self.publications[n],
        )
        if n + self.kept < len(self.publications):
            entry.removed_publication = self.publications[n + self.kept]
            entry.removed_at = entry.removed_publication.intended_at
            entry.removed_origin = TrustEntry.Origin.PUBLICATION
        return entry

    def _vote(self, change: ChangeRequest) -> Vote:
        return Vote(
            change=change,
            voter=self.place.reviewer,
            decision=Vote.Decision.APPROVE,
            change_digest=change.change_digest,
            cast_at=change.submitted_at,
        )


def _item(change: ChangeRequest, certificate: Certificate, action: str) -> Item:
    return Item(
        change=change,
        action=action,
        role=Role.ALLOWLISTED,
        certificate=certificate,
        sha256_fingerprint=certificate.sha256_fingerprint,
        removal="" if action == "add" else Item.Removal.RETIRED,
    )


def _entry(certificate: Certificate) -> Entry:
    return Entry(TrustRole.ALLOWLISTED, certificate.sha256_fingerprint)


def analyze() -> None:
    """So that the database plans by what there is now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
