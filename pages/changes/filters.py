"""Filters of the list of changes."""

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import Item
from approvals.querysets import ChangeQuerySet
from approvals.states import OPEN, State
from pages.page_access import TenantRequest
from tenants.models import Environment
from web.lists import CheckedFilter, ListFilter, begins_or_ends_with, choice, fingerprint_part


def _environments(request: TenantRequest) -> QuerySet[Environment]:
    return request.tenant.environments.all()


class ChangeFilter(ListFilter):
    q = django_filters.CharFilter(
        label=_("Number, fingerprint, subject or reason"), method="about", max_length=200
    )
    state = choice(_("State"), [("open", _("Under way")), *State.choices], method="in_state")
    environment = django_filters.ModelChoiceFilter(
        label=_("Environment"),
        field_name="trust_config__environment",
        to_field_name="slug",
        queryset=_environments,
        empty_label=_("Any"),
    )
    mine = CheckedFilter(label=_("Only mine"), method="of_reader")

    def about(self, changes: ChangeQuerySet, _name: str, text: str) -> ChangeQuerySet:
        text = text.lower()
        number = text.lstrip("#")
        by_number = Q(number=int(number)) if number.isdecimal() and len(number) < 15 else Q()
        of_items = Q(certificate__subject__icontains=text)
        if prefix := fingerprint_part(text):
            of_items |= begins_or_ends_with("sha256_fingerprint", prefix)
        items = Item.objects.filter(of_items, change=OuterRef("pk"))
        about = Q(reason__icontains=text) | Exists(items)
        return changes.filter(by_number | about if by_number else about)

    def in_state(self, changes: ChangeQuerySet, _name: str, state: str) -> ChangeQuerySet:
        return changes.filter(state__in=OPEN if state == "open" else [state])

    def of_reader(self, changes: ChangeQuerySet, _name: str, is_asked: object) -> ChangeQuerySet:
        return changes.of_person(self.request.user.pk) if is_asked else changes
