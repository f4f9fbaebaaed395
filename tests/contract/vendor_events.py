"""What vendors send for one text turn, as their source builds it: the conversations behind the bundled profiles."""

from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake, Trace

TEXT = "Good morning."
PLACE = {"response_id": "resp_1", "item_id": "item_2", "output_index": 0, "content_index": 0}
ASKED = {"id": "item_1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}


def conversation(dialect, *told):
    """Return the trace of (direction, event) pairs."""
    entries = tuple(Entry(n, direction, n / 10, event) for n, (direction, event) in enumerate(told))
    handshake = Handshake("wss://x/v1/realtime?model=m", status=101)
    return Trace(entries, dialect, handshake, End(EndKind.CLOSED, Direction.CLIENT, 1000))


def client(kind, **fields):
    return Direction.CLIENT, {"type": kind, "event_id": f"mine_{kind}", **fields}


def server(kind, **fields):
    return Direction.SERVER, {"type": kind, **fields}


def numbered(told):
    """Return what was told, each event of the server with an id of its own."""
    return tuple(
        (direction, {"event_id": f"event_{n}", **event} if direction is Direction.SERVER else event)
        for n, (direction, event) in enumerate(told)
    )


def speaches(*after):
    """src/speaches/types/realtime.py, realtime/response_event_router.py"""
    session = {
        "id": "sess_1", "input_audio_format": "pcm16", "output_audio_format": "pcm16", "instructions": "Talk.",
        "input_audio_transcription": {"model": "whisper"}, "max_response_output_tokens": "inf", "modalities": ["text"],
        "model": "m", "temperature": 0.8, "tool_choice": "auto", "tools": [], "voice": "af_heart",
        "turn_detection": {"type": "server_vad", "create_response": True, "threshold": 0.6,
                           "prefix_padding_ms": 300, "silence_duration_ms": 350},
    }  # fmt: skip
    asked = {**ASKED, "object": "realtime.item", "status": "completed"}
    item = {"id": "item_2", "object": "realtime.item", "type": "message", "role": "assistant"}
    empty = {**item, "status": "incomplete", "content": []}
    full = {**item, "status": "completed", "content": [{"type": "text", "text": TEXT}]}
    response = {"id": "resp_1", "object": "realtime.response", "modalities": ["text"]}
    told = (
        server("session.created", session=session),
        client("conversation.item.create", item=ASKED),
        server("conversation.item.created", item=asked, previous_item_id=None),
        client("response.create"),
        server("response.created", response={**response, "status": "incomplete", "output": []}),
        server("response.output_item.added", response_id="resp_1", output_index=0, item=empty),
        server("conversation.item.created", item=empty, previous_item_id="item_1"),
        server("response.content_part.added", part={"type": "text", "text": ""}, **PLACE),
        server("response.text.delta", delta=TEXT, **PLACE),
        server("response.text.done", text=TEXT, **PLACE),
        server("response.content_part.done", part={"type": "text", "text": TEXT}, **PLACE),
        server("response.output_item.done", response_id="resp_1", output_index=0, item=full),
        server("response.done", response={**response, "status": "completed", "output": [full]}),
    )
    return conversation("beta", *numbered((*told, *after)))


def localai(*after):
    """core/http/endpoints/openai/realtime.go, types/server_events.go; event ids stand where LocalAI sends any."""
    session = {"id": "sess_1", "object": "realtime.session", "type": "realtime", "model": "m", "instructions": "Talk."}
    part = {"type": "output_audio", "transcript": TEXT}
    item = {"id": "item_2", "type": "message", "role": "assistant", "content": [part]}
    begun, done = {**item, "status": "in_progress"}, {**item, "status": "completed"}
    response = {"id": "resp_1", "object": "realtime.response"}
    usage = {"total_tokens": 12, "input_tokens": 8, "output_tokens": 4}
    told = (
        server("session.created", event_id="event_TODO", session=session),
        client("session.update", session={"output_modalities": ["text"]}),
        server("session.updated", event_id="event_TODO", session={**session, "output_modalities": ["text"]}),
        client("conversation.item.create", item=ASKED),
        server("conversation.item.added", event_id="mine_conversation.item.create", item=ASKED),
        client("response.create"),
        server("response.created", response={**response, "status": "in_progress"}),
        server("response.output_item.added", response_id="resp_1", output_index=0, item=begun),
        server("response.content_part.added", part=part, **PLACE),
        server("response.output_text.delta", delta=TEXT, **PLACE),
        server("response.output_text.done", text=TEXT, **PLACE),
        server("response.content_part.done", part=part, **PLACE),
        server("response.output_item.done", response_id="resp_1", output_index=0, item=done),
        server("response.done", response={**response, "status": "completed", "output": [done], "usage": usage}),
        client("response.cancel"),
        client("session.update", session={"type": "realtime", "instructions": "Talk."}),
        server("session.updated", event_id="event_TODO", session={**session, "output_modalities": ["text"]}),
    )
    return conversation("ga", *told, *after)


def speech_to_speech(*after):
    """src/speech_to_speech/api/openai_realtime/(service.py and handlers)"""
    sound = {"type": "audio/pcm", "rate": 24000}
    heard = {"format": sound, "turn_detection": {"type": "server_vad", "interrupt_response": True}}
    session = {
        "type": "realtime", "id": "sess_1", "object": "realtime.session", "model": "m", "instructions": "Talk.",
        "output_modalities": ["audio"], "tools": [], "tool_choice": "auto",
        "audio": {"input": heard, "output": {"voice": "v", "format": sound}},
    }  # fmt: skip
    item = {"id": "item_2", "object": "realtime.item", "type": "message", "role": "assistant"}
    part = {"type": "output_audio", "transcript": TEXT}
    full = {**item, "status": "completed", "content": [part]}
    response = {
        "id": "resp_1", "object": "realtime.response", "status_details": None, "conversation_id": "conv_1",
        "metadata": None, "output_modalities": ["audio"], "audio": {"output": {"voice": "v"}}, "output": [],
    }  # fmt: skip
    usage = {
        "total_tokens": 12, "input_tokens": 8, "output_tokens": 4,
        "input_token_details": {"audio_tokens": 0, "cached_tokens": 0, "image_tokens": 0, "text_tokens": 8},
        "output_token_details": {"audio_tokens": 0, "text_tokens": 4},
    }  # fmt: skip
    ended = {**response, "status": "completed", "status_details": {"type": "completed"}, "output": [full]}
    empty = {**item, "status": "in_progress", "content": []}
    told = (
        server("session.created", session=session),
        client("conversation.item.create", item=ASKED),
        server("conversation.item.created", previous_item_id=None, item=ASKED),
        client("response.create"),
        server("response.created", response={**response, "status": "in_progress"}),
        server("response.output_item.added", response_id="resp_1", output_index=0, item=empty),
        server("response.content_part.added", part={"type": "audio", "transcript": ""}, **PLACE),
        server("response.output_audio.delta", delta="AAAAAAAA", **PLACE),
        server("response.output_audio_transcript.delta", delta=TEXT, **PLACE),
        server("response.output_audio.done", **PLACE),
        server("response.output_audio_transcript.done", transcript=TEXT, **PLACE),
        server("response.content_part.done", part={"type": "audio", "transcript": TEXT}, **PLACE),
        server("response.output_item.done", response_id="resp_1", output_index=0, item=full),
        server("response.done", response={**ended, "usage": usage}),
    )
    return conversation("ga", *numbered((*told, *after)))
