"""Plays before the one that counts: what became of them, and where the endpoint first said something else."""

from dataclasses import replace

from conformance.play.player import Outcome
from conformance.report.attempts import stories_of
from conformance.report.page import page_of
from conformance.run.record import AttemptRecord
from conformance.trace.jsonl import dump, load
from tests.records import NOW, evidence_of


def again(told, reports):
    """Return a result in which the first conversation was played twice, the first time without its usage event."""
    name, record = next(iter(told.conversations.items()))
    trace = load(reports / record.traces[0])
    kept = tuple(each for each in trace if each.type != "response.done")
    dump(replace(trace, entries=kept), reports / "traces/first.jsonl")
    attempt = AttemptRecord(Outcome.STOPPED, "response.done never came", ("plays",), ("traces/first.jsonl",))
    return replace(
        told, conversations={**told.conversations, name: replace(record, attempts=(attempt,), flaky=True)}
    ), name


def test_an_attempt_is_set_beside_the_play_that_counts(run, tmp_path):
    told, name = again(run(scenarios=("response/text_turn",)), tmp_path / "reports")

    (story,) = stories_of(told.conversations[name], tmp_path / "reports")

    assert story.what == "response.done never came"
    assert story.traces == ("traces/first.jsonl",)
    assert "; the final attempt: response.done after " in story.difference


def test_the_page_tells_what_was_played_again(run, tmp_path):
    told, _ = again(run(scenarios=("response/text_turn",)), tmp_path / "reports")

    page = page_of(told, evidence_of(told), NOW)

    assert 'id="repeated"' in page
    assert 'href="traces/first.jsonl"' in page
    assert "the final attempt: response.done after" in page


def test_a_trace_that_is_gone_leaves_the_words(run, tmp_path):
    told, name = again(run(scenarios=("response/text_turn",)), tmp_path / "reports")
    (tmp_path / "reports/traces/first.jsonl").unlink()

    (story,) = stories_of(told.conversations[name], tmp_path / "reports")
    assert (story.what, story.difference) == ("response.done never came", "")
