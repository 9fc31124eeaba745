"""A policy's lines and values in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certs.models import Role
from pages.templatetags.x509 import role_label
from web.texts import listed, sentences

register = template.Library()


_POLICY_LINES = {
    "keys": gettext_lazy("Allowed keys"),
    "longest_days": gettext_lazy("Longest validity in days"),
    "days_left": gettext_lazy("Days left at least"),
    "issuers": gettext_lazy("Allowed issuers"),
    "usages": gettext_lazy("Required extended key usages"),
    "names": gettext_lazy("Allowed names"),
    "roles": gettext_lazy("Allowed roles"),
    "allows_public_cas": gettext_lazy("Public CAs may be trusted"),
    "self_service": gettext_lazy("The most that mode B may do"),
}


_POLICY_WORDS = {
    "roles": gettext_lazy("Roles"),
    "item_count": gettext_lazy("Items at once"),
    "in_production": gettext_lazy("Production"),
    "with_warnings": gettext_lazy("With warnings"),
}


@register.filter
def policy_line(name: str) -> str:
    return str(_POLICY_LINES[name])


@register.filter
def policy_lines(names: Iterable[str]) -> str:
    return listed(policy_line(name) for name in names)


@register.filter
def policy_value(value: Any) -> str:
    """A policy's value in words; a dash where it asks nothing."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return (
            sentences(
                f"{_POLICY_WORDS.get(name) or role_label(name)}: {policy_value(one)}"
                for name, one in value.items()
            )
            or "–"
        )
    if isinstance(value, list):
        return listed(role_label(one) if one in Role.values else str(one) for one in value) or "–"
    return "–" if value is None else str(value)
