"""A zip archive whose every byte is accounted for: written with checksums, read without trust.

Whoever reads one has it from a stranger: paths that leave the archive, bombs, members twice and members that no
checksum names are refused before anything is unpacked.  Nothing is ever written to the disk.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from conformance.errors import CertificateError
from conformance.trace.whole_file import in_place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUMS = "SHA256SUMS"
#: More than any honest certificate: members, bytes of one, bytes of all, and how far a member may be compressed.
MOST_MEMBERS, LARGEST_MEMBER, LARGEST_TOTAL, MOST_COMPRESSED = 20_000, 64_000_000, 1_000_000_000, 1_000
#: Every member bears this date, so that the same members make the same archive.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644
#: How hard zlib tries, 0 to 9.
COMPRESSION = 6


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write *members* and their checksums to *path*, whole or not at all."""
    told = {name: members[name] for name in sorted(members)}
    told[SUMS] = "".join(f"{_digest(data)}  {name}\n" for name, data in told.items()).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_place_of(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, data in told.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, READABLE << 16
            archive.writestr(info, data, compresslevel=COMPRESSION)


def read_archive(path: Path) -> dict[str, bytes]:
    """Read every member, checked against the checksums; CertificateError says what is wrong."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: _member(archive, info) for info in _listed(archive)}
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise CertificateError(f"{path}: cannot be read as an archive: {why}") from error
    _check_sums(members)
    del members[SUMS]
    return members


def _listed(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return what the archive lists, if all of it may be unpacked."""
    listed = archive.infolist()
    if len(listed) > MOST_MEMBERS:
        raise CertificateError(f"the archive has {len(listed):,} members: at most {MOST_MEMBERS:,} are read")
    names = [info.filename for info in listed]
    if len(set(names)) < len(names):
        raise CertificateError("the archive holds two members of one name")
    for info in listed:
        _refuse_escapes(info.filename)
        if info.file_size > LARGEST_MEMBER or info.file_size > MOST_COMPRESSED * max(info.compress_size, 1):
            raise CertificateError(f"{info.filename!r} unpacks to {info.file_size:,} bytes: refused")
    if sum(info.file_size for info in listed) > LARGEST_TOTAL:
        raise CertificateError(f"the archive unpacks to more than {LARGEST_TOTAL:,} bytes: refused")
    return listed


def _refuse_escapes(name: str) -> None:
    parts = PurePosixPath(name).parts
    escapes = name.startswith("/") or "\\" in name or ":" in name or ".." in parts or name != "/".join(parts)
    if escapes or not name.isprintable():
        raise CertificateError(f"the archive holds a member with the name {name!r}: refused")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise CertificateError(f"{info.filename!r} is not as large as the archive says")
    return data


def _check_sums(members: Mapping[str, bytes]) -> None:
    told = _sums(members.get(SUMS))
    for name, data in members.items():
        if name == SUMS:
            continue
        if name not in told:
            raise CertificateError(f"{name} is in the archive, and {SUMS} does not name it")
        if told[name] != _digest(data):
            raise CertificateError(f"{name} was changed: its checksum is another than {SUMS} says")
    if missing := sorted(told.keys() - members.keys()):
        raise CertificateError(f"{missing[0]} is missing from the archive, though {SUMS} names it")


def _sums(data: bytes | None) -> Mapping[str, str]:
    if data is None:
        raise CertificateError(f"the archive has no {SUMS}: it is no certificate")
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        digest, gap, name = line.partition("  ")
        if not gap or name in found:
            raise CertificateError(f"{SUMS} is damaged: {line[:80]!r}")
        found[name] = digest
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
