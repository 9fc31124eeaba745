"""Filters of the audit."""

from datetime import UTC, date, datetime, time

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.display import DISPLAYS
from audit.models import AuditEvent
from web.lists import ListFilter, WholeNumberFilter, choice, fingerprint_prefix

Events = QuerySet[AuditEvent]
_RESULTS = [("ok", _("ok")), ("refused", _("refused")), ("failed", _("failed"))]
_DATE = forms.DateInput(attrs={"type": "date"})


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
        """By name or id; addresses are shown to nobody here, so nobody finds out one by guessing."""
        return events.filter(Q(personal__name__icontains=actor) | Q(actor_id=actor))

    def about(self, events: Events, _name: str, fingerprint: str) -> Events:
        prefix = fingerprint_prefix(fingerprint)
        if not prefix:
            return events.none()
        return events.filter(fingerprints__sha256_fingerprint__startswith=prefix).distinct()

    def not_before(self, events: Events, _name: str, day: date) -> Events:
        return events.filter(at__gte=datetime.combine(day, time.min, tzinfo=UTC))

    def not_after(self, events: Events, _name: str, day: date) -> Events:
        return events.filter(at__lte=datetime.combine(day, time.max, tzinfo=UTC))


class AllEventFilter(EventFilter):
    """For those who read every tenant's audit: people are found by their address too."""

    def by(self, events: Events, name: str, actor: str) -> Events:
        by_address = events.filter(personal__email__icontains=actor)
        return super().by(events, name, actor) | by_address
