"""The lens on responses: response → output item → content part → stream."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.trace.computed import computed
from conformance.trace.frames import Frame, listing, mapping, string
from conformance.trace.service_errors import identifiers, is_of_the_service

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace
    from conformance.trace.exchanges import Exchange

#: Stream -> (delta event, done event, the field of the done event that holds the whole).
STREAMS: Mapping[str, tuple[str, str, str | None]] = {
    "output_text": ("response.output_text.delta", "response.output_text.done", "text"),
    "output_audio_transcript": (
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "transcript",
    ),
    "output_audio": ("response.output_audio.delta", "response.output_audio.done", None),
    "function_call_arguments": (
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "arguments",
    ),
}
DELTAS = frozenset(kinds[0] for kinds in STREAMS.values())
STREAM_OF = {kind: (name, step) for name, kinds in STREAMS.items() for step, kind in enumerate(kinds[:2])}


@dataclass(eq=False)
class Stream:
    """The deltas of one kind in one content part (or of one call's arguments), and their end."""

    kind: str
    item_id: str
    content_index: int | None
    deltas: list[Frame] = field(default_factory=list)
    dones: list[Frame] = field(default_factory=list)

    @computed
    def whole(self) -> bool:
        """Whether the recording holds every delta unshortened."""
        return all(frame.whole for frame in self.deltas)

    @computed
    def joined(self) -> str | None:
        """The deltas up to the done event, joined; None if one of them is no string or was shortened."""
        until = self.dones[0].index if self.dones else None
        early = [frame for frame in self.deltas if until is None or frame.index < until]
        parts = [part for frame in early if frame.whole and (part := frame.text("delta")) is not None]
        return "".join(parts) if len(parts) == len(early) else None

    @property
    def final(self) -> str | None:
        """What the done event says the whole is; None if there is none or it cannot tell."""
        name = STREAMS[self.kind][2]
        return self.dones[0].text(name) if name and self.dones and self.dones[0].whole else None


@dataclass(slots=True, eq=False)
class Part:
    """One content part of an output item."""

    content_index: int | None
    added: Frame | None = None
    done: Frame | None = None
    frames: list[Frame] = field(default_factory=list)
    streams: dict[str, Stream] = field(default_factory=dict)


@dataclass(eq=False)
class OutputItem:
    """One output item of a response; what is derived is computed once, after the last event was placed."""

    id: str
    added: Frame | None = None
    done: Frame | None = None
    frames: list[Frame] = field(default_factory=list)
    parts: dict[int | None, Part] = field(default_factory=dict)
    arguments: Stream | None = None

    @computed
    def kind(self) -> str:
        """`message`, `function_call`, …; empty if never said."""
        for frame in (self.added, self.done):
            if frame is not None and (kind := string(frame.part("item").get("type"))):
                return kind
        return ""

    @computed
    def output_index(self) -> int | None:
        """The index that `output_item.added` gave it."""
        return self.added.number("output_index") if self.added is not None else None

    @computed
    def streams(self) -> list[Stream]:
        """All streams of the item."""
        found = [stream for part in self.parts.values() for stream in part.streams.values()]
        return [*found, self.arguments] if self.arguments is not None else found


@dataclass(eq=False)
class Response:
    """One response, from its first to its last mention; derived values as with items."""

    id: str
    created: Frame | None = None
    dones: list[Frame] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    """Every server event that names it, in order."""
    items: dict[str, OutputItem] = field(default_factory=dict)
    gapped: bool = False
    """Events may be missing from the recording while it ran."""
    may_be_out_of_band: bool = True
    """Whether the client may have asked for any such response."""
    joined: bool = True
    """Whether the conversation announced one of its items."""
    cause: Frame | None = None
    """The client's `response.create`, where it can be told."""

    @computed
    def done(self) -> Frame | None:
        """Its first `response.done`."""
        return self.dones[0] if self.dones else None

    @computed
    def open(self) -> bool:
        """Whether the recording ends before the response does."""
        return not self.dones

    @computed
    def final(self) -> Mapping[str, Any]:
        """The response object of `response.done`; empty if open or shortened."""
        return self.done.part("response") if self.done is not None and self.done.whole else {}

    @computed
    def initial(self) -> Mapping[str, Any]:
        """The response object of `response.created`; empty if it never came or was shortened."""
        return self.created.part("response") if self.created is not None and self.created.whole else {}

    @computed
    def status(self) -> str:
        """The terminal status; empty while open."""
        return string(mapping(self.done.part("response") if self.done else None).get("status")) or ""

    @computed
    def failed_by_the_service(self) -> bool:
        """Whether a quota, a rate limit or a model that broke down ended it."""
        return self.status == "failed" and is_of_the_service(mapping(self.final.get("status_details")).get("error"))

    def failed_unlike(self, errors: Iterable[Frame]) -> bool:
        """Return whether it failed, and names an error of another kind than these `error` events tell of."""
        own = identifiers(mapping(self.final.get("status_details")).get("error"))
        others = (name for each in errors for name in identifiers(each.part("error")))
        return self.status == "failed" and bool(own) and own.isdisjoint(others)

    @computed
    def outputs(self) -> list[Any]:
        """`response.done`'s output array."""
        return listing(self.final.get("output"))

    @computed
    def asked(self) -> Mapping[str, Any]:
        """The `response` object of the client's `response.create`, where it can be told."""
        return self.cause.part("response") if self.cause is not None else {}

    @computed
    def out_of_band(self) -> bool:
        """Whether it does not write to the default conversation."""
        if self.asked.get("conversation") == "none":
            return True
        if not self.may_be_out_of_band:
            return False
        shown = self.initial or self.final
        if "conversation_id" not in shown:  # nobody can tell what it answers, and an endpoint may leave nulls out
            return self.cause is None and not self.joined
        return shown["conversation_id"] is None

    @computed
    def first(self) -> int:
        """Index of its first mention."""
        return self.frames[0].index

    @computed
    def last(self) -> int:
        """Index of its (first) end, or of its last mention while open."""
        return self.dones[0].index if self.dones else self.frames[-1].index


def id_of(frame: Frame) -> str | None:
    """Return the id of the response that a server event belongs to."""
    if frame.type in ("response.created", "response.done"):
        return string(frame.part("response").get("id"))
    return frame.text("response_id") if frame.type.startswith("response.") else None


def responses_of(trace: CanonicalTrace, exchanges: Sequence[Exchange]) -> tuple[Response, ...]:
    """Sort the server's events by response.  An id that is created again after its end is another response."""
    found: list[Response] = []
    current: dict[str, Response] = {}
    routes: dict[tuple[Hashable, ...], tuple[list[Frame], ...]] = {}
    for frame in trace.heard:
        address = None
        if frame.type in DELTAS:
            # Most frames are deltas, and go where the last delta of their stream went.
            event = frame.event
            try:
                address = event["response_id"], event["item_id"], event.get("content_index"), frame.type
                for place in (route := routes.get(address, ())):
                    place.append(frame)
            except (KeyError, TypeError):  # nothing names its stream, or nothing that can be looked up
                address, route = None, ()
            if route:
                continue
        elif not frame.type.startswith("response."):
            continue
        name = id_of(frame)
        if name is None:
            continue
        response = current.get(name)
        if response is None or (frame.type == "response.created" and response.dones):
            response = current[name] = Response(name)
            found.append(response)
            routes.clear()
        response.frames.append(frame)
        lists = _place(response, frame)
        if address is not None:
            routes[address] = (response.frames, *lists)
    for response in found:
        response.gapped = trace.gap_between(response.first, response.last + 1) or (
            response.created is None and bool(trace.gaps) and trace.gaps[0] < response.first
        )
    _attribute(trace, exchanges, found)
    return tuple(found)


def _place(response: Response, frame: Frame) -> tuple[list[Frame], ...]:
    """Put a frame where it belongs, and give the lists that it was put into."""
    if frame.type == "response.created":
        response.created = response.created or frame
        return ()
    if frame.type == "response.done":
        response.dones.append(frame)
        return ()
    item_id = frame.text("item_id") or string(frame.part("item").get("id"))
    if item_id is None:
        return ()
    item = response.items.get(item_id)
    if item is None:
        item = response.items[item_id] = OutputItem(item_id)
    item.frames.append(frame)
    if frame.type == "response.output_item.added":
        item.added = item.added or frame
    elif frame.type == "response.output_item.done":
        item.done = item.done or frame
    else:
        return (item.frames, *_place_in_part(item, frame))
    return ()


def _place_in_part(item: OutputItem, frame: Frame) -> tuple[list[Frame], ...]:
    stream_name, step = STREAM_OF.get(frame.type, ("", 0))
    if stream_name == "function_call_arguments":
        if item.arguments is None:
            item.arguments = Stream(stream_name, item.id, None)
        of_call = item.arguments.dones if step else item.arguments.deltas
        of_call.append(frame)
        return (of_call,)
    index = frame.number("content_index")
    part = item.parts.get(index)
    if part is None:
        part = item.parts[index] = Part(index)
    part.frames.append(frame)
    if frame.type == "response.content_part.added":
        part.added = part.added or frame
    elif frame.type == "response.content_part.done":
        part.done = part.done or frame
    elif stream_name:
        stream = part.streams.get(stream_name)
        if stream is None:
            stream = part.streams[stream_name] = Stream(stream_name, item.id, index)
        of_stream = stream.dones if step else stream.deltas
        of_stream.append(frame)
        return (part.frames, of_stream)
    return ()


def _attribute(trace: CanonicalTrace, exchanges: Sequence[Exchange], found: list[Response]) -> None:
    """Map each response to the `response.create` it answers, where only one is possible.

    Responses that detected speech began have no cause; once speech was detected nothing is attributed by order.
    """
    speech = next((frame.index for frame in trace.server("input_audio_buffer.speech_started")), len(trace.frames))
    asked = [each.sent for each in exchanges if each.sent.type == "response.create" and not each.refused]
    creates = [each.sent for each in exchanges if each.sent.type == "response.create"]
    outside = trace.one_sided or trace.partial or any(_asks_outside(each) for each in creates)
    announced = {string(each.part("item").get("id")) for each in trace.server("conversation.item.added")}
    for response in found:
        response.may_be_out_of_band = outside
        response.joined = not response.items or not announced.isdisjoint(response.items)
        if response.created is None or response.created.index > speech:
            continue
        if asked and asked[0].index < response.created.index:
            response.cause = asked.pop(0)


def _asks_outside(create: Frame) -> bool:
    return not create.whole or create.part("response").get("conversation") == "none"
