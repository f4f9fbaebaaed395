"""Steps are generators, driven here by hand: what they ask of the player, and what they make of the answers."""

import base64
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.scenario.audio import clip
from conformance.scenario.commands import Close, Hangup, Idle, ModelDidNot, Open, Recall, Reply, Send, Unmet, Wait
from conformance.scenario.context import ScriptContext
from conformance.scenario.load import loads
from conformance.scenario.steps import STEPS


class Play:
    """One step, played by hand."""

    def __init__(self, written, dialect="ga", intent="", talk=None):
        text = f"scenario: x\nsteps:\n  - {written}\n"
        (line,) = loads(text, Path("x.yaml")).steps
        self.talk = talk or ScriptContext(DIALECTS[dialect], clip, intent)
        self.script = STEPS[line.name].play(self.talk, line)
        self.commands = []
        self.result = None
        self.over = False
        self.take(None)

    def take(self, reply):
        """Answer the last command and go on to the next that wants an answer."""
        try:
            command = self.script.send(reply)
            self.commands.append(command)
            while isinstance(command, Send | Idle | Close):
                command = self.script.send(Reply())
                self.commands.append(command)
        except StopIteration as finished:
            self.over, self.result = True, finished.value
        return self

    def hear(self, **event):
        return self.take(Reply(event))

    @property
    def sent(self):
        return [command.frame for command in self.commands if isinstance(command, Send)]

    @property
    def wait(self):
        return next(command for command in reversed(self.commands) if isinstance(command, Wait))


def error(event_id):
    return {"type": "error", "error": {"type": "invalid_request_error", "message": "no", "event_id": event_id}}


def test_connect_wants_a_session_first():
    play = Play("connect: {subprotocols: [realtime]}")

    assert play.commands == [Open({"subprotocols": ["realtime"], "intent": ""})]
    assert play.hear(type="session.created").result == {"type": "session.created"}
    with pytest.raises(Unmet):
        Play("connect").hear(type="error", error={"code": "x", "message": "no"})
    with pytest.raises(Unmet):
        Play("connect").take(Reply(refused="HTTP 401"))


def test_knock_wants_no_session():
    assert Play("expect_refusal: {credential: wrong}").take(Reply(refused="HTTP 401")).over
    refused = Play("expect_refusal: {credential: wrong}").hear(**error(None))
    assert isinstance(refused.commands[-1], Hangup)
    with pytest.raises(Unmet):
        Play("expect_refusal: {credential: wrong}").hear(type="session.created")


def test_knock_lets_a_session_be_where_either_will_do_but_hears_an_error_out():
    written = "expect_refusal: {model: wrong}\n    answer: either"

    assert Play(written).hear(type="session.created").over
    assert isinstance(Play(written).hear(**error(None)).commands[-1], Hangup)


@pytest.mark.parametrize(
    ("dialect", "session"),
    [
        ("ga", {"type": "realtime", "output_modalities": ["text"]}),
        ("beta", {"modalities": ["text"], "temperature": 0.7}),
    ],
)
def test_configure_speaks_the_dialect_and_leaves_out_what_it_lacks(dialect, session):
    play = Play("configure: {modalities: text, temperature: 0.7}", dialect)

    assert play.sent == [{"event_id": "client_1_configure", "type": "session.update", "session": session}]
    assert play.wait.matches("session.updated", {"type": "session.updated"})
    assert not play.wait.matches("session.created", {"type": "session.created"})


@pytest.mark.parametrize(
    ("dialect", "sent", "answer"),
    [
        ("ga", {"type": "session.update", "session": {"type": "transcription"}}, "session.updated"),
        ("beta", {"type": "transcription_session.update", "session": {}}, "transcription_session.updated"),
    ],
)
def test_a_transcription_session_is_updated_in_its_own_way(dialect, sent, answer):
    play = Play("barrier", dialect, intent="transcription")

    assert play.sent == [{"event_id": "client_1_barrier", **sent}]
    assert play.wait.awaiting == answer


def test_the_format_of_the_input_is_remembered_once_it_is_accepted():
    talk = ScriptContext(DIALECTS["ga"], clip)
    Play("configure: {input_format: g711_ulaw}", talk=talk).hear(type="session.updated")

    assert talk.input_format == "g711_ulaw"
    Play("configure: {input_format: pcm16}\n    answer: either", talk=talk).hear(**error("client_2_configure"))
    assert talk.input_format == "g711_ulaw"


def test_an_expected_refusal_is_the_error_that_names_the_event():
    play = Play("delete: item_x\n    answer: error")
    matches = play.wait.matches

    assert matches("error", error("client_1_delete"))
    assert matches("error", error(None))
    assert matches("error", error("something nobody sent"))
    play.talk.event_id("other")
    assert not matches("error", error("client_2_other"))
    assert play.commands[0].deliberate


def test_what_should_be_refused_and_is_accepted_ends_the_step():
    with pytest.raises(Unmet) as unmet:
        Play("delete: item_x\n    answer: error").hear(type="conversation.item.deleted")

    assert (unmet.value.expected, unmet.value.actual) == ("an error", "conversation.item.deleted")


def test_with_no_answer_wanted_none_is_awaited():
    play = Play("commit:\n    answer: none")

    assert play.over
    assert [frame["type"] for frame in play.sent] == ["input_audio_buffer.commit"]


@pytest.mark.parametrize(("dialect", "kind"), [("ga", "output_text"), ("beta", "text")])
def test_an_assistants_message_has_the_content_of_the_dialect(dialect, kind):
    play = Play("say: {role: assistant, text: Hi., id: mine, after: root}", dialect)

    (event,) = play.sent
    assert event["previous_item_id"] == "root"
    assert event["item"] == {
        "type": "message", "role": "assistant", "content": [{"type": kind, "text": "Hi."}], "id": "mine",
    }  # fmt: skip


def test_say_takes_no_other_item_for_its_own():
    matches = Play("say: Hello.").wait.matches
    message = {"type": "message", "role": "user"}

    assert matches("conversation.item.added", {"item": {**message, "content": [{"type": "input_text"}]}})
    assert matches("conversation.item.added", {"item": message})
    assert not matches("conversation.item.added", {"item": {**message, "content": [{"type": "input_audio"}]}})
    assert not matches("conversation.item.added", {"item": {**message, "role": "assistant"}})


def test_a_spoken_message_carries_the_clip():
    (event,) = Play("say: {clip: hello}").sent

    (part,) = event["item"]["content"]
    assert part["type"] == "input_audio"
    assert base64.b64decode(part["audio"]) == clip("hello", "pcm16")


def test_a_clip_is_spoken_in_pieces_that_make_the_whole():
    play = Play("speak: {clip: hello, chunk: 100}")

    pieces = [base64.b64decode(event["audio"]) for event in play.sent]
    assert b"".join(pieces) == clip("hello", "pcm16")
    assert {len(piece) for piece in pieces[:-1]} == {4800}
    assert play.over


def test_a_pause_is_silence_in_the_format_of_the_input():
    talk = ScriptContext(DIALECTS["ga"], clip, input_format="g711_ulaw")

    (event,) = Play("pause: {milliseconds: 500, chunk: 500}", talk=talk).sent
    assert base64.b64decode(event["audio"]) == b"\xff" * 4000


def test_await_takes_any_of_several_types_and_each_of_a_list():
    one = Play("await: {event: [a, b], match: {x: 1}}")
    assert one.wait.awaiting == "a or b"
    assert one.wait.matches("b", {"x": 1})
    assert not one.wait.matches("b", {"x": 2})
    assert not one.wait.matches("c", {"x": 1})

    several = Play("await: [a, b]").hear(type="a")
    assert not several.over
    assert several.wait.awaiting == "b"
    assert several.hear(type="b").over


def test_expect_takes_the_next_event_and_says_what_does_not_fit():
    with pytest.raises(Unmet) as unmet:
        Play("expect: {event: a, match: {x: 1}}").hear(type="a", x=2)

    assert (unmet.value.expected, unmet.value.actual) == ("x: expected 1", "2")


def test_a_model_that_calls_nothing_is_nobodys_fault():
    item = {"type": "function_call", "name": "get_time", "call_id": "c"}
    play = Play("call: get_time")

    assert play.wait.matches("response.output_item.done", {"item": item})
    assert not play.wait.matches("response.output_item.done", {"item": {**item, "name": "other"}})
    assert play.hear(type="response.output_item.done", item=item).result == item
    with pytest.raises(ModelDidNot):
        Play("call").hear(type="response.done", response={})


def test_an_outcome_that_differs_is_nobodys_fault():
    assert Play("outcome: cancelled").hear(type="response.done", response={"status": "cancelled"}).over
    with pytest.raises(ModelDidNot):
        Play("outcome: cancelled").hear(type="response.done", response={"status": "completed"})
    with pytest.raises(ModelDidNot):
        Play("outcome: cancelled").hear(type="response.done", response=None)


def test_cancel_names_a_response_and_awaits_nothing_by_itself():
    play = Play("cancel: resp_1")

    assert play.over
    assert play.sent == [{"event_id": "client_1_cancel", "type": "response.cancel", "response_id": "resp_1"}]


@pytest.mark.parametrize(
    ("written", "frame"),
    [
        ("send: {type: x, event_id: y}", {"type": "x", "event_id": "y"}),
        ("send: {text: '{not json'}", "{not json"),
        ("send: {binary: bytes}", b"bytes"),
    ],
)
def test_send_sends_what_is_written_and_says_that_it_is_meant(written, frame):
    play = Play(written)

    assert play.commands == [Send(frame, deliberate=True)]
    assert play.over


def test_unheard_asks_only_after_a_barrier():
    play = Play("unheard: {text: canary-, but: canary-anna}")
    assert isinstance(play.commands[-1], Wait)

    play.hear(type="session.updated")
    assert play.commands[-1] == Recall("canary-", "canary-anna")
    assert play.take(Reply()).over
    with pytest.raises(Unmet):
        Play("unheard: canary-").hear(type="session.updated").hear(type="response.done")


def test_idle_close_and_drop_are_one_command_each():
    assert Play("idle: 3").commands == [Idle(3.0)]
    assert Play("close: {code: 1001, reason: bye}").commands == [Close(1001, "bye")]
    assert Play("drop").commands == [Close(drop=True)]


UNTIL = "idle: {seconds: 3, until: input_audio_buffer.timeout_triggered}"


def test_a_silence_until_an_event_ends_with_it():
    play = Play(UNTIL)

    assert play.commands == [Idle(1.0), Recall('"input_audio_buffer.timeout_triggered"')]
    assert play.take(Reply({"type": "input_audio_buffer.timeout_triggered"})).over


def test_a_silence_that_nothing_ends_is_held_against_nobody_by_the_script():
    play = Play(UNTIL).take(Reply()).take(Reply())

    with pytest.raises(ModelDidNot, match="3 s of silence"):
        play.take(Reply())


def test_a_second_call_that_is_not_made_is_told_as_such():
    item = {"type": "function_call", "name": "get_time", "call_id": "c"}
    talk = ScriptContext(DIALECTS["ga"], clip)
    Play("call: get_time", talk=talk).hear(type="response.output_item.done", item=item)

    with pytest.raises(ModelDidNot) as otherwise:
        Play("call: get_time", talk=talk).hear(type="response.done", response={"output": [item]})

    assert otherwise.value.message == "needs another call of get_time; the model made only 1"


@pytest.mark.parametrize(("written", "enough", "too_few"), [("still_running", 1, 0), ("still_running: 2", 2, 1)])
def test_a_model_that_was_quicker_than_the_script_is_nobodys_fault(written, enough, too_few):
    assert Play(written).hear(running=enough).over
    with pytest.raises(ModelDidNot):
        Play(written).hear(running=too_few)


def test_a_second_response_is_refused_only_while_the_first_one_runs():
    with pytest.raises(ModelDidNot):
        Play("respond:\n    answer: error").take(Reply({"type": "response.created"}, alone=True))
    with pytest.raises(Unmet):
        Play("respond:\n    answer: error").take(Reply({"type": "response.created"}))


def test_audio_is_cut_at_a_share_of_what_has_come():
    play = Play("truncate: {item: i, share: 0.5}").hear(bytes=48000)

    assert play.sent[0]["audio_end_ms"] == 500
    with pytest.raises(ModelDidNot):
        Play("truncate: {item: i, share: 0.5}").hear(bytes=4800)
