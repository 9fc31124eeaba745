"""What people type by mistake and no page may show again: keys, and what looks like them."""

import re

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from pki.armor import as_text
from pki.keys import private_key_code


def holds_pem(text: str) -> bool:
    """A key or a certificate: nothing of that kind belongs into a text that is kept for ever."""
    return "-----BEGIN" in text.upper() or holds_key(text)


# What no words are: the frame of PEM, or a line of base64. Fingerprints, paths and addresses stand in many reasons.
_NO_WORDS = re.compile(r"-----\s*(?:BEGIN|END)|(?![0-9A-Fa-f]{60})[A-Za-z0-9+/]{60}", re.IGNORECASE)


def holds_key(text: str) -> bool:
    """A private key in any form that is known. Somebody who only speaks of one may."""
    if private_key_code(text.encode(), as_text(text.encode())) is None:
        return False
    return bool(_NO_WORDS.search(text))


def shown_query(request: HttpRequest) -> QueryDict:
    """The page's own query, for links and forms of the page; without what holds a private key."""
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if any(map(holds_key, [name, *values]))]:
        del query[name]
    return query


def error_text(error: object) -> str:
    """What is wrong with a field, which may quote what was typed into it."""
    told = str(error)
    return _("What was given cannot be used here.") if holds_key(told) else told


def without_keys(text: object) -> str:
    """What was typed, to be shown in its field again; nothing of it where a private key stands in it."""
    typed = "" if text is None else str(text)
    return "" if holds_key(typed) else typed
