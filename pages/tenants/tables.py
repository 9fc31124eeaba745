"""The lists of tenants and of environments."""

from dataclasses import dataclass
from datetime import datetime

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from tenants.models import Environment, Freeze
from web.lists import ListTable, cells


@dataclass(frozen=True)
class EnvironmentRow:
    """An environment, its trust configs of at most how many, when it may be written next, and the freeze that holds now."""

    environment: Environment
    count: int
    limit: int
    opens: datetime | None
    freeze: Freeze | None


class EnvironmentTable(ListTable):
    environment = cells("tenants", "environment", _("Environment"), order_by="environment__slug")
    project = cells(
        "tenants",
        "project",
        _("Project"),
        order_by=("environment__project", "environment__location"),
        attrs={"td": {"class": "mono"}},
    )
    trust_configs = cells("tenants", "trust_configs", _("Trust configs"), order_by="count")
    votes = tables.Column(verbose_name=_("Votes"), accessor="environment__votes_needed")
    next_window = cells("tenants", "next_window", _("Next window"), orderable=False)

    class Meta(ListTable.Meta):
        orderable = True
        empty_text = _(
            "No environment yet. An operator makes one with: manage.py create_environment"
        )


class TenantTable(ListTable):
    name = cells("tenants", "tenant", _("Tenant"), order_by="name")
    mode = tables.Column(verbose_name=_("Mode"), accessor="get_mode_display", order_by="mode")
    open_changes = tables.Column(
        verbose_name=_("Open changes"), accessor="open_count", orderable=False
    )
    waiting = tables.Column(
        verbose_name=_("Waiting for votes"), accessor="waiting_count", orderable=False
    )

    class Meta(ListTable.Meta):
        orderable = True
        order_by = "name"
