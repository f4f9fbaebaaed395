"""How likely the words of a transcription are: told where it was asked for, as logarithms of probabilities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.engine.settings import shown_after, steady_setting
from conformance.trace.frames import listing, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.views import View

rules = Chapter("transcription")

DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
INCLUDED = "item.input_audio_transcription.logprobs"
#: The transcribers that are documented to tell them.
TELLING = re.compile(r"gpt-4o(-mini)?-transcribe(-\d{4}-\d{2}-\d{2})?")
#: A probability of one may be rounded to a hair above nought.
ROUNDED = 1e-6


@rules.should(
    "transcription.logprobs-come-when-asked-for",
    about={COMPLETED},
    covers=("TRX-08",),
    spec=GUIDE + "realtime-transcription",
    relaxed="Only of the models that are documented to tell them, and only while the session shows the wish.",
)
def logprobs_come_when_asked_for(view: View) -> Judged:
    """A session that includes the log probabilities of its transcriptions gets them, with a delta or at the end."""
    streamed = {frame.text("item_id") for frame in view.server(DELTA) if frame.event.get("logprobs")}
    for frame in view.server(COMPLETED):
        if not frame.whole or not (frame.text("transcript") or "").strip() or not _wished(view, frame):
            continue
        if frame.event.get("logprobs") or frame.text("item_id") in streamed:
            yield HELD
        else:
            message = f"The transcription of {frame.text('item_id')} comes without the log probabilities."
            yield Finding(frame.index, message, "logprobs", "none", "/logprobs")


def _wished(view: View, completed: Frame) -> bool:
    """Return whether the audio was committed while the session showed the wish, by a model that can fulfil it."""
    item = completed.text("item_id")
    committed = next(
        (each.index for each in view.server("input_audio_buffer.committed") if each.text("item_id") == item), None
    )
    if committed is None:
        return False
    following = shown_after(view, committed)
    if following is not None and following[0] < completed.index:
        return False
    model = mapping(steady_setting(view, committed, "transcription")).get("model")
    wish = steady_setting(view, committed, "include")
    return INCLUDED in listing(wish) and isinstance(model, str) and TELLING.fullmatch(model) is not None


@rules.should(
    "transcription.logprobs-are-no-more-than-zero",
    about={DELTA, COMPLETED},
    covers=("TRX-08",),
    spec=SERVER_EVENTS + "conversation/item/input_audio_transcription/completed",
)
def logprobs_are_no_more_than_zero(view: View) -> Judged:
    """The logarithm of a probability is at most 0."""
    for frame in view.server(DELTA, COMPLETED):
        told = list(_told(frame))
        wrong = next((place for place, value in told if value > ROUNDED), None)
        if wrong is not None:
            path = f"/logprobs/{wrong}/logprob"
            yield Finding(frame.index, "A probability is more than one.", "at most 0", str(dict(told)[wrong]), path)
        elif told:
            yield HELD


def _told(frame: Frame) -> Iterator[tuple[int, float]]:
    for place, each in enumerate(listing(frame.event.get("logprobs"))):
        value: Any = mapping(each).get("logprob")
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield place, value
