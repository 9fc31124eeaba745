"""Filters of the audit."""

from datetime import UTC, date, datetime, time

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _

from audit.display import DISPLAYS
from audit.models import AuditEvent, AuditFingerprint
from tenants.models import User
from web.lists import SHORT, ListFilter, WholeNumberFilter, begins_with, choice, fingerprint_part

Events = QuerySet[AuditEvent]
_RESULTS = [("ok", _("ok")), ("refused", _("refused")), ("failed", _("failed"))]
MOST_PEOPLE = 5_000  # who share a part of their names
ACTOR_KINDS = ("person", "worker", "policy", "command", "nobody")
_DATE = forms.DateInput(attrs={"type": "date"})


def acted(actor: str, people: Q) -> Q:
    """Events of these people, or of whoever has this id. People are looked up first, so that their events are found by index."""
    ids = User.objects.filter(people).order_by("-pk").values_list("pk", flat=True)[:MOST_PEOPLE]
    by_name = Q(actor_kind="person", actor_id__in=[str(pk) for pk in ids])
    return by_name | Q(actor_kind__in=ACTOR_KINDS, actor_id=actor)


class EventFilter(ListFilter):
    type = choice(_("What"), [(kind.value, display.sentence) for kind, display in DISPLAYS.items()])
    actor = django_filters.CharFilter(label=_("Who"), method="by", max_length=200)
    change = WholeNumberFilter(
        label=_("Change number"), field_name="change_number", min_value=1, max_value=2**53
    )
    environment = django_filters.CharFilter(label=_("Environment"), max_length=63)
    sha256 = django_filters.CharFilter(label=_("Fingerprint"), method="about", max_length=95)
    result = choice(_("Result"), _RESULTS)
    since = django_filters.DateFilter(label=_("Since"), method="not_before", widget=_DATE)
    until = django_filters.DateFilter(label=_("Until"), method="not_after", widget=_DATE)

    def by(self, events: Events, _name: str, actor: str) -> Events:
        """By the name that a person has today, or by id; addresses are shown to nobody here, so nobody finds out one by guessing."""
        return events.filter(acted(actor, Q(full_name__icontains=actor)))

    def about(self, events: Events, _name: str, fingerprint: str) -> Events:
        prefix = fingerprint_part(fingerprint)
        if not prefix:
            return events.none()
        named = AuditFingerprint.objects.alias(short=Right("sha256_fingerprint", SHORT))
        is_it = begins_with("sha256_fingerprint", prefix)
        if len(prefix) == SHORT:
            is_it |= Q(short=prefix)
        # One subquery, so that PostgreSQL joins both indexes and looks at no other event.
        return events.filter(pk__in=named.filter(is_it).values("event_id"))

    def not_before(self, events: Events, _name: str, day: date) -> Events:
        return events.filter(at__gte=datetime.combine(day, time.min, tzinfo=UTC))

    def not_after(self, events: Events, _name: str, day: date) -> Events:
        return events.filter(at__lte=datetime.combine(day, time.max, tzinfo=UTC))


class AllEventFilter(EventFilter):
    """For those who read every tenant's audit: people are found by their address too."""

    def by(self, events: Events, _name: str, actor: str) -> Events:
        named = Q(full_name__icontains=actor) | Q(email__icontains=actor)
        return events.filter(acted(actor, named))
