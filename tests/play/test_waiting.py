"""What a wait makes of silence, of errors that name nobody, and of responses that end early."""

import asyncio
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import rehearsal_target
from conformance.play.connection import Disconnected
from conformance.play.environment import trouble_in, trouble_in_response, trouble_of_close, trouble_of_status
from conformance.play.player import Outcome, Player
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from tests.play.scripted import NO_EVENT, RESPONSE, UPDATED, Scripted, done, play

TURN = "  - respond\n  - await: response.done\n"


def test_a_model_that_does_not_begin_to_speak_is_slow_and_nothing_is_held_against_the_endpoint():
    conversation, _ = play(TURN, {"response.create": [RESPONSE]})

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert conversation.silent
    assert "no output of the model in 20 s" in conversation.message
    assert "--answer-timeout" in conversation.message
    assert conversation.traces[0].end.awaiting == ""


def test_an_endpoint_that_answers_nothing_at_all_is_slow_or_silent():
    conversation, _ = play("  - configure: {instructions: x}\n", {"session.update": []})

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert "no event in 30 s while waiting for session.updated" in conversation.message


def test_an_endpoint_that_answers_a_later_question_owes_the_answer_to_the_earlier():
    conversation, scripted = play("  - say: Hello.\n", {})

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "conversation.item.added never came"
    assert "a later question was answered" in conversation.actual
    assert scripted.sent[-1]["event_id"] == "probe_1"
    assert conversation.traces[0].end.awaiting == "conversation.item.added"


def test_a_session_of_beta_is_told_what_is_missing_in_names_of_beta():
    said = [RESPONSE, {"type": "response.text.delta", "response_id": "resp_1", "delta": "a"}]
    missed, _ = play("  - say: Hello.\n", {}, dialect="beta")
    ended, _ = play("  - respond\n  - await: response.output_text.done\n", {"response.create": said}, dialect="beta")

    assert missed.message == "conversation.item.created never came"
    assert missed.expected == "conversation.item.created"
    assert ended.message == "response.text.done never came"
    assert "but response.text.delta" in ended.actual


@pytest.mark.parametrize("code", [1001, None])
def test_an_end_after_a_long_silence_says_how_long_nothing_was_said(code):
    class Cut(Scripted):
        async def receive(self, within):
            try:
                return await super().receive(min(within, 60.0))
            except TimeoutError:
                raise Disconnected(code) from None

    cut = Cut({"session.update": [UPDATED]})
    scenario = loads("scenario: x\nsteps:\n  - connect\n  - idle: 70\n  - barrier\n", Path("test.yaml"))
    target = rehearsal_target(DIALECTS["ga"])
    conversation = asyncio.run(Player(cut, target, Scrubber(), clip).play(scenario))

    assert conversation.outcome is Outcome.STOPPED
    assert "after 60 s in which nothing was said" in conversation.actual
    assert "proxies" in conversation.actual


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "error", "event_id": "e9", "error": {"type": "x", "message": "no item", "event_id": "probe_1"}},
        {"type": "conversation.item.added", "event_id": "e9", "item": {"id": "probe_item_1", "type": "message"}},
    ],
    ids=["refused", "taken"],
)
def test_an_update_that_is_not_answered_is_asked_about_with_another_event(answer):
    conversation, scripted = play(
        "  - configure: {instructions: x}\n", {"session.update": [], "conversation.item.create": [answer]}
    )

    assert scripted.sent[-1]["type"] == "conversation.item.create"
    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "session.updated never came"


def test_the_answer_to_our_own_question_does_not_accept_what_had_to_be_refused():
    updates = iter([[], [UPDATED]])
    added = {"type": "conversation.item.added", "event_id": "e9", "item": {"id": "probe_item_1", "type": "message"}}
    answers = {"session.update": lambda _event: next(updates), "conversation.item.create": [added]}
    conversation, _ = play("  - configure: {max_output_tokens: 0}\n    answer: error\n", answers)

    assert conversation.message == "error never came"
    assert conversation.longest == 0, "nobody waits longer from now on"


def test_an_answer_that_is_late_but_comes_is_taken_and_the_answer_to_our_own_question_is_not():
    added = {"type": "conversation.item.added", "item": {"id": "i", "type": "message", "role": "user"}}
    conversation, _ = play(
        "  - say: Hello.\n  - configure: {instructions: x}\n",
        {"conversation.item.create": [(24.0, added)], "session.update": [(5.0, UPDATED)]},
    )

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.longest == 24.0


def test_a_heartbeat_does_not_renew_the_patience():
    beats = [(float(second), {"type": "ping"}) for second in range(5, 200, 5)]
    conversation, scripted = play("  - configure: {instructions: x}\n", {"session.update": beats})

    assert scripted.clock <= 35
    assert conversation.outcome is not Outcome.PLAYED


def test_an_error_that_names_nobody_is_the_answer_where_nothing_else_can_have_caused_it():
    error = {"type": "error", "event_id": "e5", "error": {"type": "invalid", "code": "nope", "message": "Not now."}}
    conversation, scripted = play("  - say: Hello.\n", {"conversation.item.create": [error]})

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.message == "the endpoint refused"
    assert conversation.actual == "error nope: Not now. (it names no event)"
    assert scripted.clock == 0


def test_an_error_that_names_nobody_is_left_alone_where_something_else_may_have_caused_it():
    error = {"type": "error", "event_id": "e5", "error": {"type": "invalid", "message": "What?"}}
    conversation, _ = play("  - send: {type: frobnicate, event_id: bad}\n  - barrier\n", {"frobnicate": [error]})

    assert conversation.outcome is Outcome.PLAYED


def test_a_late_error_about_text_that_is_no_event_refuses_nothing_that_was_asked_after_it():
    late = {"type": "error", "event_id": "e5", "error": {"code": "invalid_json", "message": "No.", "event_id": None}}
    answers = iter([[RESPONSE, done("completed")], [late, RESPONSE, done("completed")]])
    steps = f"  - respond\n  - send: {{text: '{NO_EVENT}'}}\n  - await: response.done\n{TURN}"
    conversation, _ = play(steps, {"response.create": lambda _event: next(answers)})

    assert conversation.outcome is Outcome.PLAYED, conversation.actual


def test_the_second_of_two_errors_that_name_nobody_is_about_what_followed_text_that_is_no_event():
    error = {"type": "error", "event_id": "e5", "error": {"code": "invalid_json", "message": "No."}}
    refusal = {"type": "error", "event_id": "e6", "error": {"code": "nope", "message": "Not now."}}
    conversation, _ = play(
        f"  - send: {{text: '{NO_EVENT}'}}\n  - say: Hello.\n", {"conversation.item.create": [error, refusal]}
    )

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.actual == "error nope: Not now. (it names no event)"


def test_what_was_said_beside_is_told_with_the_text_of_its_errors():
    error = {"type": "error", "error": {"code": "busy", "message": "The tape is full.", "event_id": "other"}}
    conversation, _ = play("  - say: Hello.\n", {"conversation.item.create": [error]})

    assert "error busy: The tape is full." in conversation.actual


@pytest.mark.parametrize("code", ["insufficient_quota", "rate_limit_exceeded", "server_error"])
def test_a_response_that_failed_for_want_of_quota_is_the_environments(code):
    failed = done("failed", type="failed", error={"type": code, "code": code, "message": "No."})
    conversation, scripted = play(
        "  - respond\n  - await: response.output_text.delta\n", {"response.create": [RESPONSE, failed]}
    )

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert code in conversation.message
    assert scripted.clock == 0


def test_nobody_waits_for_a_delta_of_a_response_that_is_done():
    conversation, scripted = play(
        "  - respond\n  - await: response.output_text.delta\n", {"response.create": [RESPONSE, done("completed")]}
    )

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert conversation.message == "the response ended (completed) without response.output_text.delta"
    assert scripted.clock == 0


@pytest.mark.parametrize(
    ("error", "full"),
    [
        ({"code": "too_many_sessions", "message": "No."}, True),
        ({"type": "server_busy", "message": "All session slots are in use."}, True),
        ({"type": "rate_limit_exceeded", "message": "Too many requests."}, False),
    ],
)
def test_a_limit_of_sessions_is_told_from_other_trouble(error, full):
    assert trouble_in(error).full is full


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("No deployments available for selected model, Try again in 5 seconds.", "5"),
        ("Something went wrong, please retry.", ""),
        ("Overloaded. Retry after 1.5s", "1.5"),
    ],
)
def test_a_broken_service_that_asks_to_come_back_is_no_fault_of_the_endpoint(message, seconds):
    trouble = trouble_in({"type": "server_error", "message": message})

    assert trouble is not None
    assert trouble.retry_after == seconds


@pytest.mark.parametrize(
    "error",
    [
        None,
        "text",
        {"code": "invalid_value", "message": "The session limit is a number."},
        {"type": "invalid_request_error", "message": "Try again with an id that exists."},
        {"type": "server_error", "message": "Unknown model."},
    ],
)
def test_other_errors_are_the_endpoints_own(error):
    assert trouble_in(error) is None


@pytest.mark.parametrize(
    ("code", "reason", "full"),
    [
        (1008, "session_limit_reached", True),
        (1008, "Too many concurrent sessions", True),
        (1013, "", True),
        (1008, "invalid key", None),
        (1011, "", None),
        (None, "too many sessions", None),
    ],
)
def test_a_close_says_that_the_endpoint_is_full_by_its_code_or_its_words(code, reason, full):
    trouble = trouble_of_close(code, reason)

    assert (trouble.full if trouble is not None else None) is full


@pytest.mark.parametrize(
    ("status", "body", "retry_after", "full"),
    [
        (429, "", "", True),
        (503, '{"error": {"code": "session_limit_reached"}}', "1", True),
        (429, "", "30", False),
        (429, '{"error": {"code": "insufficient_quota"}}', "", False),
        (500, "", "", False),
        (None, "", "", False),
    ],
)
def test_a_status_says_it_where_nothing_else_explains_it(status, body, retry_after, full):
    assert trouble_of_status(status, "HTTP", body, retry_after).full is full


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({"type": "failed", "error": {"code": "no_such_model", "message": "Gone."}}, "no_such_model: Gone."),
        ({"type": "failed"}, "and names no error"),
    ],
)
def test_a_response_that_failed_by_itself_is_told_once_by_its_error(details, told):
    conversation, _ = play(TURN, {"response.create": [RESPONSE, done("failed", **details)]})

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert f"the response failed {'with ' if 'error' in details else ''}{told}" in conversation.message


def test_a_response_that_was_cancelled_or_lacks_its_details_is_no_trouble():
    assert trouble_in_response(done("cancelled", type="cancelled")) is None
    assert trouble_in_response({"type": "response.done"}) is None


def announced(**differs):
    """Answer the creation of an item by one that differs from it."""
    return {
        "conversation.item.create": lambda event: [
            {"type": "conversation.item.added", "previous_item_id": None, "item": {**event["item"], **differs}}
        ],
    }


def test_an_announcement_that_fits_nothing_is_told_by_what_is_wrong_with_it():
    told, _ = play("  - say: {role: system, text: Briefly.}\n", announced(id="item_9", role="user"))

    assert told.outcome is Outcome.STOPPED
    assert "conversation.item.added that is not it (item.role: expected 'system', actual 'user')" in told.actual


def test_an_item_is_known_by_the_id_that_its_client_gave():
    told, _ = play("  - say: {id: mine, role: system, text: Briefly.}\n", announced(role="user", content=[]))

    assert told.outcome is Outcome.PLAYED, told.message


def test_a_session_that_ends_late_because_the_script_asked_for_it_ends_the_conversation_well():
    late = {"session.update": [], "session.close": [(3.0, Disconnected(1000, ""))]}
    told, _ = play("  - connect\n  - send: {type: session.close}\n  - idle: 1\n", late)

    assert told.outcome is Outcome.PLAYED, told.actual


def test_a_session_that_ends_without_being_asked_to_stops_the_script():
    told, _ = play("  - connect\n", {"session.update": [(3.0, Disconnected(1000, ""))]})

    assert told.outcome is Outcome.STOPPED


@pytest.mark.parametrize("step", ["say: Hello.", "respond"])
@pytest.mark.parametrize("name", [[1], {"a": 1}, 7, None])
def test_an_id_of_any_type_is_borne(name, step):
    created = {"type": "response.created", "response": {"id": name}}
    added = {"type": "conversation.item.added", "item": {"id": name, "type": "message", "role": "user"}}
    conversation, _ = play(f"  - {step}\n", {"conversation.item.create": [added], "response.create": [created]})

    assert conversation.outcome is Outcome.PLAYED
