"""What is streamed: audio, indices, ids, the types of parts and the status of items.

Whether the deltas make the whole is judged in `deltas`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import listing, mapping, string, whole_number
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.output_audio import Sound
    from conformance.trace.responses import Part
    from conformance.trace.views import View

rules = Chapter("streaming")

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
        if not _is_known(sound) or not sound.stream.dones:
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
        if not _is_known(sound) or sound.size % 2:
            continue
        odd = [at for at, size in enumerate(sound.sizes) if size is not None and size % 2]
        for at in odd[:1]:
            frame = sound.stream.deltas[at]
            yield Finding(frame.index, f"A delta of {sound.stream.item_id} ends within a sample.", path="/delta")
        if not odd:
            yield HELD


def _is_known(sound: Sound) -> bool:
    """Return whether the recording holds all deltas of a stream of 16 bit samples, and their sizes."""
    return sound.format == "pcm16" and sound.stream.whole and bool(sound.sizes) and None not in sound.sizes


#: Event -> where audio could lie in it: (path of an object or a list of objects, field).
COULD_CARRY_AUDIO = {
    "response.output_audio.done": ((), ("delta", "audio")),
    "response.content_part.done": (("part",), ("audio",)),
    "response.output_item.done": (("item", "content"), ("audio",)),
    "response.done": (("response", "output", "content"), ("audio",)),
}


@rules.must(
    "streaming.done-carries-no-audio",
    about={"response.output_audio.done"},
    covers=("STR-11", "RSP-09"),
    spec=SERVER_EVENTS + "response/output_audio/done",
)
def done_carries_no_audio(view: View) -> Judged:
    """Audio comes in deltas only: no done event repeats it."""
    heard = "response.output_audio.done" in view.types
    for kind, (path, names) in COULD_CARRY_AUDIO.items() if heard else ():
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
            own = item.output_index
            unlike = next((frame for frame in item.frames if _strays(frame, own)), None)
            if unlike is not None:
                message = f"{unlike.type} of {item.id} has another output_index than the item."
                actual = str(unlike.number("output_index"))
                yield Finding(unlike.index, message, str(own), actual, "/output_index")
            elif len(owners[item.id]) > 1:
                first = owners[item.id][0]
                twice = f"twice to {first}" if first == response.id else f"to {first} and to {response.id}"
                message = f"{item.id} belongs {twice}."
                yield Finding(item.frames[0].index, message, path="/response_id")
            elif item.added is not None:
                yield HELD


def _strays(frame: Frame, own: int | None) -> bool:
    actual = frame.event.get("output_index")
    return own is not None and actual != own and whole_number(actual) is not None


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


@gathered
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
