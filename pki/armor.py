"""Text around certificates as people really paste it, brought into the one form that is read: ASCII with LF."""

import base64
import binascii
import re

from pki.caps import LONGEST_BARE_BASE64

_DASHES = r"[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"  # hyphens, dashes, and the full-width one of Chinese input methods
_LINE = re.compile(rf"{_DASHES}{{2,}}[ \t\u3000]*(BEGIN|END)[ \t\u3000]+([A-Z0-9][A-Z0-9 #]{{0,60}}?)[ \t\u3000]*{_DASHES}{{2,}}", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{64,}={0,2}\s*")


def as_text(body: bytes) -> bytes:
    """UTF-16 becomes ASCII, byte order marks and invisible characters go, CR and CRLF become LF, BEGIN and END lines the usual ones.

    What is no text is returned as good as unchanged; other characters than ASCII become question marks.
    """
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = body.decode("utf-16", errors="replace")
    elif body[1:20:2] == b"\0" * 10:  # the same without a byte order mark
        text = body.decode("utf-16-le", errors="replace")
    else:
        text = body.decode("utf-8", errors="replace")
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    if "begin" in text or "Begin" in text or "BEGIN" in text:
        text = _LINE.sub(_usual, text)
    return text.encode("ascii", errors="replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def bare_base64(text: bytes) -> bytes:
    """The bytes behind a base64 text without any line around it; empty when it is none."""
    if len(text) > LONGEST_BARE_BASE64 or not _BASE64.fullmatch(text.strip()):
        return b""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return b""


def _usual(found: re.Match[str]) -> str:
    label = " ".join(found.group(2).upper().split())
    return f"-----{found.group(1).upper()} {label}-----"
