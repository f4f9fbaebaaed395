"""Sessions that translate: audio goes in, and sound and words come out, without a conversation and its turns."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.rules.engine.rule import HELD, TRANSLATION_SESSION, Chapter, Finding, Judged
from conformance.rules.engine.settings import asked_and_not_shown
from conformance.trace.output_audio import measured

if TYPE_CHECKING:
    from conformance.trace.views import View

rules = Chapter("translation")

RESOURCES = "https://developers.openai.com/api/reference/resources/realtime/"
CLIENT, SERVER = RESOURCES + "translation-client-events", RESOURCES + "translation-server-events"
CLOSE, CLOSED = "session.close", "session.closed"
SOURCE, WORDS, SOUND = "session.input_transcript.delta", "session.output_transcript.delta", "session.output_audio.delta"
STREAMS = (SOURCE, WORDS, SOUND)
#: What has no place in a session without turns.
CONVERSATIONAL = ("response.", "conversation.", "input_audio_buffer.")
#: Bytes of a sample.
SAMPLE = 2


@rules.must("translation.opens-a-session-that-translates", about=TRANSLATION_SESSION, covers=("TRL-01",), spec=SERVER)
def opens_a_session_that_translates(view: View) -> Judged:
    """A connection to the resource `translations` opens a session of type `translation`."""
    path = urlsplit(view.handshake.url).path if view.handshake is not None else ""
    if not path.rstrip("/").endswith("/translations"):
        return
    for frame in view.server("session.created")[:1]:
        kind = frame.part("session").get("type")
        if kind == "translation":
            yield HELD
        else:
            message = "A connection for translations opened another kind of session."
            yield Finding(frame.index, message, "translation", str(kind), "/session/type")


@rules.must("translation.has-no-conversation", about=TRANSLATION_SESSION, covers=("TRL-02",), spec=SERVER)
def has_no_conversation(view: View) -> Judged:
    """A session that translates has no items, no responses and no turns."""
    if not view.translation_session:
        return
    strays = [frame for frame in view.heard if frame.type.startswith(CONVERSATIONAL)]
    for frame in strays[:1]:
        yield Finding(frame.index, f"`{frame.type}` came in a session that translates.", "none", frame.type)
    if not strays and view.server(*STREAMS):
        yield HELD


@rules.must("translation.a-close-is-answered", about={CLOSE}, covers=("TRL-03",), spec=CLIENT)
def a_close_is_answered(view: View) -> Judged:
    """In a session that translates, `session.close` is answered by `session.closed` before the connection ends."""
    if not view.translation_session:
        return
    for exchange in view.exchanges_with(CLOSE):
        if exchange.answer is not None:
            yield HELD
        elif not exchange.refused and (view.ended_by_server or view.overdue(exchange.sent.index, CLOSED)):
            message = f"Nothing answered the `session.close` in entry {exchange.sent.index}."
            yield Finding(exchange.sent.index, message, CLOSED, "nothing")


@rules.must("translation.closed-comes-last", about={CLOSED}, covers=("TRL-03",), spec=SERVER)
def closed_comes_last(view: View) -> Judged:
    """Nothing follows `session.closed`."""
    for closed in view.server(CLOSED)[:1]:
        late = next((frame for frame in view.heard if frame.index > closed.index), None)
        if late is None:
            yield HELD
        else:
            message = f"`{late.type}` came after `session.closed` (entry {closed.index})."
            yield Finding(late.index, message, "nothing", late.type)


@rules.should("translation.time-does-not-run-back", about=set(STREAMS), covers=("TRL-04",), spec=SERVER)
def time_does_not_run_back(view: View) -> Judged:
    """In each stream of a translation, `elapsed_ms` never becomes less."""
    for kind in STREAMS:
        latest = None
        for frame in view.server(kind):
            now = frame.number("elapsed_ms")
            if now is None:
                continue
            if latest is not None and now < latest:
                message = f"The time of `{kind}` runs back."
                yield Finding(frame.index, message, f"at least {latest}", str(now), "/elapsed_ms")
                break
            if latest is not None:
                yield HELD
            latest = now


@rules.must("translation.audio-is-base64", about={SOUND}, covers=("TRL-05",), spec=SERVER)
def audio_is_base64(view: View) -> Judged:
    """The sound of a translation is base64, and makes whole samples of 16 bits."""
    total = 0
    for frame in view.server(SOUND):
        text = frame.text("delta")
        if not frame.whole or text is None:
            return
        size = measured(text)
        if size is None:
            yield Finding(frame.index, "A delta of sound is no base64.", "base64", repr(text[:40]), "/delta")
            return
        total += size
    last = next(iter(view.server(SOUND)[-1:]), None)
    if last is not None and total % SAMPLE and view.server(CLOSED):
        yield Finding(last.index, "The sound ends in the middle of a sample.", "an even number of bytes", str(total))
    elif total:
        yield HELD


@rules.must("translation.the-source-is-written-when-asked-for", about=set(STREAMS), covers=("TRL-06",), spec=SERVER)
def the_source_is_written_when_asked_for(view: View) -> Judged:
    """Without a configured transcription there is no transcript of what was said."""
    if not view.translation_session:
        return
    settings = [view.dialect.setting(session, "transcription") for _, session in view.sessions]
    settings += [setting for _, setting in asked_and_not_shown(view, "transcription")]
    configured = any(setting is not None for setting in settings)
    for frame in () if configured else view.server(SOURCE)[:1]:
        yield Finding(frame.index, "What was said is written down, and nobody asked for it.", "nothing", SOURCE)
    if not configured and not view.server(SOURCE) and view.server(WORDS, SOUND):
        yield HELD
