"""`openai-agents`: a RealtimeRunner and its session, whose types are strict."""

# ruff: noqa: E402 - the client is looked for before it is imported

import asyncio
import wave
from pathlib import Path

import pytest

from conformance.reference.session.pace import Pace

pytestmark = pytest.mark.clients
pytest.importorskip("agents.realtime", reason="needs openai-agents: run tox -e clients")
from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner

KEY = "sk-reference-key"
QUESTION = Path(__file__).parents[2] / "fixtures" / "audio" / "question.wav"
QUIET = bytes(48_000 * 3 // 2)


async def until(events, session, kind, fits=lambda _event: True):
    """Take events of the session up to one of *kind*."""
    async for event in session:
        events.append(event)
        if event.type == "error":
            raise AssertionError(event.error)
        if event.type == kind and fits(event):
            return event
    raise AssertionError(f"{kind} never came")


def raw(kind):
    """Match a server event by its type."""
    return lambda event: event.data.type == "raw_server_event" and event.data.data["type"] == kind


async def speak(session, clip):
    with wave.open(str(clip)) as file:
        sound = file.readframes(10**7) + QUIET
    for at in range(0, len(sound), 9600):
        await session.send_audio(sound[at : at + 9600])


def said(history):
    """Return who said what, as the client shows it."""
    return [(item.role, part.transcript) for item in history if item.type == "message" for part in item.content]


def has_the_question(event):
    """Whether the history holds the transcription of the question, which may come after everything else."""
    return event.type == "history_updated" and ("user", "What is the capital of France?") in said(event.history)


def held(serve, talk, tools=(), **options):
    async def hold(url):
        agent = RealtimeAgent(name="Guide", instructions="Be brief.", tools=list(tools))
        settings = {
            "model_name": "gpt-realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad"}, "transcription": {"model": "whisper-1"}}},
        }
        runner = RealtimeRunner(agent, config={"model_settings": settings})
        config = {"api_key": KEY, "url": f"{url}?model=gpt-realtime"}
        async with asyncio.timeout(20), await runner.run(model_config=config) as session:
            return await talk(session)

    with serve(**options) as url:
        return asyncio.run(hold(url))


@pytest.mark.parametrize("quirks", ["", "real-openai-2026-09"])
def test_a_spoken_question_is_answered_by_a_tool(serve, quirks):
    asked = []

    @function_tool
    def get_capital(country: str) -> str:
        """Tell the capital of a country."""
        asked.append(country)
        return "Paris"

    async def talk(session):
        events = []
        await speak(session, QUESTION)
        await until(events, session, "raw_model_event", raw("response.done"))
        await until(events, session, "raw_model_event", raw("response.done"))
        if not any(map(has_the_question, events)):
            await until(events, session, "history_updated", has_the_question)
        return events, [event.history for event in events if event.type == "history_updated"][-1]

    events, history = held(serve, talk, [get_capital], quirks=quirks)

    assert len(asked) == 1
    assert sum(len(event.audio.data) for event in events if event.type == "audio") >= 4800
    assert any(role == "assistant" and "Paris" in text for role, text in said(history) if text)


def test_the_user_interrupts(serve):
    async def talk(session):
        events = []
        await session.send_message("Count from 1 to 200")
        await until(events, session, "audio")
        await speak(session, QUESTION)
        interrupted = await until(events, session, "audio_interrupted")
        done = await until(events, session, "raw_model_event", raw("response.done"))
        await until(events, session, "raw_model_event", raw("conversation.item.truncated"))
        answered = await until(events, session, "raw_model_event", raw("response.done"))
        return interrupted, done.data.data["response"], answered.data.data["response"]

    interrupted, done, answered = held(serve, talk, pace=Pace.FAST)

    assert interrupted.item_id == done["output"][0]["id"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")
    assert answered["status"] == "completed"
