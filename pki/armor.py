"""Text around certificates as people really paste it, brought into the one form that is read: ASCII with LF.

Every pattern here is linear in the text: hostile files of megabytes go through it.
"""

import base64
import binascii
import re
import unicodedata

from pki.caps import LONGEST_BARE_BASE64

_DASH = r"[-\u2010-\u2015\u2212\ufe58\ufe63]"  # hyphens and dashes; NFKC has made the full-width one of Chinese input methods a hyphen
_LINE = re.compile(
    rf"(?<!{_DASH}){_DASH}{{2,40}}[ \t]{{0,8}}(BEGIN|END)[ \t]{{1,8}}([A-Z0-9][A-Z0-9 #]{{0,60}}?)[ \t]{{0,8}}{_DASH}{{2,40}}",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys(map(ord, "\0\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")
_LONG_TOKEN = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def as_text(body: bytes) -> bytes:
    """UTF-16 and 32 become ASCII, byte order marks, NULs and invisible characters go, compatibility forms become plain ones,
    CR and CRLF become LF, BEGIN and END lines the usual ones.

    What is no text is returned as good as unchanged; other characters than ASCII become question marks.
    """
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} and body[2:4] != b"\0\0":
        text = body.decode("utf-16", errors="replace")
    else:
        text = body.decode("utf-8", errors="replace")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "\0" in text or not text.isascii():
        text = text.translate(_INVISIBLE)
    if "begin" in text or "Begin" in text or "BEGIN" in text:
        text = _LINE.sub(_usual, text)
    return text.encode("ascii", errors="replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def bare_base64(text: bytes) -> bytes:
    """The bytes behind a base64 text without any line around it; empty when it is none."""
    compact = b"".join(text.split()) if len(text) <= LONGEST_BARE_BASE64 else b""
    return _decoded(compact) if _BASE64.fullmatch(compact) else b""


def base64_runs(text: bytes) -> list[bytes]:
    """The bytes behind every run of base64 lines in a text that could be DER or PEM, wherever it stands and whatever is around it."""
    runs: list[list[bytes]] = []
    is_open = False
    for token in re.split(rb"[^A-Za-z0-9+/=]+", text):
        if _LONG_TOKEN.fullmatch(token):
            if not is_open:
                runs.append([])
            runs[-1].append(token)
            is_open = True
        elif is_open and token:
            runs[-1].append(token)  # the last, shorter line of a block
            is_open = False
    found = (b"".join(run) for run in runs if run[0][:1] == b"M" or run[0][:4] == b"LS0t")
    return [
        body
        for run in found
        for body in (_decoded(run) or _decoded(run.rstrip(b"=")[: len(run.rstrip(b"=")) // 4 * 4]),)
        if body
    ]


def _decoded(compact: bytes) -> bytes:
    try:
        return base64.b64decode(compact, validate=True)
    except binascii.Error:
        return b""


def _usual(found: re.Match[str]) -> str:
    label = " ".join(found.group(2).upper().split())
    return f"-----{found.group(1).upper()} {label}-----"
