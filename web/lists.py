"""Lists whose filters, order, columns and page stand in the URL."""

import re
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.core.paginator import EmptyPage, PageNotAnInteger
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from web.secrets import shown_query

PAGE_SIZE = 50


class ListTable(tables.Table):
    """A table in the portal's look. A column is sorted by where it says ``orderable``, and can be put away except the first.

    Two tables of one page are told apart by their ``prefix``.
    """

    class Meta:
        orderable = False

    def by_url(self, request: HttpRequest) -> "ListTable":
        """Sorted, cut and paged as the URL says; what it says wrongly is passed over."""
        self.choose_columns(request)
        if order := request.GET.get(self.prefixed_order_by_field):
            self.order_by = order
        # Only a table that has a paginator counts its rows by the database; every other one reads them all to know.
        try:
            wanted = request.GET.get(self.prefixed_page_field, 1)
            self.paginate(page=wanted, per_page=PAGE_SIZE)
        except PageNotAnInteger:
            self.paginate(page=1, per_page=PAGE_SIZE)
        except EmptyPage:
            self.paginate(page=self.paginator.num_pages, per_page=PAGE_SIZE)
        return self

    def choose_columns(self, request: HttpRequest) -> None:
        """Offers each column but the first to be put away or shown again, as what the URL would say then."""
        name = f"{self.prefix}hide"
        optional = list(self.columns)[1:]
        hidden = [c.name for c in optional if c.name in request.GET.getlist(name)]
        self.column_choices = [
            (
                column.header,
                column.name not in hidden,
                _query(request, name, sorted({column.name} ^ set(hidden))),
            )
            for column in optional
        ]
        for each in hidden:
            self.columns.hide(each)


def _query(request: HttpRequest, name: str, values: list[str]) -> str:
    query = shown_query(request)
    query.setlist(name, values)
    return f"?{query.urlencode()}"


def cells(folder: str, name: str, header: str | Promise, **options: Any) -> tables.TemplateColumn:
    """A column drawn by ``FOLDER/cells/NAME.html``, which sees ``record`` and what the page sees."""
    return tables.TemplateColumn(
        template_name=f"{folder}/cells/{name}.html", verbose_name=header, empty_values=(), **options
    )


class ListFilter(django_filters.FilterSet):
    """Filters of a list. One that cannot be understood is said at its field, and nothing is found."""

    @property
    def found(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.qs if self.is_valid() else self.queryset.none()
        return found

    @property
    def status(self) -> int:
        return 200 if self.is_valid() else 422

    @property
    def is_set(self) -> bool:
        return self.is_valid() and any(self.form.cleaned_data.values())


def fingerprint_part(text: str) -> str:
    """The beginning of a SHA-256 fingerprint as people write it, with colons or blanks; empty when it is none.

    Or its end, as pages show it for short: "…250dcc69".
    """
    bare = text.replace(":", "").replace(" ", "").strip("…").lower()
    return bare if re.fullmatch("[0-9a-f]{1,64}", bare) else ""


SHORT = 8  # digits of a fingerprint that pages show: its last


def begins_with(field: str, prefix: str) -> Q:
    """Fingerprints that begin so, as a range, which any index of the column finds; ``prefix`` is lower-case hex."""
    return Q(**{f"{field}__gte": prefix, f"{field}__lt": f"{prefix}g"})


def begins_or_ends_with(field: str, part: str) -> Q:
    """The same, and those whose short form it is; for rows of one tenant, of which there are few enough to look at."""
    is_short = Q(**{f"{field}__endswith": part}) if len(part) == SHORT else Q()
    return begins_with(field, part) | is_short


class WholeNumberFilter(django_filters.Filter):
    field_class = forms.IntegerField


class CheckedFilter(django_filters.BooleanFilter):
    """A box: the condition holds where it is checked, and where it is not nothing is asked."""

    field_class = forms.BooleanField


def choice(label: str | Promise, choices: Any, **options: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(
        label=label, choices=choices, empty_label=_("Any"), **options
    )
