"""Recorded conversations in another format: `realtime-conformance convert`."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.corpus.sources import sources
from conformance.errors import UsageError
from conformance.secrets import Scrubber
from conformance.trace.formats import FORMATS
from conformance.trace.formats.json_lines import JSON_LINES
from conformance.trace.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trace.formats.recording import Recording, RecordingFormat
    from conformance.trace.trace import Trace

COMPRESSED = ".gz"
#: What stands for standard output.
STDOUT = Path("-")


def convert(named: str, target: Path) -> list[Recording]:
    """Write every conversation behind *named* to *target*, a file, a folder or `STDOUT`, and return them.

    What a name ends with says the format; a folder gets one trace of our own form for each conversation.  Keys that
    an endpoint gave away do not come along.  A file that is there already is replaced, whole or not at all.
    """
    found = [recording for source in sources([named]) for recording in source.recordings()]
    if target == STDOUT:
        click.echo(JSON_LINES.write([_scrubbed(recording.trace) for recording in found]), nl=False)
    elif target.is_dir() or not (target.suffix or target.exists()):
        target.mkdir(parents=True, exist_ok=True)
        width = len(str(len(found)))
        for number, recording in enumerate(found, 1):
            stem = Path(recording.source).name.split(".")[0] or "recording"
            _write(target / f"{stem}-{number:0{width}}.jsonl", JSON_LINES, [recording.trace])
    else:
        _write(target, _format_for(target), [recording.trace for recording in found])
    return found


def _format_for(target: Path) -> RecordingFormat:
    suffix = target.with_suffix("").suffix if target.suffix == COMPRESSED else target.suffix
    for each in FORMATS:
        if each.suffix == suffix:
            return each
    known = ", ".join(each.suffix for each in FORMATS)
    what = f"no format has the ending {suffix!r}" if suffix else "a file, and without an ending that names a format"
    raise UsageError(f"{target}: {what}", f"Use one of: {known}; a folder, or - for standard output.")


def _scrubbed(trace: Trace) -> Trace:
    return Scrubber().trace(replace(trace, entries=tuple(replace(entry, secret=True) for entry in trace.entries)))


def _write(target: Path, form: RecordingFormat, traces: Sequence[Trace]) -> None:
    data = form.write([_scrubbed(trace) for trace in traces])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, gzip.compress(data) if target.suffix == COMPRESSED else data)
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror or error}", "Give a place that can be written.") from error
