from __future__ import annotations

import base64
import json

import pytest

from conformance.reference.session.pace import Pace

LONG = "Count from 1 to 100"


def tool(name="get_weather", **properties):
    properties = properties or {"city": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "name": name, "description": "", "parameters": schema}


def done(events):
    return [event["response"] for event in events if event["type"] == "response.done"]


def adds_up(usage):
    given, produced = usage["input_token_details"], usage["output_token_details"]
    return (
        usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        and usage["input_tokens"] == given["text_tokens"] + given["audio_tokens"] + given["image_tokens"]
        and usage["output_tokens"] == produced["text_tokens"] + produced["audio_tokens"]
        and given["cached_tokens"] == sum(given["cached_tokens_details"].values())
        and all(given["cached_tokens_details"][kind] <= given[kind] for kind in given["cached_tokens_details"])
    )


def test_a_text_answer_streams_in_the_order_of_the_wire(talk):
    events = talk.turn("Say exactly: one two three", modalities="text")
    ga = talk.dialect.name == "ga"
    limits = ["rate_limits.updated"]
    done_item = ["conversation.item.done"] * ga
    assert talk.kinds(events) == [
        "conversation.item.added",
        *done_item,
        "response.created",
        *([] if ga else limits),
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        *done_item,
        "response.output_item.done",
        "response.done",
        *(limits if ga else []),
    ]
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert len(deltas) == 3
    assert "".join(deltas) == "one two three" == talk.only(events, "response.output_text.done")["text"]


def test_a_spoken_answer_streams_sound_and_transcript(talk):
    events = talk.turn("Say exactly: one two three")
    sound = [base64.b64decode(event["delta"]) for event in events if event["type"] == "response.output_audio.delta"]
    assert len(sound) > 3
    assert all(len(piece) % 2 == 0 and piece for piece in sound)
    assert talk.only(events, "response.output_audio_transcript.done")["transcript"] == "one two three"
    (response,) = done(events)
    milliseconds = sum(map(len, sound)) // 48
    assert response["usage"]["output_token_details"]["audio_tokens"] == milliseconds // 50
    names = [event["type"] for event in events]
    assert names.index("response.output_audio.done") < names.index("response.output_audio_transcript.done")


@pytest.mark.parametrize("name", ["g711_ulaw", "g711_alaw"])
def test_the_sound_has_the_format_of_the_session(talk, name):
    talk.update(output_format=name)
    events = talk.turn("Say exactly: one")
    sound = b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta")
    assert len(sound) == 100 * 8


def test_a_created_response_has_nothing_yet(talk):
    response = talk.only(talk.turn("Hello", metadata={"a": "b"}), "response.created")["response"]
    assert response["status"] == "in_progress"
    assert (response["output"], response["usage"], response["status_details"]) == ([], None, None)
    assert response["metadata"] == {"a": "b"}


def test_the_standing_instructions_ask_for_nothing(talk):
    (response,) = done(talk.respond(modalities="text").hear())
    assert response["output"][0]["content"][0]["text"] == "Hello! How can I help you today?"


def test_a_forced_tool_is_called_with_fitting_arguments(talk):
    talk.update(tools=[tool("other"), tool()], tool_choice={"type": "function", "name": "get_weather"})
    events = talk.turn("How is it in Paris?")
    deltas = [event["delta"] for event in events if event["type"] == "response.function_call_arguments.delta"]
    finished = talk.only(events, "response.function_call_arguments.done")
    assert len(deltas) > 1
    assert "".join(deltas) == finished["arguments"]
    assert json.loads(finished["arguments"]) == {"city": "Paris"}
    assert not [event for event in events if event["type"].startswith("response.content_part")]
    (response,) = done(events)
    assert response["output"][0]["type"] == "function_call"
    assert response["output"][0]["call_id"] == finished["call_id"]


def test_a_tools_output_is_told_and_not_asked_for_again(talk):
    talk.update(tools=[tool()])
    events = talk.turn("What is the weather in London?")
    call = talk.only(events, "response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "foggy"}
    talk.send("conversation.item.create", item=output).respond(modalities="text")
    events = talk.hear()
    assert talk.only(events, "response.output_text.done")["text"] == "The tool says: foggy"
    shown = events[0]["item"]
    assert ("status" in shown, "role" in shown) == (False, False)


def test_two_tools_are_called_when_two_are_asked_for(talk):
    talk.update(tools=[tool("alpha"), tool("beta_tool")])
    (response,) = done(talk.turn("Call beta_tool and alpha"))
    assert [item["name"] for item in response["output"]] == ["beta_tool", "alpha"]


def test_no_tool_is_called_when_none_may_be(talk):
    talk.update(tools=[tool()])
    (response,) = done(talk.turn("What is the weather in London?", tool_choice="none"))
    assert response["output"][0]["type"] == "message"


def test_overrides_hold_for_one_response(talk):
    talk.turn("Hello", modalities="text", max_output_tokens=100)
    (response,) = done(talk.turn("Hello"))
    assert response["max_output_tokens"] == "inf"
    assert sorted(talk.dialect.response_setting(response, "modalities")) in (["audio"], ["audio", "text"])


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_the_limit_of_tokens_ends_an_answer_incomplete(talk, limit):
    events = talk.turn(LONG, max_output_tokens=limit, modalities="text")
    (response,) = done(events)
    assert (response["status"], response["output"][0]["status"]) == ("incomplete", "incomplete")
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert response["usage"]["output_tokens"] == limit
    assert "response.output_item.done" in talk.kinds(events)


def test_a_second_response_is_refused_while_one_runs_and_the_first_goes_on(talk):
    talk.say(LONG).respond(modalities="text")
    talk.hear_until("response.output_text.delta")
    talk.send("response.create", event_id="late")
    events = talk.hear()
    error = talk.only(events, "error")["error"]
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "late")
    assert [response["status"] for response in done(events)] == ["completed"]


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_a_cancelled_response_closes_what_it_opened(talk, modality):
    talk.say(LONG).respond(modalities=modality)
    before = talk.hear_until("response.content_part.added") + talk.hear(9)
    after = talk.send("response.cancel").hear()
    ga = talk.dialect.name == "ga"
    stream = ["text"] if modality == "text" else ["audio", "audio_transcript"]
    assert talk.kinds(after) == [
        *(f"response.output_{kind}.done" for kind in stream),
        "response.content_part.done",
        *["conversation.item.done"] * ga,
        "response.output_item.done",
        "response.done",
        *["rate_limits.updated"] * ga,
    ]
    (response,) = done(after)
    assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert response["output"][0]["status"] == "incomplete"
    kind, key = ("output_text", "text") if modality == "text" else ("output_audio_transcript", "transcript")
    said = "".join(event["delta"] for event in before if event["type"] == f"response.{kind}.delta")
    assert said == response["output"][0]["content"][0][key]
    assert adds_up(response["usage"])
    assert talk.kinds(talk.turn("Hello"))[-1] in ("response.done", "rate_limits.updated")


def test_a_response_can_be_cancelled_between_any_two_events(new_talk):
    whole = len(new_talk().turn("Hello"))
    for heard in range(2, whole):
        talk = new_talk()
        talk.say("Hello").respond()
        before = talk.hear(heard)
        after = talk.send("response.cancel").hear()
        names = [event["type"] for event in before + after if event["type"] != "error"]
        assert names.count("response.done") == 1
        for closed, opened in (
            ("response.content_part.done", "response.content_part.added"),
            ("response.output_item.done", "response.output_item.added"),
        ):
            assert names.count(closed) == names.count(opened)
        last = done(before + after)[0]
        assert adds_up(last["usage"])


def test_a_response_cancelled_before_its_first_output_costs_nothing(new_talk):
    talk = new_talk(pace=Pace.REALTIME)
    talk.say("Hello").respond()
    talk.hear_until("response.created")
    (response,) = done(talk.send("response.cancel").hear())
    assert response["output"] == []
    assert response["usage"]["total_tokens"] == 0


def test_nothing_to_cancel_is_an_error(talk):
    assert talk.send("response.cancel").refused()["code"] == "response_cancel_not_active"
    assert talk.send("response.cancel", response_id="resp_none").refused()["code"] == "response_cancel_not_active"


@pytest.mark.parametrize("how", [{"metadata": {"reference": "fail"}}, {"instructions": "Please fail."}])
def test_a_failure_is_told_by_the_response(talk, how):
    (response,) = done(talk.turn("Hello", **how))
    assert (response["status"], response["output"]) == ("failed", [])
    assert response["status_details"]["type"] == "failed"
    assert response["status_details"]["error"]["code"] == "server_error"
    assert adds_up(response["usage"])


def test_an_answer_out_of_band_leaves_the_conversation_alone(talk):
    events = talk.respond(
        conversation="none",
        modalities="text",
        metadata={"topic": "side"},
        input=[
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Say exactly: side"}],
            }
        ],
    ).hear()
    assert not [event for event in events if event["type"].startswith("conversation.item")]
    (response,) = done(events)
    assert response["conversation_id"] is None
    assert response["output"][0]["content"][0]["text"] == "side"
    assert talk.line.endpoint._conversation.items == []


def test_answers_out_of_band_may_overlap_with_the_conversations_own(talk):
    talk.say(LONG).respond(modalities="text")
    talk.respond(conversation="none", modalities="text")
    events = talk.hear()
    assert [response["status"] for response in done(events)] == ["completed", "completed"]
    assert not [event for event in events if event["type"] == "error"]


def test_an_item_can_be_given_by_reference(talk):
    item = talk.say("Say exactly: by reference").hear()[0]["item"]
    reference = [{"type": "item_reference", "id": item["id"]}]
    events = talk.respond(conversation="none", modalities="text", input=reference).hear()
    assert talk.only(events, "response.output_text.done")["text"] == "by reference"
    assert talk.respond(conversation="none", input=[{"type": "item_reference", "id": "no"}]).refused()


def test_usage_adds_up_grows_and_is_cached_in_blocks(talk):
    usages = [done(talk.turn("Tell me something that is rather long " * 5))[0]["usage"] for _ in range(4)]
    assert all(map(adds_up, usages))
    inputs = [usage["input_tokens"] for usage in usages]
    assert inputs == sorted(set(inputs))
    cached = [usage["input_token_details"]["cached_tokens"] for usage in usages]
    assert cached[0] == 0
    assert all(count > 0 and count % 64 == 0 for count in cached[1:])
    assert all(count <= before for count, before in zip(cached[1:], inputs, strict=False))


def test_a_real_pace_speaks_as_long_as_its_sound(new_talk):
    talk = new_talk(pace=Pace.REALTIME)
    silence = 2 * 30  # waited in vain, after the session began and after the answer
    talk.turn("Say exactly: one two three four five six seven eight nine ten")
    assert 1.2 < talk.line.clock.now - silence < 1.5
