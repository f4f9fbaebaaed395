"""What answers late, early, or without a name is taken for nothing else, and nobody is blamed for it."""

import asyncio

import orjson
import pytest

from conformance.play.player import Outcome
from conformance.play.script_end import shown_outcome, why_unfinished
from tests.play.scripted import DELTA, NO_EVENT, RESPONSE, UPDATED, Scripted, done, play, played

TURN = "  - respond\n  - await: response.done\n"
GARBAGE = f"  - send: {{text: '{NO_EVENT}'}}\n"
UNNAMED = {"type": "error", "event_id": "e5", "error": {"code": "no", "message": "No.", "event_id": None}}
SAY = "  - say: {role: assistant, text: Hello.}\n    as: said\n  - delete: '${said.item.id}'\n"


def message(name, text):
    content = [{"type": "output_text", "text": text}]
    return {"id": name, "type": "message", "role": "assistant", "content": content}


def added(name, text="Hello."):
    return {"type": "conversation.item.added", "item": message(name, text)}


def spoken(name):
    return {"type": "response.output_item.added", "response_id": "resp_1", "item": message(name, "")}


def deleted(event):
    return [{"type": "conversation.item.deleted", "item_id": event["item_id"]}]


def deletions(scripted):
    return [event["item_id"] for event in scripted.sent if event["type"] == "conversation.item.delete"]


# Errors that name nobody


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("  - say: Hello.\n", "conversation.item.create"), ("  - barrier\n", "session.update"), ("", "session.update")],
    ids=["say", "barrier", "the goodbye"],
)
def test_an_expected_error_may_be_one_about_earlier_garbage_and_the_next_one_blames_nobody(asked, kind):
    ack = UPDATED if kind == "session.update" else {**added("i"), "item": {"type": "message", "role": "user"}}
    answers = iter([[UNNAMED, ack], [ack]])
    expected = "  - cancel:\n    answer: error\n"
    conversation, _ = play(f"{GARBAGE}{expected}{asked}", {"text": [UNNAMED], kind: lambda _event: next(answers)})

    assert conversation.outcome is Outcome.PLAYED, conversation.actual


def test_a_refusal_that_names_nobody_is_told_once_every_other_question_has_its_answer():
    update = iter([[UPDATED], [UNNAMED]])
    answers = {"text": [UNNAMED], "session.update": lambda _event: next(update)}
    conversation, scripted = play(f"{GARBAGE}  - barrier\n  - configure: {{instructions: x}}\n", answers)

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.actual == "error no: No. (it names no event)"
    assert scripted.clock == 0


def test_an_error_about_a_question_of_ours_that_came_late_refuses_nothing_that_was_asked_after_it():
    update = iter([[(25.0, UPDATED)], [(22.0, UPDATED)], [UPDATED]])
    answers = {
        "session.update": lambda _event: next(update),
        "conversation.item.create": [(6.0, UNNAMED)],
    }
    steps = "  - configure: {instructions: x}\n  - configure: {instructions: y}\n"
    conversation, _ = play(steps, answers)

    assert conversation.outcome is not Outcome.STOPPED, conversation.actual


def test_an_error_about_garbage_is_no_answer_to_a_question_of_ours():
    steps = f"{GARBAGE}  - configure: {{instructions: x}}\n"
    conversation, scripted = play(steps, {"text": [(22.0, UNNAMED)], "session.update": []})

    assert scripted.sent[-1]["event_id"] == "probe_1"
    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert conversation.traces[0].end.awaiting == ""


def test_two_errors_without_a_name_after_two_questions_answer_one_of_ours():
    conversation, _ = play(
        "  - configure: {instructions: x}\n",
        {"session.update": [], "conversation.item.create": [UNNAMED]},
    )

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "session.updated never came"


# Answers and announcements


def test_what_was_announced_before_a_question_is_not_its_answer():
    said = [RESPONSE, added("item_of_the_model"), done("completed")]
    answers = {"response.create": said, "conversation.item.create": [added("mine")]}
    conversation, scripted = play(f"{TURN}{SAY}", {**answers, "conversation.item.delete": deleted})

    assert conversation.outcome is Outcome.PLAYED, conversation.message
    assert deletions(scripted) == ["mine"]


def test_an_item_that_the_endpoint_made_is_not_the_one_that_was_asked_for():
    late = [added("item_of_the_model"), added("mine")]
    answers = {"response.create": [RESPONSE, spoken("item_of_the_model")], "conversation.item.create": late}
    heard = "  - respond\n  - await: response.output_item.added\n"
    conversation, scripted = play(f"{heard}{SAY}", {**answers, "conversation.item.delete": deleted})

    assert deletions(scripted) == ["mine"], conversation.message


# A model that pauses


@pytest.mark.parametrize(
    ("answered", "rest"),
    [(2.0, [(21.0, DELTA), (40.0, done("completed"))]), (0.0, [(25.0, DELTA), (26.0, done("completed"))])],
    ids=["the rest comes before the answer to our question", "the rest comes after it"],
)
def test_a_model_that_pauses_while_its_endpoint_answers_our_question_is_heard_to_its_end(answered, rest):
    update = iter([[(answered, UPDATED)], [UPDATED], [UPDATED]])
    answers = {"response.create": [RESPONSE, DELTA, *rest], "session.update": lambda _event: next(update)}
    conversation, scripted = play(f"{TURN}  - configure: {{instructions: x}}\n", answers)

    assert conversation.outcome is Outcome.PLAYED, conversation.message
    assert [each["event_id"] for each in scripted.sent][1] == "probe_1"


def test_a_response_that_never_ends_is_found_after_our_question_and_a_second_patience():
    conversation, scripted = play(TURN, {"response.create": [RESPONSE, DELTA]})

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "response.done never came"
    assert conversation.traces[0].end.awaiting == "response.done"
    assert scripted.clock == 30


def test_our_question_that_is_still_open_takes_no_answer_from_the_script():
    update = iter([[(3.0, UPDATED)], [UPDATED], [UPDATED]])
    answers = {
        "response.create": [RESPONSE, DELTA, (21.0, done("completed"))],
        "session.update": lambda _event: next(update),
    }
    conversation, _ = play(f"{TURN}  - configure: {{instructions: x}}\n    as: kept\n", answers)

    assert conversation.outcome is Outcome.PLAYED


# What a model does of its own accord


def test_a_response_that_nobody_asked_for_may_be_in_the_way_of_the_next_one():
    refusal = {"type": "error", "error": {"code": "conversation_already_has_active_response", "message": "Busy."}}
    answers = {
        "input_audio_buffer.append": [RESPONSE],
        "response.create": lambda event: [{**refusal, "error": {**refusal["error"], "event_id": event["event_id"]}}],
    }
    speech = "  - pause: 100\n  - await: response.created\n"
    conversation, _ = play(f"{speech}  - respond\n", answers)

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert "a response that nobody asked for was running" in conversation.message


def test_so_may_one_that_was_over_before_a_refusal_without_a_name_came():
    answers = {"input_audio_buffer.append": [RESPONSE], "response.create": [done("completed"), UNNAMED]}
    conversation, _ = play("  - pause: 100\n  - await: response.created\n  - respond\n", answers)

    assert conversation.outcome is Outcome.INCONCLUSIVE, conversation.actual


def test_a_needless_cancel_may_end_a_response_that_nobody_asked_for():
    answers = {"input_audio_buffer.append": [RESPONSE], "response.cancel": [done("cancelled")]}
    conversation, _ = play("  - pause: 100\n  - cancel:\n    answer: error\n", answers)

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert "nobody asked for" in conversation.message


def test_a_response_that_was_asked_for_is_in_nobodys_way():
    refusal = {"type": "error", "error": {"code": "busy", "message": "Busy."}}
    answers = iter([[RESPONSE], [refusal]])
    conversation, _ = play("  - respond\n  - respond\n", {"response.create": lambda _event: next(answers)})

    assert conversation.outcome is Outcome.STOPPED


def test_a_response_without_an_item_leaves_a_script_that_needs_one_without_evidence():
    said = {"type": "response.done", "response": {"id": "resp_1", "status": "completed", "output": []}}
    steps = "  - respond\n  - await: response.done\n    as: said\n  - delete: '${said.response.output.0.id}'\n"
    conversation, _ = play(steps, {"response.create": [RESPONSE, said]})

    assert conversation.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("cut", ["at: 100", "share: 0.5"])
def test_nobody_cuts_audio_that_never_came(cut):
    conversation, scripted = play(f"  - connect\n  - truncate: {{item: item_1, {cut}}}\n", {})

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert "ms of the assistant's audio; 0 ms came" in conversation.message
    assert "conversation.item.truncate" not in [each["type"] for each in scripted.sent]


# Short patience


def test_a_model_may_pause_longer_than_our_patience_where_that_is_short():
    said = [RESPONSE, DELTA, (4.0, done("completed"))]
    conversation, _ = play(TURN, {"response.create": said}, answer=1.0)

    assert conversation.outcome is Outcome.PLAYED


@pytest.mark.parametrize(("proof", "outcome"), [(15.0, Outcome.INCONCLUSIVE), (0.0, Outcome.STOPPED)])
def test_a_session_that_does_not_open_in_a_short_time_is_no_evidence(proof, outcome):
    conversation, scripted = play("  - connect\n", {}, opens=False, first_event=2.0, proof=proof)

    assert conversation.outcome is outcome
    assert scripted.clock == 2.0


class Endless(Scripted):
    """Speaks without an end."""

    async def receive(self, _within):
        await asyncio.sleep(0)
        return orjson.dumps(self.queue.pop()[1] if self.queue else DELTA).decode()


def test_an_endpoint_that_takes_longer_than_a_conversation_may_is_slow():
    endless = Endless({"response.create": [RESPONSE]})
    conversation = played(endless, TURN, conversation=0.05)

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert conversation.silent
    assert "took more than 0.05 s: the endpoint is slow (--answer-timeout=SECONDS waits longer)" in conversation.message
    assert why_unfinished(conversation.scenario, "ga", conversation.traces)
    shown, _ = shown_outcome(Outcome.INCONCLUSIVE, conversation.scenario, "ga", conversation.traces)
    assert shown is Outcome.INCONCLUSIVE
