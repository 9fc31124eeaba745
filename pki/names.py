"""Names from certificates as text that is safe to store and to show: no NUL, no control, no bidi trick, no megabyte."""

import hashlib
import re
import unicodedata

from cryptography import x509

from pki.caps import MAXIMAL_CHARACTERS

_COMMON_NAME = re.compile(r"(?:^|,)CN=((?:[^,\\]|\\.)*)")
_MADE_VISIBLE = re.compile(
    r"(?<!\\)(?:\\\\)*\\u\{"
)  # RFC 4514 doubles a backslash that stands in the name itself
_ESCAPED = re.compile(r"\\(.)")
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def display(name: x509.Name) -> str:
    """RFC 4514 text of a distinguished name, made safe. Two names have the same text only when they are the same."""
    return safe(name.rfc4514_string(), MAXIMAL_CHARACTERS)


def safe(text: str, limit: int) -> str:
    r"""Shows controls, bidi formatting and private characters as ``\u{…}``; what is longer than ``limit`` ends in its hash."""
    if (
        len(text) <= limit and text.isprintable()
    ):  # no character of a kind that needs care, the usual case
        return text
    shown = "".join(
        f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in _UNSAFE else c for c in text[:limit]
    )
    if len(text) <= limit:
        return shown
    return f"{shown[:limit]}… ({len(text)}, {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]})"


def has_unsafe_characters(shown: str) -> bool:
    """Whether :func:`safe` had to make something visible: a control, a NUL, a change of writing direction."""
    return _MADE_VISIBLE.search(shown) is not None


def common_name(subject: str) -> str:
    """The first CN of an RFC 4514 text, or the whole text; for titles only, never for a decision."""
    found = _COMMON_NAME.search(subject)
    return _ESCAPED.sub(r"\1", found.group(1)) if found else subject or "(empty subject)"
