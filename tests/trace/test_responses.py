from conformance.contract.dialects import DIALECTS
from conformance.trace.spans import spans
from conformance.trace.trace import Direction, Entry, Trace
from conformance.trace.views import View

AT = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}


def view(*lines, dialect="ga"):
    """A view of (type, fields) lines; a leading `>` marks what the client said, flags begin with `_`."""
    spoken, entries = DIALECTS[dialect], []
    for kind, fields in lines:
        flags = {key[1:]: fields[key] for key in fields if key.startswith("_")}
        event = {
            "type": spoken.wire_name(kind.lstrip(">")),
            **{k: v for k, v in fields.items() if not k.startswith("_")},
        }
        side = Direction.CLIENT if kind.startswith(">") else Direction.SERVER
        entries.append(Entry(len(entries), side, event=event, **flags))
    return View(Trace(tuple(entries), dialect), spoken)


def created(name="r", **fields):
    return "response.created", {"response": {"id": name, **fields}}


def done(name="r", status="completed", **fields):
    return "response.done", {"response": {"id": name, "status": status, **fields}}


def added(name="i", response="r", index=0, kind="message"):
    return "response.output_item.added", {
        "response_id": response,
        "output_index": index,
        "item": {"id": name, "type": kind},
    }


def text(delta, **fields):
    return "response.output_text.delta", {**AT, "delta": delta, **fields}


def finished(whole):
    return "response.output_text.done", {**AT, "text": whole}


def test_events_are_sorted_by_response_item_part_and_stream():
    seen = view(created(), added(), text("Hel"), text("lo"), finished("Hello"), done())

    (response,) = seen.responses
    stream = response.items["i"].parts[0].streams["output_text"]
    assert (stream.joined, stream.final) == ("Hello", "Hello")
    assert (response.first, response.last, response.status) == (0, 5, "completed")


def test_both_revisions_are_sorted_alike():
    ga, beta = (view(created(), added(), text("x"), done(), dialect=name) for name in ("ga", "beta"))

    assert [list(each.responses[0].items["i"].parts[0].streams) for each in (ga, beta)] == [["output_text"]] * 2


def test_a_delta_after_the_end_is_no_part_of_the_whole():
    seen = view(created(), added(), text("Hello"), finished("Hello"), text("!"), done())

    assert seen.responses[0].items["i"].parts[0].streams["output_text"].joined == "Hello"


def test_a_shortened_delta_makes_the_whole_unknown():
    seen = view(created(), added(), text("He", _elided=True), text("llo"))

    assert seen.responses[0].items["i"].parts[0].streams["output_text"].joined is None


def test_an_id_that_is_created_again_after_its_end_is_another_response():
    seen = view(created(), done(), created(), added(), done(status="failed"))

    assert [(each.first, each.last, each.status, list(each.items)) for each in seen.responses] == [
        (0, 1, "completed", []),
        (2, 4, "failed", ["i"]),
    ]


def test_a_response_that_never_ends_is_open_and_lasts_to_its_last_mention():
    (response,) = view(created(), added(), ("rate_limits.updated", {})).responses

    assert (response.open, response.last, response.final, response.status) == (True, 1, {}, "")


def test_a_shortened_object_tells_its_status_and_nothing_else():
    kind, fields = done(output=[{"id": "i"}])
    (response,) = view(created(), (kind, {**fields, "_elided": True})).responses

    assert (response.status, response.final, response.outputs) == ("completed", {}, [])


def test_a_gap_while_it_ran_marks_the_response_and_no_other():
    kind, fields = text("x")
    seen = view(created("q"), done("q"), created(), (kind, {**fields, "_gap": True}), done(), created("s"), done("s"))

    assert [each.gapped for each in seen.responses] == [False, True, False]


def test_a_response_is_attributed_to_the_create_it_answers():
    ask = (">response.create", {"response": {"metadata": {"k": "v"}}})
    seen = view((">response.create", {}), created("a"), done("a"), ask, created("b"))

    assert [each.asked for each in seen.responses] == [{}, {"metadata": {"k": "v"}}]


def test_nothing_is_attributed_once_speech_was_detected():
    seen = view((">response.create", {}), ("input_audio_buffer.speech_started", {"item_id": "s"}), created())

    assert seen.responses[0].cause is None


def test_a_response_without_a_conversation_is_out_of_band():
    assert view(created(conversation_id=None)).responses[0].out_of_band
    assert view((">response.create", {"response": {"conversation": "none"}}), created()).responses[0].out_of_band
    assert not view(created(conversation_id="c")).responses[0].out_of_band
    assert not view(created()).responses[0].out_of_band


def test_a_response_that_nobody_can_attribute_and_that_shows_no_conversation_may_be_out_of_band():
    spoken = ("input_audio_buffer.speech_started", {"item_id": "s"})
    outside = (">response.create", {"response": {"conversation": "none"}})
    joined = ("conversation.item.added", {"item": {"id": "i"}})

    assert view(spoken, outside, created(), added(), done()).responses[0].out_of_band
    assert not view(spoken, outside, created(), added(), joined, done()).responses[0].out_of_band
    assert not view(spoken, outside, created(conversation_id="c"), added(), done()).responses[0].out_of_band


def test_arguments_are_a_stream_of_the_item_and_not_of_a_part():
    call = {"response_id": "r", "item_id": "c", "output_index": 0}
    seen = view(
        created(), added("c", kind="function_call"), ("response.function_call_arguments.delta", {**call, "delta": "{}"})
    )

    item = seen.responses[0].items["c"]
    assert (item.kind, item.parts, item.arguments.joined) == ("function_call", {}, "{}")


def test_spans_know_where_the_spans_around_them_ended():
    seen = view(
        created(),
        added(),
        text("x"),
        finished("x"),
        ("response.output_item.done", {"response_id": "r", "item": {"id": "i"}}),
    )

    (stream,) = spans(seen, "output_text")
    assert (stream.limit, stream.closer.index, stream.rooted, stream.opened) == (4, 3, True, True)


def test_a_span_of_an_item_that_was_never_added_has_no_root():
    (part,) = spans(view(created(), text("x")), "content part")

    assert not part.rooted


def test_events_without_usable_ids_belong_to_no_response():
    seen = view(
        ("response.created", {"response": {"id": ["r"]}}),
        ("response.done", {}),
        ("response.output_text.delta", {"response_id": 7}),
    )

    assert seen.responses == ()
