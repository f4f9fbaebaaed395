"""The traces of a play, each in a file of its own."""

from pathlib import Path
from types import SimpleNamespace

from conformance.play.player import Conversation, Outcome
from conformance.run.folder import Disk
from conformance.run.retry import Attempt
from conformance.run.trace_files import again, is_of_upstream, written
from conformance.scenario.model import Scenario
from conformance.secrets import Scrubber
from conformance.trace.jsonl import load
from conformance.trace.trace import Direction, Entry, Trace
from tests.records import settings

KEY = "sk-canary-0123456789abcdef"
SAID = Trace((Entry(0, Direction.SERVER, 0.0, {"type": "x", "text": f"said {KEY}"}, secret=True),))


def attempt(traces, upstreams=()):
    pairs = tuple(SimpleNamespace(upstream=each and SimpleNamespace(trace=each)) for each in upstreams)
    return Attempt(Conversation(Scenario("a", "t", ()), "", traces, Outcome.PLAYED), pairs=pairs)


def test_each_connection_and_each_side_has_a_file_and_holds_no_secret(tmp_path):
    told = settings(reports=tmp_path, scrub=Scrubber((KEY,)))

    files = written(attempt((SAID, SAID), (SAID, None)), "a/b", told, Disk())

    assert [each.relative_to(tmp_path / "traces").as_posix() for each in files] == [
        "a/b.jsonl",
        "a/b#2.jsonl",
        "a/b.upstream.jsonl",
    ]
    assert not any(KEY in each.read_text(encoding="utf-8") for each in files)
    assert len(load(files[0])) == 1


def test_a_trace_that_cannot_be_written_ends_nothing(tmp_path):
    (tmp_path / "traces").touch()
    disk = Disk()

    written(attempt((SAID,)), "a", settings(reports=tmp_path), disk)

    assert "could not be written" in disk.trouble


def test_further_plays_have_a_number_and_the_upstreams_side_is_known_by_its_name():
    assert (again("a/b", 1), again("a/b", 3)) == ("a/b", "a/b~3")
    sides = ("a.upstream.jsonl", "a.upstream#2.jsonl", "a.jsonl", "upstream.jsonl")
    assert [is_of_upstream(Path(each)) for each in sides] == [True, True, False, False]
