"""How icons, times, numbers and form fields are drawn, everywhere the same."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web import runbook as pages
from web import texts
from web.secrets import error_text, holds_key, shown_query, without_keys

register = template.Library()

register.filter("listed", texts.listed)
register.filter("without_keys", without_keys)
register.filter("error_text", error_text)
register.filter("clauses", texts.sentences)
register.filter("in_brackets", texts.in_brackets)
register.simple_tag(texts.between, name="between")
register.simple_tag(texts.colon, name="colon")


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon of the sprite; decoration only, the word beside it says the same."""
    return format_html(
        '<svg class="i" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """An instant in UTC; a script adds the reader's own zone to its title."""
    if at is None:
        return "–"
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{} UTC</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
    )


@register.filter
def day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


@register.simple_tag
def control(field: Any, hint: Any = "") -> SafeString:
    """A form field's control in the portal's look, described by its hint and its errors (``_field.html`` gives them ids)."""
    kind = getattr(field.field.widget, "input_type", "text")
    look = {"checkbox": "form-check-input", "select": "form-select", "file": "form-control"}.get(
        kind, "form-control"
    )
    attrs = {"class": look}
    described = [f"{field.id_for_label}_hint"] if hint else []
    described += [f"{field.id_for_label}_error"] if field.errors else []
    if described:
        attrs["aria-describedby"] = " ".join(described)
    typed = field.value()
    if isinstance(typed, str) and holds_key(typed):  # it is not shown again
        empty = field.build_widget_attrs({**attrs, "id": field.auto_id}, field.field.widget)
        return SafeString(field.field.widget.render(field.html_name, "", empty))
    return SafeString(field.as_widget(attrs=attrs))


@register.simple_tag(takes_context=True)
def query(context: Mapping[str, Any], *pairs: Any) -> str:
    """The page's own query with these names set to these values, or without them where a value is None."""
    asked = shown_query(context["request"])
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        asked.pop(name, None)
        if value is not None:
            asked[name] = value
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def kept_choices(context: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Order and columns that the URL says, for a form that would drop them."""
    asked = shown_query(context["request"])
    return [(name, value) for name in ("sort", "hide") for value in asked.getlist(name)]


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.filter
def pairs(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Items of a mapping whose keys may be named "items" too."""
    return list(mapping.items())


@register.filter
def percent(count: int, limit: int) -> int:
    return min(100, round(100 * count / limit)) if limit else 0


@register.simple_tag
def runbook(section: str, line: str = "") -> SafeString:
    """A link to the line of the runbook that begins with a code or with words, else to its section."""
    _text, known = pages.page()
    exact = pages.anchor(section, line)
    place = exact if exact in known else pages.anchor(section)
    href = f"{reverse('operations:runbook')}#{place}"
    return format_html('<a class="runbook" href="{}">{}</a>', href, _("Runbook"))
