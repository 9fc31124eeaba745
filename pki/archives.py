"""A zip of certificates, opened in memory with caps on count, size and ratio. Names in it are only shown, never used as paths."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from pki.caps import MAXIMAL_MEMBERS, MAXIMAL_RATIO, MAXIMAL_UNPACKED_BYTES
from pki.errors import NotACertificate, TooLarge, TooManyCertificates
from pki.names import safe

_SMALL_BYTES = 10_000  # below this no ratio is worth a refusal
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_OTHER_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")


def is_zip(body: bytes) -> bool:
    return body.startswith(_SIGNATURES)


def is_other_archive(body: bytes) -> bool:
    """gzip, 7z, RAR, xz and bzip2, or a tar by its magic; they are named, not opened."""
    return body.startswith(_OTHER_ARCHIVES) or body[257:262] == b"ustar"


def members(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Each file of the archive with its name made safe to show.

    :raises NotACertificate: for an archive that is damaged, encrypted, nested, or has a name that leads out of it.
    :raises TooLarge: beyond 5 MB unpacked, or 100 times the packed size.
    :raises TooManyCertificates: beyond 1,000 files.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            listed = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not _is_litter(member.filename)
            ]
            if len(listed) > MAXIMAL_MEMBERS:
                raise TooManyCertificates(
                    "IN-ZIP-03", count=str(len(listed)), limit=str(MAXIMAL_MEMBERS)
                )
            left = MAXIMAL_UNPACKED_BYTES
            for member in listed:
                content = _content(archive, member, left)
                left -= len(content)
                yield safe(member.filename, 200), content
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        OverflowError,
    ) as error:
        raise NotACertificate("IN-ZIP-01", detail=type(error).__name__) from error


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    shown = safe(member.filename, 200)
    if (
        member.filename.startswith(("/", "\\"))
        or ".." in member.filename.replace("\\", "/").split("/")
        or ":" in member.filename[:3]
    ):
        raise NotACertificate("IN-ZIP-02", name=shown)
    if member.compress_type not in {
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    }:  # others may ask for gigabytes before a byte is read
        raise NotACertificate("IN-ZIP-01", detail=f"compression {member.compress_type}")
    if member.flag_bits & 0x1:
        raise NotACertificate("IN-ZIP-04", name=shown)
    with archive.open(member) as file:
        content = file.read(left + 1)  # never more than the cap, whatever the header claims
    if len(content) > left or (
        len(content) > _SMALL_BYTES and len(content) > MAXIMAL_RATIO * max(member.compress_size, 1)
    ):
        raise TooLarge("IN-ZIP-05", name=shown, limit="5 MB", ratio=str(MAXIMAL_RATIO))
    if is_zip(content) or is_other_archive(content):
        raise NotACertificate("IN-ZIP-06", name=shown)
    return content


def _is_litter(name: str) -> bool:
    return any(part in name for part in _LITTER)
