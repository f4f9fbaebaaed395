"""Where recordings lie: files, folders, patterns, standard input, remote stores; compressed or not."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from io import BufferedReader, RawIOBase
from pathlib import Path
from stat import S_ISFIFO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from conformance.errors import TraceError, UsageError
from conformance.trace.formats import recordings
from conformance.trace.formats.json_lines import read_section
from conformance.trace.formats.section import HEADER, SIZE, Section, sections_of

if TYPE_CHECKING:
    from conformance.trace.formats.recording import Recording

#: Standard input, by name.
STDIN = "-"
REMOTE = "://"
#: Names of files in a folder that may hold recordings.
SUFFIXES = frozenset({".jsonl", ".ndjson", ".json", ".har", ".yaml", ".yml"})
COMPRESSED = frozenset({".gz", ".zst", ".zstd"})
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
#: Where a shell puts the pipes of its process substitutions.
PIPES_OF_SHELLS = ("/dev/fd", "/proc/self/fd")
#: Bytes that are read at once.
CHUNK = 1 << 16
#: Bytes of a Zstandard file that are unpacked at once: they may become 32,768 times as many.
PACKED = 512


@dataclass(frozen=True, slots=True)
class Source:
    """One file of recordings."""

    name: str
    """A path, a URL, or `-` for standard input."""
    section: Section | None = None
    """What of the file it is; None: the whole."""

    @property
    def only_here(self) -> bool:
        """Whether it can be read by this process alone: standard input, and what a shell makes of `<(command)`."""
        return self.name == STDIN or _is_pipe_of_shell(self.name)

    def recordings(self) -> Iterator[Recording]:
        """Yield its conversations; TraceError says what is wrong with the file, or with what is left of it."""
        where = "standard input" if self.name == STDIN else self.name
        try:
            with self._opened() as raw, _unpacked(raw, where) as file:
                if self.section is not None:
                    yield from read_section(file, where, self.section)
                else:
                    yield from recordings(file, where)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise TraceError(f"{where}: the compressed file is broken: {error}") from error
        except OSError as error:
            raise TraceError(f"{where}: {error.strerror or error}") from error

    @contextmanager
    def _opened(self) -> Iterator[BufferedReader]:
        if self.name == STDIN:
            buffered = BufferedReader(cast("Any", sys.stdin.buffer), CHUNK)
            try:
                yield buffered
            finally:
                buffered.detach()
        elif REMOTE in self.name:
            with _remote(self.name)[0].open(self.name, "rb") as file:
                yield BufferedReader(file, CHUNK)
        else:
            _refuse_pipes(self.name)
            with open(self.name, "rb") as local:  # noqa: PTH123 - one of a million: no path is made of its name
                yield local


def _refuse_pipes(name: str) -> None:
    """Refuse a named pipe, which would be waited for; not what a shell makes of `<(command)`."""
    if S_ISFIFO(os.stat(name).st_mode) and not _is_pipe_of_shell(name):  # noqa: PTH116 - as above
        raise TraceError(f"{name}: is a pipe", "Give it as standard input: check - < PIPE")


def _is_pipe_of_shell(name: str) -> bool:
    return name.rpartition("/")[0] in PIPES_OF_SHELLS


@contextmanager
def _unpacked(raw: BufferedReader, where: str) -> Iterator[BufferedReader]:
    head = raw.peek(4)
    if head.startswith(GZIP):
        with gzip.open(cast("BinaryIO", raw)) as unpacked:
            yield BufferedReader(cast("Any", unpacked), CHUNK)
    elif head.startswith(ZSTANDARD):
        yield from _zstandard(raw, where)
    else:
        yield raw


def _zstandard(raw: BufferedReader, where: str) -> Iterator[BufferedReader]:
    try:
        import zstandard
    except ImportError as error:
        cure = "pip install 'realtime-conformance[remote]', or unpack it."
        raise TraceError(f"{where}: reading Zstandard needs the package `zstandard`", cure) from error
    try:
        yield BufferedReader(_ZstandardFrames(raw, zstandard.ZstdDecompressor().decompressobj), CHUNK)
    except zstandard.ZstdError as error:
        raise TraceError(f"{where}: the compressed file is broken: {error}") from error


class _ZstandardFrames(RawIOBase):
    """What the Zstandard frames of a file hold; EOFError where the last of them was cut off, as with gzip.

    The package's own reader takes a file that was cut off for a whole one.
    """

    def __init__(self, raw: BufferedReader, begin: Callable[[], Any]) -> None:
        self._raw, self._begin = raw, begin
        self._frame = begin()
        self._packed, self._plain = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            if not (packed := self._packed or self._raw.read(PACKED)):
                if self._frame is not None:
                    raise EOFError("it ends before its last frame does")
                return 0
            self._frame = self._frame or self._begin()
            self._plain, self._packed = memoryview(self._frame.decompress(packed)), b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._plain))
        buffer[:count], self._plain = self._plain[:count], self._plain[count:]
        return count


def sources(named: Iterable[str]) -> list[Source]:
    """Return the files behind names, in a stable order, large ones in sections; UsageError where a name has none."""
    return [source for name in named for each in _files(name) for source in _in_sections(each)]


def _in_sections(name: str) -> list[Source]:
    """Return a file as one source, or in sections that several processes can judge: a large one of our own traces."""
    path = Path(name)
    if name == STDIN or REMOTE in name or not path.is_file() or path.stat().st_size < 2 * SIZE:
        return [Source(name)]
    try:
        with path.open("rb") as file:
            if file.peek(len(HEADER)).startswith(HEADER):
                return [Source(name, section) for section in sections_of(file, SIZE)]
    except OSError:
        pass  # told when it is judged
    return [Source(name)]


def _files(name: str) -> list[str]:
    if name == STDIN:
        return [STDIN]
    if REMOTE in name:
        return _remote_files(name)
    path = Path(name)
    if path.is_dir():
        return _some(sorted(str(each) for each in path.rglob("*") if _holds_recordings(each)), name, "folder")
    if not path.exists() and any(mark in name for mark in "*?["):
        matching = glob(name, recursive=True)  # noqa: PTH207 - the pattern may be absolute
        return _some(sorted(each for each in matching if Path(each).is_file()), name, "pattern")
    return [name]


def _holds_recordings(path: Path) -> bool:
    suffixes = [each for each in path.suffixes if each not in COMPRESSED]
    return bool(suffixes) and suffixes[-1] in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _some(files: list[str], name: str, kind: str) -> list[str]:
    if not files:
        raise UsageError(
            f"there are no recordings behind the {kind} {name}", f"Looked for: {', '.join(sorted(SUFFIXES))}"
        )
    return files


def _remote(name: str) -> tuple[Any, str]:
    try:
        import fsspec.core
    except ImportError as error:
        message = f"reading {name} needs the package `fsspec`, and the one that speaks to that store"
        raise UsageError(message, "pip install 'realtime-conformance[remote]'") from error
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(name)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{name} cannot be opened: {error}") from error
    return found


def _remote_files(name: str) -> list[str]:
    system, path = _remote(name)
    try:
        if any(mark in path for mark in "*?["):
            found = system.glob(path)
        elif system.isdir(path):
            found = [each for each in system.find(path) if _may_hold(each)]
        else:
            return [name]
    except Exception as error:  # whatever the store's own package raises: no key, no network, no bucket
        raise UsageError(f"{name} cannot be listed: {type(error).__name__}: {error}") from error
    return _some(sorted(system.unstrip_protocol(each) for each in found), name, "address")


def _may_hold(name: str) -> bool:
    suffixes = [each for each in Path(name).suffixes if each not in COMPRESSED]
    return bool(suffixes) and suffixes[-1] in SUFFIXES
