"""A report that is over: a folder, its report.json, or a certificate's archive, for whoever compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from conformance.errors import TraceError, UsageError
from conformance.report.archive import read_archive
from conformance.report.formats.data import REPORT
from conformance.report.formats.page import PAGE
from conformance.report.json import FORMAT, FORMAT_VERSION
from conformance.trace.jsonl import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conformance.trace.trace import Trace

#: Of a certificate the first repetition stands for all.
FIRST_RUN = "runs/1/"


@dataclass(frozen=True)
class SavedReport:
    """What one run came to, as report.json tells."""

    path: Path
    """As it was named."""
    data: Mapping[str, Any]
    read: Callable[[str], bytes] = field(repr=False)
    """Gives a file beside report.json; OSError or KeyError if there is none."""

    @property
    def name(self) -> str:
        """What it is a report of, for a heading."""
        if self.data["embedded"]:
            return "embedded reference"
        profile = self.data["profile"]
        return str(profile or self.data["endpoint"])

    @property
    def verdicts(self) -> Mapping[str, str]:
        """Rule id -> its verdict over the run."""
        return {each["id"]: each["verdict"] for each in self.data["rules"]}

    @property
    def conversations(self) -> Mapping[str, Mapping[str, Any]]:
        """The conversations by key."""
        return {each["conversation"]: each for each in self.data["conversations"]}

    @property
    def page(self) -> Path | None:
        """Its index.html, where it lies beside it."""
        folder = self.path if self.path.is_dir() else self.path.parent
        return folder / PAGE.name if (folder / PAGE.name).is_file() and self.path.suffix != ".zip" else None

    def traces(self, conversation: str) -> tuple[Trace, ...]:
        """Return the traces of a conversation; what is gone is passed over."""
        return self._read(self.conversations[conversation]["traces"])

    def upstream_traces(self, conversation: str) -> tuple[Trace, ...]:
        """Return what our upstream saw of a conversation, behind a gateway under test."""
        return self._read(self.conversations[conversation].get("upstream_traces", ()))

    def _read(self, names: Iterable[str]) -> tuple[Trace, ...]:
        found = []
        for name in names:
            try:
                found.append(loads(self.read(name), name))
            except (OSError, KeyError, TraceError):
                continue
        return tuple(found)


def read_report(path: Path) -> SavedReport:
    """Read a report; UsageError (CertificateError for an archive) says what is wrong."""
    if path.suffix == ".zip":
        members = read_archive(path)
        return _report(path, lambda name: members[FIRST_RUN + name], REPORT.name)
    folder = path if path.is_dir() else path.parent
    return _report(path, lambda name: (folder / name).read_bytes(), REPORT.name if path.is_dir() else path.name)


def _report(path: Path, read: Callable[[str], bytes], name: str) -> SavedReport:
    try:
        data = orjson.loads(read(name))
        form = data["format"], data["version"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "there is no report.json that can be read"
        raise UsageError(f"{path}: {why}", "Name a reports folder, its report.json, or a certificate.") from error
    if form != (FORMAT, FORMAT_VERSION):
        raise UsageError(f"{path}: its format is {form[0]} {form[1]}, not {FORMAT} {FORMAT_VERSION}")
    return SavedReport(path, data, read)
