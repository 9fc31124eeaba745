"""How certificates, findings, times and icons are drawn, everywhere the same."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from approvals import causes, schedule
from audit.display import DISPLAYS
from audit.events import EventType
from certs.models import Role
from pki.catalogue import text_of
from pki.catalogue_outcomes import OUTCOMES
from pki.estate import ANOTHER_TENANTS
from pki.names import common_name
from pki.texts import Said
from tenants.models import Environment

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon of the sprite; decoration only, the word beside it says the same."""
    return format_html('<svg class="i" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', static("icons.svg"), name)


@register.filter
def fingerprint(value: str) -> SafeString:
    """A SHA-256 fingerprint in groups of four, one element each, so that it wraps between groups."""
    groups = [value[n : n + 4] for n in range(0, len(value), 4)]
    return format_html('<span class="mono fingerprint">{}</span>', mark_safe("<wbr>".join(f"<span>{group}</span>" for group in groups)))  # noqa: S308  (hex)


@register.filter
def tail(value: str) -> str:
    """The last eight hex digits, which is how people tell fingerprints apart."""
    return f"…\u2060{value[-8:]}"


@register.filter
def cn(subject: str) -> str:
    return common_name(subject)


_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}


@register.filter
def usages(oids: tuple[str, ...] | None) -> str:
    """Extended key usages by their names in RFC 5280 §4.2.1.12; an unknown one by its OID."""
    return ", ".join(_USAGES.get(oid, oid) for oid in oids or ()) or "–"


@register.filter
def is_frozen(environment: Environment) -> bool:
    """Whether a freeze holds the environment at this moment. Lists prefetch ``freezes``."""
    return schedule.freeze_now(environment) is not None


@register.filter
def role_label(role: str) -> str:
    return str(Role(str(role)).label)


@register.filter
def days_left(not_after: datetime) -> int:
    return (not_after - timezone.now()).days


@register.simple_tag
def validity(not_after: datetime) -> SafeString:
    """Days left as a badge with word, icon and colour."""
    days = days_left(not_after)
    if days < 0:
        return format_html('<span class="badge bg-red-lt">{} {}</span>', icon("alert-triangle"), _("expired"))
    word = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": f"{days:,}"}
    colour, sign = ("yellow", "alert-triangle") if days < 30 else ("green", "check")
    return format_html('<span class="badge bg-{}-lt">{} {}</span>', colour, icon(sign), word)


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """An instant in UTC; a script adds the reader's own zone to its title."""
    if at is None:
        return "–"
    utc = at.astimezone(UTC)
    return format_html('<time datetime="{}">{} UTC</time>', utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M:%S"))


@register.filter
def day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


@register.filter
def code_title(code: str) -> str:
    return text_of(code).title.in_language(_language(), {})


@register.filter
def code_text(code: str, part: str) -> str:
    """A part of a check's text with its blanks left open."""
    said: Said = getattr(text_of(code), part)
    return said.in_language(_language(), {}, blank="…")


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
def policy_value(value: Any) -> str:
    """A policy's value in words; a dash where it asks nothing."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return "; ".join(f"{_POLICY_WORDS.get(name) or role_label(name)}: {policy_value(one)}" for name, one in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(role_label(one) if one in Role.values else str(one) for one in value) or "–"
    return "–" if value is None else str(value)


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


_LIMIT_NAMES = {
    "GCP-COUNT-01": gettext_lazy("Trust anchors and intermediate CAs"),
    "GCP-COUNT-02": gettext_lazy("Intermediate CAs"),
    "GCP-COUNT-03": gettext_lazy("Allowlisted certificates"),
    "GCP-COUNT-04": gettext_lazy("Name constraints"),
}


@register.filter
def limit_name(code: str) -> str:
    return str(_LIMIT_NAMES[code])


@register.simple_tag
def say(finding: Any, part: str) -> str:
    """One part (title, sentence, why, fix) of a finding's or refusal's text in the reader's language."""
    evidence: Mapping[str, str] = finding.evidence
    shown = {name: _evidence(name, value) for name, value in evidence.items()}
    said = getattr(text_of(finding.code), part)
    return str(said.in_language(_language(), shown))


@register.simple_tag
def outcome(answer: Any, part: str) -> str:
    """One part (sentence, fix) of a predicted answer; a stored one is a mapping, a golden client keeps its last."""
    code, evidence = (answer["code"], answer["evidence"]) if isinstance(answer, Mapping) else (answer.tried_code, answer.tried_evidence)
    return str(getattr(OUTCOMES[code], part).in_language(_language(), {name: _evidence(name, value) for name, value in evidence.items()}))


@register.filter
def outcome_error(answer: Mapping[str, Any]) -> str:
    return OUTCOMES[answer["code"]].error


@register.filter
def source(code: str) -> str:
    return text_of(code).source


@register.filter
def cause_sentences(change: Any) -> list[str]:
    return causes.sentences(change.causes)


@register.filter
def event_sentence(event: Any) -> str:
    return str(DISPLAYS[EventType(event.type)].sentence)


@register.filter
def event_icon(event: Any) -> str:
    return DISPLAYS[EventType(event.type)].icon


@register.filter
def control(field: Any) -> SafeString:
    """A form field's control in the house's look."""
    kind = getattr(field.field.widget, "input_type", "text")
    look = {"checkbox": "form-check-input", "select": "form-select", "file": "form-control"}.get(kind, "form-control")
    return SafeString(field.as_widget(attrs={"class": look}))


@register.filter
def removal_in(entry: Any, removals: Any) -> str:
    """How the form's removals treat an entry: retired, revoked or nothing."""
    for removal in removals or []:
        if removal.sha256_fingerprint == entry.certificate.sha256_fingerprint and removal.role == entry.role:
            return str(removal.removal)
    return ""


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.filter
def pairs(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Items of a mapping whose keys may be named "items" too."""
    return list(mapping.items())


@register.filter
def percent(count: int, limit: int) -> int:
    return min(100, round(100 * count / limit)) if limit else 0


def _evidence(name: str, value: str) -> str:
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if name == "what" and value in _LIMIT_NAMES:
        return limit_name(value)
    return value.replace(ANOTHER_TENANTS, _("another tenant's certificate"))


def _language() -> str:
    return get_language() or "en"
