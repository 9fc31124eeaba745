"""Names from certificates as text that is safe to store and to show: no NUL, no control, no bidi trick, no megabyte."""

import re
import unicodedata

from cryptography import x509

MAXIMAL_CHARACTERS = 1_000
_COMMON_NAME = re.compile(r"(?:^|,)CN=((?:[^,\\]|\\.)*)")
_ESCAPED = re.compile(r"\\(.)")


def display(name: x509.Name) -> str:
    """RFC 4514 text of a distinguished name, made safe."""
    return safe(name.rfc4514_string(), MAXIMAL_CHARACTERS)


def safe(text: str, limit: int) -> str:
    r"""Shows controls and bidi formatting (Unicode Cc, Cf, Cs) as ``\u{…}`` and cuts what is longer than ``limit``."""
    shown = "".join(f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text[: limit + 1])
    return shown if len(text) <= limit else f"{shown[:limit]}…"


def common_name(subject: str) -> str:
    """The first CN of an RFC 4514 text, or the whole text; for titles only, never for a decision."""
    found = _COMMON_NAME.search(subject)
    return _ESCAPED.sub(r"\1", found.group(1)) if found else subject or "(empty subject)"
