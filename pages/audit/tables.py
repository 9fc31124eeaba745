"""The list of events."""

from django.utils.translation import gettext_lazy as _

from web.lists import ListTable, cells


class EventTable(ListTable):
    """Events newest first, each with what became of its change; they are paged by their ids."""

    when = cells("audit", "when", _("When"), attrs={"td": {"class": "nowrap"}})
    who = cells("audit", "who", _("Who"))
    what = cells("audit", "what", _("What"))
    on_what = cells("audit", "on_what", _("On what"))
    effect = cells("audit", "effect", _("Did it take effect?"))

    class Meta(ListTable.Meta):
        empty_text = _("No event fits these filters.")
