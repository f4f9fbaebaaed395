from __future__ import annotations

import base64

import pytest

from conformance.reference.audio.sound import tone


def message(text="Hi", **fields):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **fields}


def create(talk, item, **fields):
    return talk.send("conversation.item.create", item=item, **fields)


def order(talk):
    """The ids of the items, found by walking back from the last one."""
    return [item.id for item in talk.line.endpoint._conversation.items]


def test_an_item_is_announced_with_its_own_id_and_its_predecessor(talk):
    create(talk, message(id="first"))
    create(talk, message(id="second"))
    added = [event for event in talk.hear() if event["type"] == "conversation.item.added"]
    assert [(event["item"]["id"], event["previous_item_id"]) for event in added] == [
        ("first", None),
        ("second", "first"),
    ]
    assert added[0]["item"]["status"] == "completed"
    assert ("object" in added[0]["item"]) == (talk.dialect.name == "beta")


def test_ga_says_that_an_item_is_done_and_beta_does_not(talk):
    expected = ["conversation.item.added"] + ["conversation.item.done"] * (talk.dialect.name == "ga")
    assert talk.kinds(create(talk, message()).hear()) == expected


def test_an_item_goes_where_the_client_puts_it(talk):
    create(talk, message(id="a"))
    create(talk, message(id="b"))
    create(talk, message(id="c"), previous_item_id="a")
    create(talk, message(id="d"), previous_item_id="root")
    assert order(talk) == ["d", "a", "c", "b"]
    added = [event for event in talk.hear() if event["type"] == "conversation.item.added"]
    assert [event["previous_item_id"] for event in added] == [None, "a", "a", None]


@pytest.mark.parametrize(
    ("item", "fields", "code", "param"),
    [
        (message(id="taken"), {}, "item_create_duplicate_item_id", "item.id"),
        (
            message(),
            {"previous_item_id": "nobody"},
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        ({"type": "message", "role": "king", "content": []}, {}, "invalid_value", "item.role"),
        ({"type": "message", "role": "user"}, {}, "missing_required_parameter", "item.content"),
        ({"type": "thought"}, {}, "invalid_value", "item.type"),
        (message(role="assistant"), {}, "invalid_value", "item.content[0].type"),
        (
            message(role="system") | {"content": [{"type": "input_audio", "audio": ""}]},
            {},
            "invalid_value",
            None,
        ),
        (message() | {"content": [{"type": "input_audio", "audio": "?"}]}, {}, "invalid_value", None),
        (
            {"type": "function_call_output", "call_id": "call_none", "output": "1"},
            {},
            "invalid_tool_call_id",
            "item.call_id",
        ),
    ],
)
def test_a_wrong_item_is_refused_and_not_added(talk, item, fields, code, param):
    create(talk, message(id="taken")).hear()
    error = create(talk, item, **fields).refused()
    assert error["code"] == code
    assert param is None or error["param"] == param
    assert order(talk) == ["taken"]


def test_a_deleted_item_is_gone(talk):
    create(talk, message(id="a")).hear()
    (deleted,) = talk.send("conversation.item.delete", item_id="a").hear()
    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
    for doing in ("delete", "retrieve"):
        error = talk.send(f"conversation.item.{doing}", item_id="a").refused()
        assert (error["code"], error["param"]) == (f"item_{doing}_invalid_item_id", "item_id")


def test_a_retrieved_item_has_its_audio_and_no_other_event_does(talk):
    sound = base64.b64encode(tone("pcm16", 200)).decode()
    create(talk, message(id="a") | {"content": [{"type": "input_audio", "audio": sound}]})
    assert talk.hear()[0]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    (retrieved,) = talk.send("conversation.item.retrieve", item_id="a").hear()
    assert retrieved["item"]["content"][0]["audio"] == sound


def spoken_answer(talk):
    return talk.only(talk.turn("Say exactly: one two three four"), "response.output_item.done")["item"]


def test_the_assistants_retrieved_audio_is_what_was_streamed(talk):
    item = spoken_answer(talk)
    streamed = b"".join(
        base64.b64decode(event["delta"]) for event in talk.heard if event["type"] == "response.output_audio.delta"
    )
    (retrieved,) = talk.send("conversation.item.retrieve", item_id=item["id"]).hear()
    (part,) = retrieved["item"]["content"]
    assert base64.b64decode(part["audio"]) == streamed
    assert part["transcript"] == "one two three four"


def test_a_truncated_answer_is_shorter_and_has_no_transcript(talk):
    item = spoken_answer(talk)
    (event,) = talk.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=150).hear()
    del event["event_id"]
    assert event == {
        "type": "conversation.item.truncated",
        "item_id": item["id"],
        "content_index": 0,
        "audio_end_ms": 150,
    }
    (retrieved,) = talk.send("conversation.item.retrieve", item_id=item["id"]).hear()
    (part,) = retrieved["item"]["content"]
    assert len(base64.b64decode(part["audio"])) == 150 * 48
    assert not part.get("transcript")


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"item_id": "nobody"}, "item_truncate_invalid_item_id", "item_id"),
        ({"item_id": "mine"}, "invalid_value", "item_id"),
        ({"content_index": 1}, "invalid_value", "content_index"),
        ({"audio_end_ms": 60_000}, "invalid_value", "audio_end_ms"),
        ({"audio_end_ms": -1}, "integer_below_min_value", "audio_end_ms"),
    ],
)
def test_an_impossible_truncation_is_refused(talk, change, code, param):
    item = spoken_answer(talk)
    create(talk, message(id="mine")).hear()
    fields = {"item_id": item["id"], "content_index": 0, "audio_end_ms": 100} | change
    error = talk.send("conversation.item.truncate", **fields).refused()
    assert (error["code"], error["param"]) == (code, param)
