"""The list of jobs."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from web.lists import ListTable, cells


class JobTable(ListTable):
    """Rows of :class:`~pages.operations.reading.JobRow`."""

    job = cells("operations", "job", _("Job"))
    about = cells("operations", "about", _("About"))
    state = cells("operations", "state", _("State"))
    attempts = tables.Column(accessor="job__attempt_count", verbose_name=_("Attempts"))
    error = cells("operations", "error", _("Last error"))
    act = cells("operations", "act", _("Act"))

    class Meta(ListTable.Meta):
        empty_text = _("No job is in this state.")
