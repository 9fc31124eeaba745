"""Fields that are drawn the same in every form."""

from collections.abc import Sequence
from typing import Any

from django import template

from certs.models import TrustConfig
from pages.fields import MAXIMAL_ANSWER, MAXIMAL_REASON
from web.secrets import holds_pem

register = template.Library()


@register.simple_tag
def longest_answer() -> int:
    """The most characters that an answer to a finding may have."""
    return MAXIMAL_ANSWER


def _shown(value: Any) -> str:
    """What was typed; a key or a certificate is not shown again."""
    typed = str(value or "")
    return "" if holds_pem(typed) else typed


@register.inclusion_tag("components/_textarea.html")
def textarea(
    name: str,
    label: Any,
    *,
    element_id: str = "",
    value: Any = "",
    hint: Any = "",
    errors: Sequence[Any] = (),
    rows: int = 2,
    required: bool = False,
    marked: bool = False,
    longest: int = MAXIMAL_REASON,
    gap: bool = False,
) -> dict[str, Any]:
    """Where a person types a text: label, field, hint and errors, which describe the field for a screen reader.

    ``longest`` is in characters; ``marked`` shows it as required where the browser must not insist (a form with a button that
    needs it and one that does not); ``gap`` leaves room above, where another field stands before it.
    """
    field_id = element_id or f"id_{name}"
    described = [f"{field_id}_hint"] if hint else []
    described += [f"{field_id}_error"] if errors else []
    return {
        "name": name,
        "label": label,
        "id": field_id,
        "value": _shown(value),
        "hint": hint,
        "errors": errors,
        "rows": rows,
        "required": required,
        "is_marked": required or marked,
        "longest": longest,
        "gap": gap,
        "described": " ".join(described),
    }


@register.inclusion_tag("components/_textarea.html")
def text_field(
    field: Any,
    *,
    element_id: str = "",
    hint: Any = "",
    rows: int = 2,
    required: bool = False,
    marked: bool = False,
    gap: bool = False,
) -> dict[str, Any]:
    """The same of a form's field."""
    return textarea(
        field.html_name,
        field.label,
        element_id=element_id or field.id_for_label,
        value=field.value(),
        hint=hint,
        errors=field.errors,
        rows=rows,
        required=required,
        marked=marked,
        gap=gap,
    )


@register.inclusion_tag("components/_typed_name.html")
def typed_name(trust_config: TrustConfig, *, value: Any = "") -> dict[str, Any]:
    """The trust config's name, which a person types before something grave (``approvals.asking.undo.is_grave``)."""
    return {"trust_config": trust_config, "value": _shown(value)}
