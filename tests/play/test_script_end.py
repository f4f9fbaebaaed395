"""What `played` claims, read from the traces alone."""

from dataclasses import replace

import pytest

from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome
from conformance.play.script_end import shown_outcome, why_unfinished
from conformance.report.certificate import library
from conformance.trace.trace import Direction, End, EndKind

NAMES = (
    "response/text_turn",
    "connection/reconnect",
    "isolation/two_limits",
    "audio/commit_twice",
    "audio/clear",
    "client_secrets/opens_a_session",
    "client_secrets/refuses_a_wrong_key",
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
        (End(EndKind.TIMEOUT, Direction.CLIENT), "ends with a wait that was not answered"),
        (End(EndKind.REFUSED, Direction.SERVER), "was refused, but the script does not expect that"),
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

    assert "lacks the barrier" in why_unfinished(conversation.scenario, "ga", [replace(trace, entries=entries)])


def ended(conversation, **how):
    """Return the traces without what came at the end of the script, with another end."""
    (trace,) = conversation.traces
    return [replace(trace, entries=trace.entries[:3], end=End(EndKind.TIMEOUT, Direction.CLIENT, **how))]


def refused(conversation, status):
    (trace,) = conversation.traces
    shake = replace(trace.handshake, status=status)
    return [replace(trace, entries=(), handshake=shake, end=End(EndKind.REFUSED, Direction.SERVER))]


def says(conversation, error):
    """Return the traces, cut off by an error."""
    (trace,) = conversation.traces
    told = replace(trace.entries[2], direction=Direction.SERVER, event={"type": "error", "error": error})
    return [replace(trace, entries=(*trace.entries[:2], told), end=End(EndKind.CLOSED, Direction.CLIENT, 1000))]


@pytest.mark.parametrize(
    ("claimed", "traces", "shown"),
    [
        (Outcome.INCONCLUSIVE, lambda each: each.traces, Outcome.INCONCLUSIVE),
        (Outcome.INCONCLUSIVE, lambda each: ended(each, at=20.0), Outcome.INCONCLUSIVE),
        (Outcome.INCONCLUSIVE, lambda each: ended(each, at=20.0, awaiting="session.updated"), Outcome.STOPPED),
        (Outcome.INCONCLUSIVE, ended, Outcome.STOPPED),
        (Outcome.ENVIRONMENT, lambda each: refused(each, 429), Outcome.ENVIRONMENT),
        (Outcome.ENVIRONMENT, lambda each: refused(each, None), Outcome.ENVIRONMENT),
        (Outcome.ENVIRONMENT, lambda each: refused(each, 401), Outcome.STOPPED),
        (Outcome.ENVIRONMENT, lambda each: says(each, {"code": "rate_limit_exceeded"}), Outcome.ENVIRONMENT),
        (Outcome.ENVIRONMENT, lambda each: says(each, {"code": "invalid_value"}), Outcome.STOPPED),
        (Outcome.ENVIRONMENT, lambda each: each.traces, Outcome.PLAYED),
        (Outcome.ERROR, lambda each: each.traces, Outcome.PLAYED),
        (Outcome.NOT_RUN, lambda each: ended(each, at=20.0), Outcome.STOPPED),
        (Outcome.STOPPED, lambda each: each.traces, Outcome.STOPPED),
    ],
)
def test_an_outcome_that_excuses_the_endpoint_is_believed_only_where_the_traces_show_it(claimed, traces, shown):
    conversation = rehearse("response/text_turn", "ga")

    assert shown_outcome(claimed, conversation.scenario, "ga", traces(conversation))[0] is shown
