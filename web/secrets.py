"""What people type by mistake and no page may show again: keys, and what looks like them."""

from pki.armor import as_text
from pki.keys import private_key_code


def holds_pem(text: str) -> bool:
    """A key or a certificate: nothing of that kind belongs into a text that is kept for ever."""
    return "-----BEGIN" in text.upper() or holds_key(text)


def holds_key(text: str) -> bool:
    """A private key in any form that is known."""
    return private_key_code(text.encode(), as_text(text.encode())) is not None


def without_keys(text: object) -> str:
    """What was typed, to be shown in its field again; nothing of it where a private key stands in it."""
    typed = "" if text is None else str(text)
    return "" if holds_key(typed) else typed
