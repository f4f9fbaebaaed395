"""A file is written whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


@contextmanager
def in_place_of(path: Path) -> Iterator[BinaryIO]:
    """Yield what takes the place of a file at the end of the block; an error leaves the old one, and nothing beside."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Put *data* in the place of a file."""
    with in_place_of(path) as file:
        file.write(data)


def write_text_whole(path: Path, text: str) -> None:
    """Put *text* in the place of a file; what UTF-8 cannot say is escaped."""
    write_whole(path, text.encode("utf-8", errors="backslashreplace"))
