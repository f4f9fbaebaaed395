"""What is streamed: deltas make the whole, the whole is the same wherever it is shown, ids and indices agree.

Where the same text is shown five times and one of them differs, only that place shall be blamed: a place agrees
if it equals the joined deltas or the done event, and the two are compared by a rule of their own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.rules.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import Frame, listing, mapping, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.responses import OutputItem, Part, Response, Stream
    from conformance.trace.views import View

rules = Chapter("streaming")

#: Stream -> what its rules are called, and the field that holds the whole in each place.
WHOLES = {
    "output_text": ("text", "text"),
    "output_audio_transcript": ("transcript", "transcript"),
}


@dataclass(frozen=True, slots=True)
class Showing:
    """One stream of a content part, and everything around it."""

    response: Response
    item: OutputItem
    part: Part
    stream: Stream
    field: str


def _showings(view: View, kind: str) -> Iterator[Showing]:
    for response in view.responses:
        if response.gapped:
            continue
        for item in response.items.values():
            for part in item.parts.values():
                if (stream := part.streams.get(kind)) is not None:
                    yield Showing(response, item, part, stream, WHOLES[kind][1])


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
    wholes = [whole for whole in (stream.final, stream.joined) if whole is not None]
    if not isinstance(shown, str) or not frame.whole or not wholes:
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


def listed(response: Response, item_id: str) -> tuple[int, Any]:
    """Find an item in the output of `response.done`: its place and the item, (-1, {}) if it is not there."""
    found = ((number, mapping(item)) for number, item in enumerate(response.outputs))
    return next((each for each in found if each[1].get("id") == item_id), (-1, {}))


def _content(item: Any, place: int) -> Any:
    content = listing(item.get("content"))
    return mapping(content[place]) if 0 <= place < len(content) else {}


PLACES = {
    "{}-deltas-make-the-whole": (
        _deltas_make_the_whole,
        "The deltas of a {}, joined, are the {} of its done event.",
        "response/{}/done",
    ),
    "{}-is-the-same-in-its-part": (
        _in_part,
        "`response.content_part.done` shows the {} that was streamed.",
        "response/content_part/done",
    ),
    "{}-is-the-same-in-its-item": (
        _in_item,
        "`response.output_item.done` shows the {} that was streamed.",
        "response/output_item/done",
    ),
    "{}-is-the-same-in-the-response": (
        _in_response,
        "`response.done` shows the {} that was streamed.",
        "response/done",
    ),
}
EMPTY_PART = "An empty or absent value is no contradiction: an Azure endpoint leaves the part empty at its end."


def _register(kind: str, place: str) -> None:
    name = WHOLES[kind][0]
    judge, sentence, page = PLACES[place]

    def check(view: View) -> Judged:
        return judge(view, kind)

    check.__doc__ = sentence.format(name, name)
    rules.must(
        f"{rules.name}.{place.format(name)}",
        about={f"response.{kind}.done", f"response.{kind}.delta"},
        covers=("STR-07",) if kind == "output_text" else ("STR-08",),
        spec=SERVER_EVENTS + page.format(kind),
        softened=EMPTY_PART if judge is _in_part else "",
    )(check)


for _kind in WHOLES:
    for _place in PLACES:
        _register(_kind, _place)

AUDIO = frozenset({"response.output_audio.delta"})


@rules.must(
    "streaming.audio-is-base64", about=AUDIO, covers=("STR-10",), spec=SERVER_EVENTS + "response/output_audio/delta"
)
def audio_is_base64(view: View) -> Judged:
    """Every audio delta is base64 by itself."""
    for sound in view.sounds:
        for frame in sound.broken:
            if frame.text("delta") is not None:
                yield Finding(frame.index, f"A delta of {sound.stream.item_id} is no base64.", path="/delta")
        if not sound.broken and sound.stream.whole and sound.sizes:
            yield HELD


@rules.must(
    "streaming.audio-is-whole-samples",
    about=AUDIO,
    covers=("STR-10",),
    spec=SERVER_EVENTS + "response/output_audio/delta",
)
def audio_is_whole_samples(view: View) -> Judged:
    """The audio of a stream is a whole number of samples."""
    for sound in view.sounds:
        if sound.format != "pcm16" or None in sound.sizes or not sound.stream.whole or not sound.stream.dones:
            continue
        if sound.size % 2 == 0:
            yield HELD
        else:
            message = f"The audio of {sound.stream.item_id} ends within a sample."
            yield Finding(sound.stream.deltas[-1].index, message, "an even number of bytes", f"{sound.size} bytes")


@rules.should(
    "streaming.audio-delta-is-whole-samples",
    about=AUDIO,
    covers=("STR-10",),
    spec=SERVER_EVENTS + "response/output_audio/delta",
)
def audio_delta_is_whole_samples(view: View) -> Judged:
    """Every audio delta is a whole number of samples, so that it can be played alone."""
    for sound in view.sounds:
        if sound.format != "pcm16" or None in sound.sizes or not sound.stream.whole or sound.size % 2:
            continue
        odd = [at for at, size in enumerate(sound.sizes) if size is not None and size % 2]
        for at in odd[:1]:
            frame = sound.stream.deltas[at]
            yield Finding(frame.index, f"A delta of {sound.stream.item_id} ends within a sample.", path="/delta")
        if not odd:
            yield HELD


#: Event -> where audio could lie in it: (path of an object or a list of objects, field).
COULD_CARRY_AUDIO = {
    "response.output_audio.done": ((), ("delta", "audio")),
    "response.content_part.done": (("part",), ("audio",)),
    "response.output_item.done": (("item", "content"), ("audio",)),
    "response.done": (("response", "output", "content"), ("audio",)),
}


@rules.must(
    "streaming.done-carries-no-audio",
    about=COULD_CARRY_AUDIO,
    covers=("STR-11", "RSP-09"),
    spec=SERVER_EVENTS + "response/output_audio/done",
)
def done_carries_no_audio(view: View) -> Judged:
    """Audio comes in deltas only: no done event repeats it."""
    if "response.output_audio.done" not in view.types:
        return
    for kind, (path, names) in COULD_CARRY_AUDIO.items():
        for frame in view.server(kind):
            carried = [each for each in _objects(frame.event, path) if any(string(each.get(name)) for name in names)]
            if carried:
                yield Finding(frame.index, f"{kind} carries audio.", "no audio", "audio", "/" + "/".join(path))
            elif frame.whole:
                yield HELD


def _objects(value: Any, path: tuple[str, ...]) -> list[Any]:
    found = [mapping(value)]
    for step in path:
        inner = [each.get(step) for each in found]
        found = [mapping(one) for each in inner for one in (each if isinstance(each, list) else [each])]
    return found


@rules.should(
    "streaming.output-index-counts-up",
    about={"response.output_item.added"},
    covers=("STR-02",),
    spec=SERVER_EVENTS + "response/output_item/added",
)
def output_index_counts_up(view: View) -> Judged:
    """Output items are numbered from 0, in the order in which they are added."""
    for response in view.responses:
        added = sorted((each.added for each in response.items.values() if each.added), key=lambda frame: frame.index)
        if response.gapped or view.partial or any(not frame.whole for frame in added):
            continue
        yield from _counts_up(added, "output_index", response.id)


def _counts_up(added: list[Frame], name: str, where: str) -> Judged:
    for expected, frame in enumerate(added):
        index = frame.number(name)
        if index is None:
            return
        if index != expected:
            message = f"{name} {index} of {where} is out of turn."
            yield Finding(frame.index, message, str(expected), str(index), f"/{name}")
            return
        yield HELD


@rules.should(
    "streaming.content-index-counts-up",
    about={"response.content_part.added"},
    covers=("STR-05",),
    spec=SERVER_EVENTS + "response/content_part/added",
)
def content_index_counts_up(view: View) -> Judged:
    """The content parts of an item are numbered from 0, in the order in which they are added."""
    for response in view.responses:
        for item in response.items.values():
            added = [part.added for part in item.parts.values() if part.added is not None]
            if response.gapped or view.partial or any(not frame.whole for frame in added):
                continue
            yield from _counts_up(sorted(added, key=lambda frame: frame.index), "content_index", item.id)


@rules.must(
    "streaming.ids-never-contradict",
    about={"response.output_item.added"},
    covers=("STR-06",),
    spec=SERVER_EVENTS + "response/output_item/added",
)
def ids_never_contradict(view: View) -> Judged:
    """All events of an output item name the same response and the same output index."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for response in view.responses:
        for item in response.items.values():
            owners[item.id].append(response.id)
            unlike = next((frame for frame in item.frames if _strays(item, frame)), None)
            if unlike is not None:
                message = f"{unlike.type} of {item.id} has another output_index than the item."
                came = str(unlike.number("output_index"))
                yield Finding(unlike.index, message, str(item.output_index), came, "/output_index")
            elif len(owners[item.id]) > 1:
                message = f"{item.id} belongs to {owners[item.id][0]} and to {response.id}."
                yield Finding(item.frames[0].index, message, path="/response_id")
            elif item.added is not None:
                yield HELD


def _strays(item: OutputItem, frame: Frame) -> bool:
    index = frame.number("output_index")
    return index is not None and item.output_index is not None and index != item.output_index


@rules.must(
    "streaming.part-type-stays",
    about={"response.content_part.done"},
    covers=("STR-16",),
    spec=SERVER_EVENTS + "response/content_part/done",
)
def part_type_stays(view: View) -> Judged:
    """A content part ends with the type with which it began."""
    for part in _parts(view):
        if part.added is None or part.done is None:
            continue
        began, ended = (string(frame.part("part").get("type")) for frame in (part.added, part.done))
        if began is None or ended is None:
            continue
        if began == ended:
            yield HELD
        else:
            message = f"Part {part.content_index} of {part.done.text('item_id')} changed its type."
            yield Finding(part.done.index, message, began, ended, "/part/type")


def _parts(view: View) -> Iterator[Part]:
    for response in view.responses:
        for item in response.items.values():
            yield from item.parts.values()


@rules.must(
    "streaming.part-holds-what-its-type-says",
    about={"response.content_part.added"},
    covers=("STR-16", "RSP-22"),
    spec=SERVER_EVENTS + "response/content_part/added",
)
def part_holds_what_its_type_says(view: View) -> Judged:
    """A text part streams text, an audio part streams audio and a transcript."""
    for part in _parts(view):
        kind = string(part.added.part("part").get("type")) if part.added is not None else None
        if kind is None or part.added is None or not part.streams:
            continue
        strange = [name for name in part.streams if name.startswith("output_audio") is not kind.endswith("audio")]
        for name in strange:
            message = f"Part {part.content_index} of {part.added.text('item_id')} is {kind} and streams {name}."
            yield Finding(part.added.index, message, kind, name, "/part/type")
        if not strange:
            yield HELD


@rules.should(
    "streaming.item-begins-in-progress",
    about={"response.output_item.added"},
    covers=("STR-18",),
    spec=SERVER_EVENTS + "response/output_item/added",
)
def item_begins_in_progress(view: View) -> Judged:
    """An output item begins in progress and empty."""
    for frame in view.server("response.output_item.added"):
        item = frame.part("item")
        status = string(item.get("status"))
        if not frame.whole or status is None:
            continue
        if status != "in_progress" or listing(item.get("content")):
            message = f"{string(item.get('id'))} began {status}, with {len(listing(item.get('content')))} parts."
            yield Finding(frame.index, message, "in_progress, no content", status, "/item/status")
        else:
            yield HELD


@rules.should(
    "streaming.item-ends-finished",
    about={"response.output_item.done"},
    covers=("STR-18", "RSP-19"),
    spec=SERVER_EVENTS + "response/output_item/done",
)
def item_ends_finished(view: View) -> Judged:
    """An output item that is done is completed or incomplete."""
    for frame in view.server("response.output_item.done"):
        status = string(frame.part("item").get("status"))
        if status in ("completed", "incomplete"):
            yield HELD
        elif status == "in_progress":
            message = f"{string(frame.part('item').get('id'))} is done and still in progress."
            yield Finding(frame.index, message, "completed or incomplete", status, "/item/status")
