"""`livekit-plugins-openai`: a RealtimeSession of the plugin, without a room."""

# ruff: noqa: E402 - the client is looked for before it is imported

import asyncio
import json
import wave
from pathlib import Path

import pytest

from conformance.reference.session.pace import Pace

pytestmark = pytest.mark.clients
pytest.importorskip("livekit.plugins.openai", reason="needs livekit-plugins-openai: run tox -e clients")
import aiohttp
from livekit import rtc
from livekit.agents import llm
from livekit.plugins.openai import realtime

KEY = "sk-reference-key"
QUESTION = Path(__file__).parents[2] / "fixtures" / "audio" / "question.wav"
RATE = 24_000


@llm.function_tool
async def get_weather(city: str) -> str:
    """Look up the weather."""
    return "12 degrees"


def held(serve, talk, settings=None, **options):
    """Connect with the plugin and let *talk* have the conversation; an error of the session fails it."""

    async def hold(url):
        async with asyncio.timeout(20), aiohttp.ClientSession() as http:
            model = realtime.RealtimeModel(
                base_url=url, api_key=KEY, http_session=http, model="gpt-realtime", **(settings or {})
            )
            session = model.session()
            errors = []
            session.on("error", errors.append)
            try:
                told = await talk(session)
            finally:
                await session.aclose()
                await model.aclose()
            assert errors == []
            return told

    with serve(**options) as url:
        return asyncio.run(hold(url))


async def spoken(generation):
    """Take everything that an answer says and calls."""
    words, sound, ids, calls = [], 0, [], []
    async for message in generation.message_stream:
        ids.append(message.message_id)
        words += [piece async for piece in message.text_stream]
        async for frame in message.audio_stream:
            sound += frame.samples_per_channel
    calls = [call async for call in generation.function_stream]
    return "".join(words), sound, ids, calls


def generations(session):
    """Make a queue of the answers that the server begins."""
    queue = asyncio.Queue()
    session.on("generation_created", queue.put_nowait)
    return queue


async def say(session, text):
    context = session.chat_ctx.copy()
    message = context.add_message(role="user", content=text)
    await session.update_chat_ctx(context)
    return message.id


def push(session, sound):
    for at in range(0, len(sound), RATE // 5):
        piece = sound[at : at + RATE // 5]
        session.push_audio(rtc.AudioFrame(piece, RATE, 1, len(piece) // 2))


def question():
    with wave.open(str(QUESTION)) as file:
        return file.readframes(10**7) + bytes(RATE * 2 * 2)


@pytest.mark.parametrize("quirks", ["", "real-openai-2026-09"])
def test_a_reply_is_generated_and_the_ids_of_items_are_kept(serve, quirks):
    async def talk(session):
        mine = await say(session, "Say exactly: Good morning.")
        generation = await session.generate_reply()
        return mine, generation.user_initiated, await spoken(generation), session.chat_ctx

    mine, user_initiated, (words, sound, ids, _), context = held(serve, talk, quirks=quirks)

    assert user_initiated
    assert words == "Good morning."
    assert sound >= 2400
    assert [item.id for item in context.items] == [mine, *ids]


def test_a_tool_is_called_and_its_output_is_used(serve):
    async def talk(session):
        await session.update_tools([get_weather])
        await say(session, "What is the weather in Rome?")
        *_, (call,) = await spoken(await session.generate_reply())
        context = session.chat_ctx.copy()
        context.insert(
            llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output="12 degrees", is_error=False)
        )
        await session.update_chat_ctx(context)
        return call, await spoken(await session.generate_reply())

    call, (words, *_) = held(serve, talk)

    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Rome"})
    assert "12 degrees" in words


def test_a_spoken_question_is_transcribed_and_answered(serve):
    async def talk(session):
        answers, heard = generations(session), asyncio.Queue()
        session.on("input_audio_transcription_completed", lambda said: said.is_final and heard.put_nowait(said))
        push(session, question())
        return (await heard.get()).transcript, await spoken(await answers.get())

    heard, (words, sound, *_) = held(serve, talk)

    assert heard == "What is the capital of France?"
    assert words
    assert sound >= 2400


def test_an_answer_is_interrupted_and_truncated(serve):
    async def talk(session):
        answers, events = generations(session), asyncio.Queue()
        session.on("openai_server_event_received", events.put_nowait)
        await say(session, "Count from 1 to 200")
        session.generate_reply()
        answer = await answers.get()
        message = await anext(aiter(answer.message_stream))
        await anext(aiter(message.audio_stream))
        push(session, question())
        while (event := await events.get())["type"] != "response.done":
            pass
        session.truncate(message_id=message.message_id, modalities=["audio"], audio_end_ms=50)
        while (truncated := await events.get())["type"] != "conversation.item.truncated":
            pass
        return event["response"], truncated, await spoken(await answers.get())

    response, truncated, (words, *_) = held(serve, talk, pace=Pace.FAST)

    assert (response["status"], response["status_details"]["reason"]) == ("cancelled", "turn_detected")
    assert (truncated["item_id"], truncated["audio_end_ms"]) == (response["output"][0]["id"], 50)
    assert words
