"""Filters of the list of tenants."""

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant
from web.lists import ListFilter


class TenantFilter(ListFilter):
    q = django_filters.CharFilter(label=_("Name"), method="named", max_length=150)

    def named(self, tenants: QuerySet[Tenant], _name: str, text: str) -> QuerySet[Tenant]:
        return tenants.filter(Q(name__icontains=text) | Q(slug__icontains=text))
