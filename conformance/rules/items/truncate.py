"""What happens to the assistant's audio that is cut where the user stopped listening."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.rules.engine.overdue import overdue
from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.rules.items.delete_retrieve import TRUNCATE, answered_again, requests, retrieved
from conformance.trace.exchanges import Exchange, item_id_of
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.output_audio import Sound
from conformance.trace.views import View

rules = Chapter("items")

#: Milliseconds by which two ways to count the length of a sound may differ.
SLACK_MS = 50


def _sounds(view: View) -> dict[tuple[str, int | None], Sound]:
    return {(sound.stream.item_id, sound.stream.content_index): sound for sound in view.sounds}


@dataclass(frozen=True, slots=True)
class _Cut:
    """A truncation of a sound that was over; times in milliseconds."""

    exchange: Exchange
    name: str
    at: int
    length: int
    """Of the whole sound."""
    left: int
    """What earlier truncations had left of it, at least."""


def _cuts(view: View) -> Iterator[_Cut]:
    """Yield each truncation of a sound that was over."""
    if not view.client(TRUNCATE):
        return
    sounds = _sounds(view)
    left: dict[tuple[str, int | None], int] = {}
    for exchange, name, history in requests(view, TRUNCATE):
        part = name, exchange.sent.number("content_index")
        sound = sounds.get(part)
        cut = exchange.sent.number("audio_end_ms")
        if sound is None or not sound.sizes or sound.seconds is None or cut is None or name not in history.present:
            continue
        if not sound.response.open and sound.response.last < exchange.sent.index:
            length = round(sound.seconds * 1000)
            yield _Cut(exchange, name, cut, length, left.get(part, length))
            if not exchange.refused:
                left[part] = min(left.get(part, length), cut)


def _what_is_cut(frame: Frame) -> tuple[str, int | None, int | None] | None:
    """Return of which item and part how much is left, in milliseconds."""
    name = item_id_of(frame)
    return (name, frame.number("content_index"), frame.number("audio_end_ms")) if name is not None else None


@rules.must(
    "items.truncating-is-acknowledged",
    about={TRUNCATE},
    covers=("ITM-14",),
    spec=CLIENT_EVENTS + "conversation/item/truncate",
)
def truncating_is_acknowledged(view: View) -> Judged:
    """Cutting the assistant's audio within its length is answered by `conversation.item.truncated`, once."""
    yield from answered_again(view, TRUNCATE, _what_is_cut)
    late = {id(exchange) for exchange in overdue(view, TRUNCATE)}
    for cut in _cuts(view):
        exchange = cut.exchange
        if not 0 <= cut.at <= cut.left:
            continue
        if exchange.refused:
            error = exchange.refusals[0]
            code = string(error.part("error").get("code")) or "error"
            message = f"Cutting {cut.name} at {cut.at} ms of {cut.left} was refused."
            yield Finding(error.index, message, "conversation.item.truncated", code)
        elif exchange.answer is not None:
            yield HELD
        elif id(exchange) in late:
            message = f"Cutting {cut.name} at {cut.at} ms was not answered."
            yield Finding(exchange.sent.index, message, "conversation.item.truncated", "nothing")


@rules.must(
    "items.a-truncation-is-echoed",
    about={"conversation.item.truncated"},
    covers=("ITM-14",),
    spec=SERVER_EVENTS + "conversation/item/truncated",
)
def a_truncation_is_echoed(view: View) -> Judged:
    """`conversation.item.truncated` repeats the content index and the end that the client asked for."""
    for exchange, name, _ in requests(view, TRUNCATE):
        answer = exchange.answer
        if answer is None or not answer.whole:
            continue
        for field in ("content_index", "audio_end_ms"):
            asked, actual = exchange.sent.number(field), answer.number(field)
            if asked is None or actual is None:
                continue
            if asked == actual:
                yield HELD
            else:
                message = f"The truncation of {name} is acknowledged with another {field}."
                yield Finding(answer.index, message, str(asked), str(actual), f"/{field}")


@rules.must(
    "items.truncating-beyond-the-end-is-refused",
    about={TRUNCATE},
    covers=("ITM-15",),
    spec=CLIENT_EVENTS + "conversation/item/truncate",
)
def truncating_beyond_the_end_is_refused(view: View) -> Judged:
    """A cut beyond the end of the audio is refused."""
    for cut in _cuts(view):
        if cut.at <= cut.length + SLACK_MS:
            continue
        if cut.exchange.refused:
            yield HELD
        elif cut.exchange.answer is not None:
            message = f"{cut.name} was cut at {cut.at} ms, beyond its {cut.length} ms."
            yield Finding(cut.exchange.answer.index, message, "error", "accepted", "/audio_end_ms")


@rules.should(
    "items.truncating-loses-the-transcript",
    about={"conversation.item.retrieved"},
    covers=("ITM-16",),
    spec=CLIENT_EVENTS + "conversation/item/truncate",
    relaxed="The documents differ on whether all of it goes or the unheard part: either is accepted.",
)
def truncating_loses_the_transcript(view: View) -> Judged:
    """After a truncation the item no longer holds the transcript of what was not heard."""
    cut = {
        (each.name, each.exchange.sent.number("content_index")): each.exchange.answer.index
        for each in _cuts(view)
        if each.exchange.answer is not None and each.at + SLACK_MS < each.length
    }
    transcripts = {
        (stream.item_id, stream.content_index): stream.final or stream.joined
        for response in view.responses
        for item in response.items.values()
        for stream in item.streams
        if stream.kind == "output_audio_transcript"
    }
    for frame, name, item in retrieved(view):
        for at, part in enumerate(map(mapping, listing(item.get("content")))):
            whole = transcripts.get((name, at))
            if not whole or cut.get((name, at), frame.index) >= frame.index:
                continue
            if part.get("transcript") == whole:
                message = f"The truncated item {name} still has its whole transcript."
                yield Finding(frame.index, message, "no transcript", whole[:80], f"/item/content/{at}/transcript")
            else:
                yield HELD
