"""One conversation, kept in every way people keep them, is judged like its native trace."""

import gzip
import io
import sys

import pytest

from conformance.corpus.sources import sources
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_recording
from conformance.trace.formats.cassette import CASSETTE
from conformance.trace.formats.frame_log import FRAME_LOG
from conformance.trace.formats.har import HAR
from conformance.trace.formats.json_lines import JSON_LINES


def verdicts(*named):
    return [judge_recording(each, Demands()) for source in sources(map(str, named)) for each in source.recordings()]


#: Rules that read the upgrade or the end.
WIRE = ("connection.", "session.created", "session.the-model-is-the-one-asked-for")


def without_wire(verdict):
    """The rules that held, but for those about what only our own form keeps."""
    return {name for name in verdict.held if not name.startswith(WIRE)}


@pytest.fixture
def native(turn):
    """Return the verdict on the trace as it was played."""
    (recording,) = _opened(JSON_LINES.write([turn]))
    return judge_recording(recording, Demands())


def _opened(data):
    from conformance.trace.formats import recordings

    return recordings(io.BufferedReader(io.BytesIO(data)), "file")


@pytest.mark.parametrize("form", [HAR, CASSETTE, FRAME_LOG], ids=lambda form: form.name)
def test_in_another_format(tmp_path, turn, native, form):
    path = tmp_path / f"a{form.suffix}"
    path.write_bytes(form.write([turn]))

    (verdict,) = verdicts(path)

    assert (verdict.kind, verdict.findings) == (native.kind, native.findings) == (RecordingOutcome.CLEAN, ())
    assert without_wire(verdict) == without_wire(native)


def test_in_a_folder_of_compressed_files(tmp_path, turn, native):
    for number in range(3):
        (tmp_path / f"{number}.jsonl.gz").write_bytes(gzip.compress(JSON_LINES.write([turn])))

    assert [each.held for each in verdicts(tmp_path)] == [native.held] * 3


def test_on_standard_input(monkeypatch, turn, native):
    data = JSON_LINES.write([turn])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))

    (verdict,) = verdicts("-")

    assert (verdict.kind, verdict.held) == (native.kind, native.held)


def test_as_bare_events(tmp_path, turn, native):
    """Without the upgrade, the end and the times the rest is judged the same."""
    import json

    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(entry.event) + "\n" for entry in turn))

    (verdict,) = verdicts(path)

    assert (verdict.kind, verdict.findings) == (RecordingOutcome.CLEAN, ())
    assert without_wire(verdict) == without_wire(native)
