"""Reads of the audit: newest first, page by page by id so that the millionth event costs what the first does."""

from dataclasses import dataclass

from django.db.models import QuerySet

from audit.events import EventType
from audit.models import AuditEvent

PAGE_SIZE = 50


@dataclass(frozen=True)
class EventPage:
    """``older`` is the id to ask for next, None on the last page."""

    events: list[AuditEvent]
    older: int | None


def page(events: QuerySet[AuditEvent], *, before: int | None) -> EventPage:
    """One page, older than ``before``."""
    if before is not None:
        events = events.filter(pk__lt=before)
    found = list(events.select_related("personal").order_by("-pk")[: PAGE_SIZE + 1])
    return EventPage(
        found[:PAGE_SIZE],
        found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
    )


def events_of_tenant(tenant_id: int) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(tenant_id=tenant_id)


def events_of_certificate(tenant_id: int, fingerprint: str) -> list[AuditEvent]:
    events = events_of_tenant(tenant_id).filter(fingerprints__sha256_fingerprint=fingerprint)
    return page(events, before=None).events


def events_of_trust_config(tenant_id: int, trust_config_id: str) -> list[AuditEvent]:
    return page(
        events_of_tenant(tenant_id).filter(trust_config_id=trust_config_id), before=None
    ).events


def events_of_change(tenant_id: int, number: int, *types: EventType) -> list[AuditEvent]:
    """At most a page of a change's events of these types."""
    events = events_of_tenant(tenant_id).filter(change_number=number, type__in=types)
    return page(events, before=None).events
