from conformance.contract.dialects import DIALECTS
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.views import View

CREATE, ADDED = "conversation.item.create", "conversation.item.added"


def exchanges(*told):
    """Return {event_id: exchange} of a conversation told as (sent, event)."""
    entries = (
        Entry(number, Direction.CLIENT if sent else Direction.SERVER, 0.0, event, deliberate=event.pop("wrong", False))
        for number, (sent, event) in enumerate(told)
    )
    return {each.sent.text("event_id"): each for each in View(Trace(tuple(entries)), DIALECTS["ga"]).exchanges}


def test_a_nameless_error_is_laid_to_what_was_wrong_on_purpose_and_not_to_what_follows():
    found = exchanges(
        (True, {"type": CREATE, "event_id": "bad", "wrong": True}),
        (True, {"type": CREATE, "event_id": "good"}),
        (False, {"type": "error", "error": {"message": "no item"}}),
        (False, {"type": ADDED, "item": {"id": "i1"}}),
    )

    assert found["bad"].answer is None
    assert found["good"].answer.type == ADDED


def test_what_a_nameless_error_is_suspected_of_may_have_been_accepted_all_the_same():
    found = exchanges(
        (True, {"type": CREATE, "event_id": "bad", "wrong": True}),
        (False, {"type": "error", "error": {"message": "something"}}),
        (False, {"type": ADDED, "item": {"id": "i1"}}),
    )

    assert found["bad"].answer.type == ADDED


UPDATE, UPDATED = "session.update", "session.updated"
NOBODY = {"type": "error", "error": {"message": "no", "event_id": None}}


def asked(name, kind=UPDATE, **fields):
    return True, {"type": kind, "event_id": name, **fields}


def test_a_nameless_error_settles_the_only_open_event():
    found = exchanges(
        asked("one"),
        (False, {"type": UPDATED}),
        asked("two"),
        (False, NOBODY),
        asked("three"),
        (False, {"type": UPDATED}),
    )

    assert [each.refused for each in found.values()] == [False, True, False]
    assert found["two"].answer is None
    assert found["three"].answer.index == 5


def test_a_nameless_error_goes_where_its_parameter_points():
    error = {"type": "error", "error": {"event_id": None, "param": "session.voice"}}
    found = exchanges(
        asked("item", CREATE), asked("update"), (False, error), (False, {"type": ADDED, "item": {"id": "i"}})
    )

    assert found["update"].refused
    assert found["item"].answer is not None


def test_a_nameless_error_goes_where_its_code_points():
    error = {"type": "error", "error": {"event_id": None, "code": "input_audio_buffer_commit_empty"}}
    found = exchanges(asked("commit", "input_audio_buffer.commit"), asked("update"), (False, error))

    assert [each.refused for each in found.values()] == [True, False]


def test_a_nameless_error_that_points_to_what_nobody_asked_settles_nothing():
    error = {"type": "error", "error": {"event_id": None, "code": "conversation_already_has_active_response"}}
    found = exchanges(asked("update"), (False, error))

    assert not found["update"].refused


def test_what_a_nameless_error_leaves_open_stays_unattributed_and_its_answer_is_not_unasked():
    found = exchanges(asked("one"), asked("two"), (False, NOBODY), (False, {"type": UPDATED}), asked("three"))

    assert [each.answer for each in found.values()] == [None, None, None]
    assert [[frame.index for frame in each.possible] for each in found.values()] == [[3], [3], []]


def test_once_all_have_come_it_is_plain_which_acknowledgement_answers_which():
    found = exchanges(
        asked("item", "conversation.item.delete", item_id="i"),
        asked("one"),
        asked("two"),
        (False, NOBODY),
        (False, {"type": UPDATED}),
        (False, {"type": UPDATED}),
    )

    assert [each.answer and each.answer.index for each in found.values()] == [None, 4, 5]
    assert found["item"].refused


def test_the_only_event_of_its_kind_has_its_acknowledgement_whatever_a_nameless_error_is_about():
    found = exchanges(asked("item", CREATE), asked("update"), (False, NOBODY), (False, {"type": UPDATED}))

    assert found["update"].answer is not None
    assert found["item"].refused


def test_an_error_of_the_service_settles_nothing():
    error = {"type": "error", "error": {"type": "server_error", "event_id": None}}
    found = exchanges(asked("update"), (False, error), (False, {"type": UPDATED}))

    assert not found["update"].refused
    assert found["update"].answer is not None


def test_an_error_that_names_what_nobody_sent_is_nameless():
    found = exchanges(asked("update"), (False, {"type": "error", "error": {"event_id": "evt_of_a_gateway"}}))

    assert found["update"].refused


def test_what_a_later_answer_settles_no_longer_clouds_what_follows():
    found = exchanges(
        asked("one"),
        asked("two"),
        (False, NOBODY),
        (False, {"type": UPDATED}),
        asked("marker", CREATE, item={"id": "m"}),
        (False, {"type": ADDED, "item": {"id": "m"}}),
        asked("three"),
        (False, {"type": UPDATED}),
    )

    assert found["three"].answer.index == 7
    assert found["one"].lost
    assert found["two"].lost


def test_an_automatic_response_is_no_answer_to_a_create_that_an_error_refuses_later():
    found = exchanges(
        (False, {"type": "input_audio_buffer.speech_started"}),
        asked("create", "response.create"),
        (False, {"type": "response.created", "response": {"id": "r"}}),
        (False, {"type": "error", "error": {"event_id": "create"}}),
    )

    assert found["create"].answer is None
    assert found["create"].refused


def test_a_create_that_is_refused_and_answered_where_nobody_spoke_was_answered():
    found = exchanges(
        asked("create", "response.create"),
        (False, {"type": "response.created", "response": {"id": "r"}}),
        (False, {"type": "error", "error": {"event_id": "create"}}),
    )

    assert found["create"].answer is not None


def test_an_output_item_that_is_announced_under_another_id_answers_no_item_of_the_client():
    output = {"id": "item_1", "type": "message", "role": "assistant"}
    said = {"type": "message", "role": "user"}
    found = exchanges(
        asked("meanwhile", CREATE, item=said),
        (False, {"type": "response.output_item.added", "item": output}),
        (False, {"type": ADDED, "item": {**output, "id": "own_item_1"}}),
        (False, {"type": ADDED, "item": {**said, "id": "item_2"}}),
    )

    assert found["meanwhile"].answer.index == 3
