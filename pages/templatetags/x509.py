"""How certificates and what is said of them are drawn, everywhere the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from certs.models import Role
from pki.catalogue import text_of
from pki.catalogue_outcomes import OUTCOMES
from pki.estate import ANOTHER_TENANTS
from pki.names import common_name
from pki.texts import Said
from web.templatetags.look import icon

register = template.Library()


@register.filter
def fingerprint(value: str) -> SafeString:
    """A SHA-256 fingerprint in groups of four, one element each, so that it wraps between groups."""
    groups = [value[n : n + 4] for n in range(0, len(value), 4)]
    return format_html(
        '<span class="mono fingerprint">{}</span>',
        mark_safe("<wbr>".join(f"<span>{group}</span>" for group in groups)),  # noqa: S308  (hex)
    )


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
        return format_html(
            '<span class="badge bg-red-lt">{} {}</span>', icon("alert-triangle"), _("expired")
        )
    word = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": f"{days:,}"}
    colour, sign = ("yellow", "alert-triangle") if days < 30 else ("green", "check")
    return format_html('<span class="badge bg-{}-lt">{} {}</span>', colour, icon(sign), word)


@register.filter
def code_title(code: str) -> str:
    return text_of(code).title.in_language(_language(), {})


@register.filter
def code_text(code: str, part: str) -> str:
    """A part of a check's text with its blanks left open."""
    said: Said = getattr(text_of(code), part)
    return said.in_language(_language(), {}, blank="…")


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
    code, evidence = (
        (answer["code"], answer["evidence"])
        if isinstance(answer, Mapping)
        else (answer.tried_code, answer.tried_evidence)
    )
    return str(
        getattr(OUTCOMES[code], part).in_language(
            _language(), {name: _evidence(name, value) for name, value in evidence.items()}
        )
    )


@register.filter
def outcome_error(answer: Mapping[str, Any]) -> str:
    return OUTCOMES[answer["code"]].error


@register.filter
def source(code: str) -> str:
    return text_of(code).source


def _evidence(name: str, value: str) -> str:
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if name == "what" and value in _LIMIT_NAMES:
        return limit_name(value)
    return value.replace(ANOTHER_TENANTS, _("another tenant's certificate"))


def _language() -> str:
    return get_language() or "en"


_KEPT = {
    "under_way": gettext_lazy(
        "for a change that is under way; deleted when it is rejected or withdrawn"
    ),
    "rollback_window": gettext_lazy("so that the change can be undone"),
    "golden": gettext_lazy("as a golden client, until it is kept no more"),
    "simulation": gettext_lazy("for a question whether it gets in, until that is answered"),
}


@register.filter
def kept_why(kind: str) -> str:
    """Why a sealed original is kept."""
    return str(_KEPT[kind])
