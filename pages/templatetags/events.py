"""An event of the audit in words."""

from typing import Any

from django import template

from audit.display import DISPLAYS
from audit.events import EventType

register = template.Library()


@register.filter
def event_sentence(event: Any) -> str:
    return str(DISPLAYS[EventType(event.type)].sentence)


@register.filter
def event_icon(event: Any) -> str:
    return DISPLAYS[EventType(event.type)].icon
