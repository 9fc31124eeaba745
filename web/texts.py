"""Lists in a sentence, as the reader's language writes them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _


def between() -> str:
    """What stands between two things of a list: a comma, in Chinese 、."""
    return _(", ")


def colon() -> str:
    """What stands between a name and what is said of it."""
    return _(": ")


def in_brackets(text: Any) -> str:
    return _("(%(text)s)") % {"text": text}


def listed(things: Iterable[Any]) -> str:
    return between().join(str(thing) for thing in things)


def sentences(parts: Iterable[Any]) -> str:
    """Clauses in one line, which may hold lists themselves."""
    return _("; ").join(str(part) for part in parts)
