"""One table of badges: what is said of a state or a severity, as word, icon and colour."""

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from web.templatetags.look import icon

register = template.Library()

_GOOD, _BAD, _WAITS, _NEUTRAL = "green", "red", "yellow", "blue"

# Kind → value → (colour, icon). A value that is missing here fails a test.
BADGES: dict[str, dict[str, tuple[str, str]]] = {
    "change": {
        "submitted": (_NEUTRAL, "cloud-upload"),
        "validated": (_WAITS, "clock"),
        "approved": (_NEUTRAL, "check"),
        "applied": (_GOOD, "shield-check"),
        "rolled_back": (_BAD, "arrow-back-up"),
        "rejected": (_BAD, "x"),
        "withdrawn": (_BAD, "x"),
    },
    "trust_config": {
        "named": (_NEUTRAL, "clock"),
        "creating": (_NEUTRAL, "clock"),
        "ready": (_GOOD, "check"),
        "drifted": (_BAD, "alert-triangle"),
        "unreadable": (_BAD, "alert-triangle"),
        "stopped": (_BAD, "alert-triangle"),
    },
    "job": {
        "waiting": (_WAITS, "clock"),
        "running": (_NEUTRAL, "refresh"),
        "done": (_GOOD, "check"),
        "failed": (_BAD, "alert-triangle"),
    },
    "severity": {
        "blocking": (_BAD, "x"),
        "warning": (_WAITS, "alert-triangle"),
        "info": (_NEUTRAL, "info-circle"),
    },
}

_SEVERITIES: dict[str, str | Promise] = {
    "blocking": _("Blocking"),
    "warning": _("Warning"),
    "info": _("Note"),
}


@register.simple_tag
def badge(kind: str, value: str, label: str | Promise = "") -> SafeString:
    """A badge of a kind; a severity knows its own word.

    :raises KeyError: for a value that has no row in the table.
    """
    colour, drawn = BADGES[kind][value]
    text = label or _SEVERITIES[value]
    return format_html('<span class="badge bg-{}-lt">{}{}</span>', colour, icon(drawn), text)
