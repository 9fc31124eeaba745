"""What lists and pages of changes say in words."""

from typing import Any

from django import template

from approvals import causes
from approvals.judging import schedule
from tenants.models import Environment

register = template.Library()


@register.filter
def is_frozen(environment: Environment) -> bool:
    """Whether a freeze holds the environment at this moment. Lists prefetch ``freezes``."""
    return schedule.freeze_now(environment) is not None


@register.filter
def cause_sentences(change: Any) -> list[str]:
    """Without a full stop at their end: what people wrote may have one, and the page puts its own."""
    return [sentence.rstrip(".。 ") for sentence in causes.sentences(change.causes)]


@register.filter
def removal_in(entry: Any, removals: Any) -> str:
    """How the form's removals treat an entry: retired, revoked or nothing."""
    for removal in removals or []:
        if (
            removal.sha256_fingerprint == entry.certificate.sha256_fingerprint
            and removal.role == entry.role
        ):
            return str(removal.removal)
    return ""
