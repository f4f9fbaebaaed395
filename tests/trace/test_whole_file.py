"""A file is written whole, or not at all."""

import pytest

from conformance.trace.jsonl import dump
from conformance.trace.trace import Trace
from conformance.trace.whole_file import in_place_of, write_text_whole


@pytest.mark.parametrize(
    "trouble", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "ctrl-c"]
)
def test_what_ends_in_the_middle_leaves_the_old_file_and_nothing_beside_it(tmp_path, trouble):
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")

    with pytest.raises(type(trouble)), in_place_of(path) as file:  # noqa: PT012
        file.write(b"ne")
        raise trouble

    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [("a.json", "old")]


def test_what_utf_8_cannot_say_is_escaped(tmp_path):
    write_text_whole(tmp_path / "a", "\ud800é")

    assert (tmp_path / "a").read_text(encoding="utf-8") == "\\ud800é"


def test_a_trace_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(_trace):
        yield b"{"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("conformance.trace.jsonl.lines_of", full)
    with pytest.raises(OSError, match="No space"):
        dump(Trace(), tmp_path / "a.jsonl")

    assert list(tmp_path.iterdir()) == []
