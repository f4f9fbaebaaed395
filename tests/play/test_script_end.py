"""What `played` claims, read from the traces alone."""

from dataclasses import replace

import pytest

from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome
from conformance.play.script_end import why_unfinished
from conformance.report.certificate import library
from conformance.trace.trace import Direction, End, EndKind

NAMES = (
    "response/text_turn",
    "connection/reconnect",
    "isolation/two_limits",
    "audio/commit_twice",
    "audio/clear",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_that_came_to_its_end_shows_it(name):
    conversation = rehearse(name, "ga")

    assert conversation.outcome is Outcome.PLAYED
    assert why_unfinished(library()[name], "ga", conversation.traces) == ""


def test_a_connection_too_few_is_noticed():
    conversation = rehearse("connection/reconnect", "ga")

    told = why_unfinished(conversation.scenario, "ga", conversation.traces[:-1])
    number = len(conversation.traces)
    assert told == f"the script opens {number} connections, and there are traces of {number - 1}"


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (None, "has no end"),
        (End(EndKind.TIMEOUT, Direction.CLIENT), "ends with a wait that was in vain"),
        (End(EndKind.REFUSED, Direction.SERVER), "was refused, which the script does not expect"),
    ],
)
def test_an_end_that_no_script_asks_for_is_noticed(end, why):
    conversation = rehearse("response/text_turn", "ga")
    (trace,) = conversation.traces

    assert why_unfinished(conversation.scenario, "ga", [replace(trace, end=end)]) == f"connection 1 {why}"


def test_a_connection_that_was_not_drained_is_noticed():
    conversation = rehearse("response/text_turn", "ga")
    (trace,) = conversation.traces
    entries = tuple(each for each in trace if not str((each.event or {}).get("event_id")).endswith("_barrier"))

    assert "was not drained" in why_unfinished(conversation.scenario, "ga", [replace(trace, entries=entries)])
