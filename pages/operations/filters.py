"""Filters of the list of jobs."""

import django_filters
from django.utils.translation import gettext_lazy as _

from jobs.models import JobState
from web.lists import ListFilter, choice


class JobFilter(ListFilter):
    state = choice(_("State"), JobState.choices)
    kind = django_filters.CharFilter(label=_("Kind"), max_length=64)
    queue = django_filters.CharFilter(label=_("Queue"), max_length=64)
