"""Lists of changes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from web.lists import ListTable, cells


class ChangeTable(ListTable):
    """Changes with everything of ``for_lists``. ``is_sorted`` offers other orders than the one they came in."""

    change = cells("approvals", "change", _("Change"), order_by=("number",))
    where = cells(
        "approvals",
        "where",
        _("Where"),
        order_by=("trust_config__environment__slug", "trust_config__name", "-number"),
    )
    state = cells("approvals", "state", _("State"), order_by=("state", "-number"))
    checks = cells("approvals", "checks", _("Checks"), orderable=False)
    submitted = cells("approvals", "submitted", _("Submitted"), order_by=("submitted_at", "number"))

    def __init__(self, *args: Any, is_sorted: bool = False, **options: Any) -> None:
        super().__init__(*args, orderable=is_sorted, **options)
