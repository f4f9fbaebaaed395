"""Deltas make the whole, and the whole is the same wherever it is shown.

Where the same text is shown six times and one of them differs, only that place shall be blamed: a place agrees
if it equals the joined deltas or the done event, and the two are compared by a rule of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import listing, mapping
from conformance.trace.lens import gathered, lens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.trace.frames import Frame
    from conformance.trace.responses import OutputItem, Part, Response, Stream
    from conformance.trace.views import View

rules = Chapter("deltas")

#: Stream -> the field that holds the whole in each place.
FIELDS = {"output_text": "text", "output_audio_transcript": "transcript"}


@dataclass(frozen=True, slots=True)
class StreamShown:
    """One stream of a content part, and everything around it."""

    response: Response
    item: OutputItem
    part: Part
    stream: Stream
    field: str


@gathered
def _showings(view: View, kind: str) -> Iterator[StreamShown]:
    for response in view.responses:
        if response.gapped:
            continue
        for item in response.items.values():
            for part in item.parts.values():
                if (stream := part.streams.get(kind)) is not None:
                    yield StreamShown(response, item, part, stream, FIELDS[kind])


def joins(stream: Stream, name: str) -> Judged:
    """Compare the joined deltas of a stream with its done event; *name* says where it is."""
    joined, final = stream.joined, stream.final
    if joined is None or final is None:
        return
    if joined == final:
        yield HELD
    else:
        message = f"The deltas of {name} do not make its {stream.kind}."
        yield Finding(stream.dones[0].index, message, excerpt(joined, final), excerpt(final, joined))


def agrees(stream: Stream, shown: Any, frame: Frame, name: str, path: str) -> Judged:
    """Compare what *frame* shows at *path* with the stream."""
    if not isinstance(shown, str) or not frame.whole:
        return
    wholes = [whole for whole in (stream.final, stream.joined) if whole is not None]
    if not wholes:
        return
    if shown in wholes:
        yield HELD
    else:
        message = f"{frame.type} shows another {stream.kind} of {name} than was streamed."
        yield Finding(frame.index, message, excerpt(wholes[0], shown), excerpt(shown, wholes[0]), path)


def excerpt(text: str, other: str) -> str:
    """Quote *text* around the place where it begins to differ from *other*."""
    at = next((at for at, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))
    start = max(0, at - 20)
    return ("…" if start else "") + repr(text[start : at + 30]) + f" ({len(text)} characters)"


def _deltas_make_the_whole(view: View, kind: str) -> Judged:
    for showing in _showings(view, kind):
        yield from joins(showing.stream, f"{showing.item.id}, part {showing.part.content_index},")


def _in_part(view: View, kind: str) -> Judged:
    for showing in _showings(view, kind):
        frame = showing.part.done
        if frame is None or not (shown := frame.part("part").get(showing.field)):
            continue
        yield from agrees(showing.stream, shown, frame, showing.item.id, f"/part/{showing.field}")


def _in_item(view: View, kind: str) -> Judged:
    for showing in _showings(view, kind):
        frame, place = showing.item.done, showing.part.content_index
        if frame is None or place is None:
            continue
        shown = _content(frame.part("item"), place).get(showing.field)
        yield from agrees(showing.stream, shown, frame, showing.item.id, f"/item/content/{place}/{showing.field}")


def _in_response(view: View, kind: str) -> Judged:
    for showing in _showings(view, kind):
        frame, place = showing.response.done, showing.part.content_index
        if frame is None or place is None:
            continue
        number, item = listed(showing.response, showing.item.id)
        path = f"/response/output/{number}/content/{place}/{showing.field}"
        yield from agrees(showing.stream, _content(item, place).get(showing.field), frame, showing.item.id, path)


def _in_conversation(view: View, kind: str) -> Judged:
    done = by_item(view, "conversation.item.done")
    for showing in _showings(view, kind):
        frame, place = done.get(showing.item.id), showing.part.content_index
        if frame is None or place is None:
            continue
        shown = _content(frame.part("item"), place).get(showing.field)
        yield from agrees(showing.stream, shown, frame, showing.item.id, f"/item/content/{place}/{showing.field}")


@lens
def by_item(view: View, kind: str) -> dict[str, Frame]:
    """Return the first unshortened event of a type about each item, by the item's id."""
    found: dict[str, Frame] = {}
    for frame in view.server(kind):
        name = frame.part("item").get("id")
        if isinstance(name, str) and frame.whole:
            found.setdefault(name, frame)
    return found


def listed(response: Response, item_id: str) -> tuple[int, Any]:
    """Find an item in the output of `response.done`: its place and the item, (-1, {}) if it is not there."""
    found = ((number, mapping(item)) for number, item in enumerate(response.outputs))
    return next((each for each in found if each[1].get("id") == item_id), (-1, {}))


def _content(item: Any, place: int) -> Any:
    content = listing(item.get("content"))
    return mapping(content[place]) if 0 <= place < len(content) else {}


#: What a comparison demands, {} being the kind of text, and the page that says so.
DEMANDS: Mapping[Callable[[View, str], Judged], tuple[str, str]] = {
    _deltas_make_the_whole: ("The deltas of a {}, joined, are the {} of its done event.", "response/{}/done"),
    _in_part: ("`response.content_part.done` shows the {} that was streamed.", "response/content_part/done"),
    _in_item: ("`response.output_item.done` shows the {} that was streamed.", "response/output_item/done"),
    _in_conversation: ("`conversation.item.done` shows the {} that was streamed.", "conversation/item/done"),
    _in_response: ("`response.done` shows the {} that was streamed.", "response/done"),
}
EMPTY_PART = "An empty or absent value is no contradiction: an Azure endpoint leaves the part empty at its end."

#: Rule -> the stream that it is about, and what it compares.
COMPARISONS = {
    "deltas.text-is-made-of-its-deltas": ("output_text", _deltas_make_the_whole),
    "deltas.text-is-the-same-in-its-part": ("output_text", _in_part),
    "deltas.text-is-the-same-in-its-item": ("output_text", _in_item),
    "deltas.text-is-the-same-in-the-conversation": ("output_text", _in_conversation),
    "deltas.text-is-the-same-in-the-response": ("output_text", _in_response),
    "deltas.transcript-is-made-of-its-deltas": ("output_audio_transcript", _deltas_make_the_whole),
    "deltas.transcript-is-the-same-in-its-part": ("output_audio_transcript", _in_part),
    "deltas.transcript-is-the-same-in-its-item": ("output_audio_transcript", _in_item),
    "deltas.transcript-is-the-same-in-the-conversation": ("output_audio_transcript", _in_conversation),
    "deltas.transcript-is-the-same-in-the-response": ("output_audio_transcript", _in_response),
}


def _register(id: str, kind: str, compare: Callable[[View, str], Judged]) -> None:
    sentence, page = DEMANDS[compare]

    def check(view: View) -> Judged:
        return compare(view, kind)

    check.__doc__ = sentence.format(FIELDS[kind], FIELDS[kind])
    rules.must(
        id,
        about={f"response.{kind}.done", f"response.{kind}.delta"},
        covers=("STR-07",) if kind == "output_text" else ("STR-08",),
        spec=SERVER_EVENTS + page.format(kind),
        speaks={"conversation.item.done"} if compare is _in_conversation else (),
        relaxed=EMPTY_PART if compare is _in_part else "",
    )(check)


for _id, (_kind, _compare) in COMPARISONS.items():
    _register(_id, _kind, _compare)
