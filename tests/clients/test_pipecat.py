"""`pipecat-ai`: its OpenAIRealtimeLLMService in a pipeline with the usual aggregators."""

# ruff: noqa: E402 - the client is looked for before it is imported

import asyncio
import json
import wave
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from conformance.reference.session.pace import Pace

pytestmark = pytest.mark.clients
pytest.importorskip("pipecat.services.openai.realtime.llm", reason="needs pipecat-ai[openai]: run tox -e clients")
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames import frames
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner

KEY = "sk-reference-key"
QUESTION = Path(__file__).parents[2] / "fixtures" / "audio" / "question.wav"
RATE = 24_000
WEATHER = FunctionSchema("get_weather", "Look up the weather.", {"city": {"type": "string"}}, ["city"])


class Ear(FrameProcessor):
    """Keeps every frame that passes it, in both directions."""

    def __init__(self):
        super().__init__()
        self.frames = []
        self.news = asyncio.Event()

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        self.frames.append(frame)
        self.news.set()
        await self.push_frame(frame, direction)

    async def until(self, kind, after=0):
        """Wait for the first frame of *kind* after so many frames; gives the number of frames up to it."""
        while True:
            for at, frame in enumerate(self.frames[after:], after):
                if isinstance(frame, kind):
                    return at + 1
            self.news.clear()
            await self.news.wait()

    def all(self, kind):
        return [frame for frame in self.frames if isinstance(frame, kind)]


@asynccontextmanager
async def pipeline(url, service, context):
    """Run service and aggregators with an ear on each side."""
    before, after = Ear(), Ear()
    pair = LLMContextAggregatorPair(context)
    parts = Pipeline([pair.user(), before, service, after, pair.assistant()])
    params = PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE)
    worker = PipelineWorker(parts, cancel_on_idle_timeout=False, enable_rtvi=False, params=params)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _(*_):
        started.set()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await started.wait()
    try:
        yield worker, before, after
    finally:
        await worker.queue_frame(frames.EndFrame())
        await running


def held(serve, talk, messages, *, modalities=("audio",), tools=(), functions=None, **options):
    async def hold(url):
        heard = events.AudioConfiguration(
            input=events.AudioInput(
                transcription=events.InputAudioTranscription(model="whisper-1"),
                turn_detection=events.TurnDetection(silence_duration_ms=500),
            )
        )
        wanted = events.SessionProperties(audio=heard, output_modalities=list(modalities))
        settings = OpenAIRealtimeLLMService.Settings(model="gpt-realtime", session_properties=wanted)
        service = OpenAIRealtimeLLMService(api_key=KEY, base_url=url, settings=settings)
        for name, function in (functions or {}).items():
            service.register_function(name, function)
        context = LLMContext(messages, ToolsSchema(standard_tools=list(tools)))
        async with asyncio.timeout(25), pipeline(url, service, context) as (worker, before, after):
            told = await talk(worker, before, after)
            assert before.all(frames.ErrorFrame) == after.all(frames.ErrorFrame) == []
            return told, context.get_messages()

    with serve(**options) as url:
        return asyncio.run(hold(url))


def user(text):
    return [{"role": "user", "content": text}]


async def speak(worker):
    with wave.open(str(QUESTION)) as file:
        sound = file.readframes(10**7) + bytes(RATE * 2)
    for at in range(0, len(sound), RATE // 5):
        await worker.queue_frame(frames.InputAudioRawFrame(sound[at : at + RATE // 5], RATE, 1))


@pytest.mark.parametrize("quirks", ["", "real-openai-2026-09"])
def test_a_text_turn_ends_in_the_context(serve, quirks):
    async def talk(worker, _before, after):
        await worker.queue_frame(frames.LLMRunFrame())
        await after.until(frames.LLMFullResponseEndFrame)
        return "".join(frame.text for frame in after.all(frames.LLMTextFrame))

    said, _ = held(serve, talk, user("Say exactly: Good morning."), modalities=["text"], quirks=quirks)

    assert said == "Good morning."


def test_a_spoken_turn_is_heard_and_answered(serve):
    async def talk(worker, before, after):
        await worker.queue_frame(frames.LLMRunFrame())
        greeted = await after.until(frames.LLMFullResponseEndFrame)
        await speak(worker)
        await before.until(frames.TranscriptionFrame)
        await after.until(frames.TTSAudioRawFrame, greeted)
        await after.until(frames.LLMFullResponseEndFrame, greeted)
        return before.all(frames.TranscriptionFrame), after.all(frames.TTSAudioRawFrame)

    (heard, sound), messages = held(serve, talk, user("Say exactly: Good morning."))

    assert [frame.text for frame in heard] == ["What is the capital of France?"]
    assert sum(len(frame.audio) for frame in sound) >= 9600
    assert messages[0]["content"] == "Say exactly: Good morning."


def test_a_function_is_called_once_and_its_result_is_used(serve):
    called = []

    async def get_weather(params):
        called.append(params.arguments)
        await params.result_callback({"degrees": 12})

    async def talk(worker, _before, after):
        await worker.queue_frame(frames.LLMRunFrame())
        asked = await after.until(frames.FunctionCallResultFrame)
        await after.until(frames.TTSStoppedFrame, asked)
        return "".join(frame.text for frame in after.all(frames.TTSTextFrame))

    functions = {"get_weather": get_weather}
    said, _ = held(serve, talk, user("What is the weather in Rome?"), tools=[WEATHER], functions=functions)

    assert called == [{"city": "Rome"}]
    assert json.dumps({"degrees": 12}).strip("{}") in said


def test_the_user_interrupts(serve):
    async def talk(worker, before, after):
        await worker.queue_frame(frames.LLMRunFrame())
        begun = await after.until(frames.TTSAudioRawFrame)
        await speak(worker)
        await after.until(frames.InterruptionFrame, begun)
        stopped = await after.until(frames.LLMFullResponseEndFrame, begun)
        await before.until(frames.TranscriptionFrame)
        await after.until(frames.TTSAudioRawFrame, stopped)
        return len(after.all(frames.InterruptionFrame))

    interrupted, _ = held(serve, talk, user("Count from 1 to 200"), pace=Pace.FAST)

    assert interrupted >= 1
