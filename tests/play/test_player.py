import asyncio
from pathlib import Path

import orjson
import pytest

from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome, Player
from conformance.play.wire import Wire
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from conformance.trace.trace import EndKind

TURN = """
scenario: A text turn
steps:
  - connect
  - configure: {modalities: text}
  - say: Say hello.
  - respond
  - await: response.done
"""


def script(text):
    return loads(text, Path("test.yaml"))


def types(trace, direction):
    return [entry.type for entry in trace if entry.direction == direction]


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_a_turn_is_played_to_its_end_and_drained(dialect):
    conversation = rehearse(script(TURN), dialect)

    (trace,) = conversation.traces
    assert conversation.outcome is Outcome.PLAYED, conversation
    assert types(trace, "client") == [
        "session.update",
        "conversation.item.create",
        "response.create",
        "session.update",
    ]
    assert types(trace, "server")[-1] == "session.updated"
    assert (trace.end.kind, trace.end.by, trace.end.code) == (EndKind.CLOSED, "client", 1000)


def drops(kind):
    return lambda: Fault(sends=lambda event: [] if event["type"] == kind else [event])


def test_an_event_that_never_comes_ends_the_conversation_as_a_timeout_entry():
    conversation = rehearse(script(TURN), "ga", drops("response.done"))

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.step.name == "await"
    assert conversation.message == "response.done never came"
    assert conversation.traces[0].end.kind is EndKind.TIMEOUT
    assert conversation.traces[0].end.awaiting == "response.done"


def test_a_refusal_of_ones_own_event_ends_the_wait_at_once():
    text = TURN.replace(
        "say: Say hello.", "item: {type: message, role: user, content: [{type: input_text}], after: nowhere}"
    )
    conversation = rehearse(script(text), "ga")

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "the endpoint refused"
    assert conversation.expected == "conversation.item.added"
    assert conversation.traces[0].end.by == "client"


def test_an_expected_refusal_that_does_not_come_is_told():
    text = TURN.replace("- configure: {modalities: text}", "- {configure: {modalities: text}, answer: error}")

    conversation = rehearse(script(text), "ga")

    assert (conversation.outcome, conversation.message) == (Outcome.STOPPED, "configure was accepted")


def test_what_was_remembered_fills_later_steps():
    text = """
    scenario: Items are remembered
    steps:
      - {say: One, as: one}
      - {say: {text: Two, after: "${one.item.id}"}, as: two}
      - expect: {event: conversation.item.done, match: {item.id: "${one.item.id}"}}
    """

    assert rehearse(script(text), "ga").outcome is Outcome.PLAYED


def test_what_the_endpoint_never_said_cannot_be_filled_in():
    text = """
    scenario: A reference into nothing
    steps:
      - {say: One, as: one}
      - delete: "${one.item.nothing}"
    """

    conversation = rehearse(script(text), "ga")

    assert conversation.outcome is Outcome.STOPPED
    assert "${one.item.nothing}" in conversation.message


def test_a_model_that_calls_no_function_leaves_it_unproven():
    text = TURN.replace("await: response.done", "call")

    conversation = rehearse(script(text), "ga")

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert conversation.message == "needs a function call; the model answered in text"


def test_a_conversation_that_the_model_left_is_heard_to_its_end():
    conversation = rehearse(script(TURN.replace("await: response.done", "call")), "ga")

    trace = conversation.traces[-1]
    assert trace.end.code == 1000
    assert [entry.type for entry in trace if entry.sent][-1] == "session.update"


def test_two_connections_leave_two_traces():
    text = """
    scenario: Two sessions
    steps:
      - {connect: , on: a}
      - {connect: , on: b}
      - {say: One, on: a}
      - {say: Two, on: b}
    """

    conversation = rehearse(script(text), "ga")

    assert conversation.outcome is Outcome.PLAYED
    assert [trace.name for trace in conversation.traces] == ["test", "test#2"]


def test_a_refused_key_is_what_a_knock_expects():
    text = "scenario: No\nsteps:\n  - expect_refusal: {credential: wrong}\n"

    for refusal in ("http", "openai"):
        conversation = rehearse(script(text), "ga", refusal=refusal)

        assert conversation.outcome is Outcome.PLAYED, conversation


def test_a_session_opened_for_a_wrong_key_is_unmet():
    def admits(_decision):
        from conformance.reference.server.admission import Admitted

        return Admitted("ga", "gpt-realtime")

    text = "scenario: No\nsteps:\n  - expect_refusal: {credential: wrong}\n"

    conversation = rehearse(script(text), "ga", lambda: Fault(admits=admits))

    assert (conversation.outcome, conversation.message) == (Outcome.STOPPED, "a session was opened")


def test_the_key_is_in_no_trace_even_if_the_endpoint_echoes_it(run, served):
    async def echo(ws):
        key = ws.request.headers["Authorization"].split()[1]
        await ws.send(orjson.dumps({"type": "session.created", "session": {"id": key}}).decode())
        await ws.close(4000, f"bye {key}")

    async def play():
        async with served(echo) as target:
            player = Player(Wire(target), target, Scrubber((target.key,)), clip)
            return await player.play(script(TURN))

    (trace,) = run(play()).traces

    assert trace.entries[0].leaked
    assert trace.end.leaked
    assert "sk-secret-key" not in repr(Scrubber(("sk-secret-key",)).trace(trace))


def test_a_rate_limit_is_the_environments_doing(run, served):
    def refuse(connection, _request):
        return connection.respond(429, "slow down")

    async def play():
        async with served(lambda ws: ws.wait_closed(), process_request=refuse) as target:
            return await Player(Wire(target), target, Scrubber(), clip).play(script(TURN))

    conversation = asyncio.run(play())

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert "429" in conversation.message
