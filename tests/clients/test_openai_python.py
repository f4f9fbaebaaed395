"""The official Python client holds conversations with the reference endpoint, in both dialects."""

import asyncio
import base64
from importlib.util import find_spec

import pytest

from conformance.reference.server.server import Server

pytestmark = pytest.mark.skipif(not find_spec("openai"), reason="the official client is a development dependency")

KEY = "sk-reference-key"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Look up the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def connect(client, dialect):
    realtime = client.realtime if dialect == "ga" else client.beta.realtime
    return realtime.connect(model="gpt-realtime")


def session(dialect, **settings):
    modalities = {"ga": {"type": "realtime", "output_modalities": ["text"]}, "beta": {"modalities": ["text"]}}
    return {**modalities[dialect], **settings}


def held(dialect, talk):
    """Serve, connect with the official client, and let *talk* have the conversation."""
    import openai

    async def hold():
        async with Server(tokens=(KEY,)) as server:
            # The beta namespace would turn an http base URL into wss.
            base = server.url.removesuffix("/realtime")
            async with (
                openai.AsyncOpenAI(api_key=KEY, websocket_base_url=base) as client,
                connect(client, dialect) as line,
                asyncio.timeout(10),
            ):
                return await talk(line)

    return asyncio.run(hold())


async def until(line, kind):
    seen = []
    async for event in line:
        seen.append(event)
        if event.type == kind:
            return seen
    raise AssertionError(f"{kind} never came")


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_client_holds_a_text_turn(dialect):
    async def talk(line):
        await until(line, "session.created")
        await line.session.update(session=session(dialect))
        await until(line, "session.updated")
        content = [{"type": "input_text", "text": "Say hello."}]
        await line.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await line.response.create()
        return await until(line, "response.done")

    events = held(dialect, talk)

    kind = "response.output_text" if dialect == "ga" else "response.text"
    deltas = "".join(event.delta for event in events if event.type == f"{kind}.delta")
    (done,) = [event for event in events if event.type == f"{kind}.done"]
    assert deltas == done.text != ""
    assert events[-1].response.status == "completed"
    assert events[-1].response.usage.total_tokens > 0


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_client_holds_a_tool_turn(dialect):
    async def talk(line):
        await line.session.update(session=session(dialect, tools=[WEATHER], tool_choice="required"))
        await line.response.create()
        called = await until(line, "response.done")
        (call,) = called[-1].response.output
        output = {"type": "function_call_output", "call_id": call.call_id, "output": "12 degrees"}
        await line.conversation.item.create(item=output)
        await line.response.create(response={"tool_choice": "none"})
        return call, await until(line, "response.done")

    call, answered = held(dialect, talk)

    assert (call.type, call.name) == ("function_call", "get_weather")
    assert "city" in call.arguments
    assert answered[-1].response.output[0].type == "message"


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_client_hears_of_its_errors(dialect):
    async def talk(line):
        await until(line, "session.created")
        await line.response.cancel(event_id="mine")
        return (await until(line, "error"))[-1]

    error = held(dialect, talk).error

    assert (error.code, error.event_id) == ("response_cancel_not_active", "mine")


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_client_hears_a_spoken_answer(dialect):
    async def talk(line):
        await line.response.create()
        return await until(line, "response.done")

    events = held(dialect, talk)

    kind = "response.output_audio.delta" if dialect == "ga" else "response.audio.delta"
    sound = b"".join(base64.b64decode(event.delta) for event in events if event.type == kind)
    assert len(sound) >= 4800
    assert events[-1].response.usage.output_token_details.audio_tokens > 0


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_client_cancels_a_response(dialect):
    async def talk(line):
        await line.response.create(response={"instructions": "Count from 1 to 200"})
        await until(line, "response.content_part.added")
        await line.response.cancel()
        return (await until(line, "response.done"))[-1].response

    response = held(dialect, talk)

    assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")
