"""The lens on questions and answers: which server event answers which client event.

An `error` names its cause by `error.event_id`.  Acknowledgements carry no such id;
they come in the order of the accepted client events, on one ordered channel.
Errors jump the queue: one may overtake the acknowledgement of an earlier event.

An error that names nobody settles the only open event that it can be about.  Where it can be about several,
their acknowledgements cannot be told apart by order either: they stay unattributed, unless all of them come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from conformance.trace.anonymous_errors import kinds_pointed_to
from conformance.trace.computed import computed
from conformance.trace.frames import Frame, string
from conformance.trace.service_errors import is_of_the_service
from conformance.trace.trace import CLIENT

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace

#: Client event -> the server event that acknowledges it.  `input_audio_buffer.append` has none.
ACKNOWLEDGED_BY = {
    "session.update": "session.updated",
    "transcription_session.update": "transcription_session.updated",
    "conversation.item.create": "conversation.item.added",
    "conversation.item.delete": "conversation.item.deleted",
    "conversation.item.retrieve": "conversation.item.retrieved",
    "conversation.item.truncate": "conversation.item.truncated",
    "input_audio_buffer.commit": "input_audio_buffer.committed",
    "input_audio_buffer.clear": "input_audio_buffer.cleared",
    "response.create": "response.created",
    "session.close": "session.closed",
}
#: Acknowledgements that name the item which the client named: without that id they answer nothing else.
NAMES_ITS_ITEM = frozenset({"conversation.item.deleted", "conversation.item.retrieved", "conversation.item.truncated"})
#: What makes an item without a `conversation.item.create`.
MAKE_ITEMS = frozenset(
    {"response.output_item.added", "input_audio_buffer.committed", "input_audio_buffer.speech_started"}
)
#: What an endpoint also says of its own accord once it has heard speech, or waited for it in vain.
SPONTANEOUS = frozenset({"response.created", "input_audio_buffer.committed"})
SPEECH = frozenset({"input_audio_buffer.speech_started", "input_audio_buffer.timeout_triggered"})
#: What may be an answer, or tells how to read one.
ANSWERS = frozenset({"error", *ACKNOWLEDGED_BY.values(), *SPEECH})
#: Types of items that no client makes: what was done with the tools of an MCP server.
OF_TOOL_SERVERS = frozenset({"mcp_list_tools", "mcp_call", "mcp_approval_request"})
#: Type and role of an item.
Kind = tuple[str | None, str | None]
#: More open events than this are too many to tell which of them an error is about.
MOST_CANDIDATES = 16


@dataclass(slots=True, eq=False)
class Exchange:
    """One client event and its answers."""

    sent: Frame
    answer: Frame | None = None
    """Its acknowledgement, where one can be told."""
    errors: list[Frame] = field(default_factory=list)
    """The errors that name it."""
    settled_by: Frame | None = None
    """The error that names nobody and can only be about it."""
    possible: list[Frame] = field(default_factory=list)
    """Acknowledgements that answer either it or another event."""
    doomed: bool = False
    """Whether an error names it sooner or later."""

    lost: bool = False
    """Whether its answer came, and cannot be told from those of other events."""

    @property
    def refused(self) -> bool:
        """Whether an error names it, or can only be about it."""
        return self.settled_by is not None or len(self.errors) > 0

    @property
    def refusals(self) -> list[Frame]:
        """The errors that name it, or the one that names nobody and can only be about it."""
        return self.errors if self.errors or self.settled_by is None else [self.settled_by]

    @property
    def open(self) -> bool:
        """Whether nothing has answered it yet."""
        return self.answer is None and not self.refused and not self.lost


@dataclass(slots=True, eq=False)
class _Suspicion:
    """An error that names nobody, and the open events that it may be about."""

    error: Frame
    candidates: list[Exchange]


def item_id_of(frame: Frame) -> str | None:
    """Return the item id a client or server event is about."""
    name = frame.event.get("item_id")
    return name if type(name) is str and name else string(frame.part("item").get("id"))


def exchanges_of(trace: CanonicalTrace) -> tuple[Exchange, ...]:
    """Attribute answers to client events; linear."""
    attribution = _Attribution(trace)
    for frame in sorted(chain(trace.said, trace.server_among(ANSWERS)), key=attrgetter("index")):
        attribution.take(frame)
    return tuple(attribution.found)


class _Waiting:
    """The client events that still wait for one kind of answer."""

    def __init__(self) -> None:
        self.queue: deque[Exchange] = deque()
        self.settled: deque[Exchange] = deque()
        """Those that an error has probably answered; first come, first asked."""
        self.named: dict[str, deque[Exchange]] = {}

    def add(self, exchange: Exchange) -> None:
        self.queue.append(exchange)
        if (name := item_id_of(exchange.sent)) is not None:
            self.named.setdefault(name, deque()).append(exchange)

    def by_name(self, name: str | None) -> Exchange | None:
        queue = self.named.get(name) if name is not None else None
        while queue and (queue[0].errors or queue[0].answer is not None):
            queue.popleft()
        return queue[0] if queue else None

    def first(self) -> Exchange | None:
        """Return the first that is open."""
        while self.queue and not self.queue[0].open:
            passed = self.queue.popleft()
            if passed.answer is None and not passed.errors:
                self.settled.append(passed)
        return self.queue[0] if self.queue else None

    def in_spite_of_an_error(self) -> Exchange | None:
        """Return the first of those that an error that names nobody seems to answer."""
        while self.settled and (self.settled[0].errors or self.settled[0].answer is not None):
            self.settled.popleft()
        return self.settled[0] if self.settled else None

    def still_open(self) -> list[Exchange]:
        self.first()
        return [each for each in self.queue if each.open]


class _Attribution:
    """One pass over what asks and what answers."""

    def __init__(self, trace: CanonicalTrace) -> None:
        self.trace = trace
        self.found: list[Exchange] = []
        self.by_event_id: dict[str, Exchange] = {}
        self.waiting: dict[str, _Waiting] = {}
        self.unacknowledged: deque[Exchange] = deque()
        """Open events of kinds that nothing acknowledges."""
        self.suspicions: list[_Suspicion] = []
        self.murk = -1
        """Index of the last error that can be about too many events to name them."""
        self.heard_speech = False
        named = ((string(each.part("error").get("event_id")), each.index) for each in trace.server("error"))
        self.named_until = {name: index for name, index in named if name is not None}

    @computed
    def produced(self) -> frozenset[str]:
        """The ids of items that the server made by itself: output items, committed audio, those of tool servers."""
        added = self.trace.server("conversation.item.added")
        of_tool_servers = [frame for frame in added if string(frame.part("item").get("type")) in OF_TOOL_SERVERS]
        frames = chain(self.trace.server_among(MAKE_ITEMS), of_tool_servers)
        return frozenset([name for frame in frames if (name := item_id_of(frame)) is not None])

    @computed
    def renamed(self) -> frozenset[Kind]:
        """The kinds of the output items that are announced in the conversation under another id, or not at all."""
        output = self.trace.server("response.output_item.added")
        added = self.trace.server("conversation.item.added") if output else ()
        announced = {item_id_of(frame) for frame in added}
        return frozenset([kind_of(frame.part("item")) for frame in output if item_id_of(frame) not in announced])

    def take(self, frame: Frame) -> None:
        if frame.entry.direction is CLIENT:
            self._ask(frame)
        elif frame.type == "error":
            cause = string(frame.part("error").get("event_id"))
            named = self.by_event_id.get(cause) if cause is not None else None
            if named is not None and not self._is_misnamed(named):
                named.errors.append(frame)
                self._clear(named)
            else:
                self._suspect(frame)
        elif frame.type in SPEECH:
            self.heard_speech = True
        elif frame.type in self.waiting:
            self._acknowledge(self.waiting[frame.type], frame)

    def _is_misnamed(self, exchange: Exchange) -> bool:
        """Return whether an error names an answered event while one that was sent wrong waits for its own."""
        if exchange.answer is None or exchange.sent.entry.deliberate:
            return False
        sent = exchange.sent.index
        return any(each.sent.entry.deliberate and each.sent.index > sent and not each.doomed for each in self._open())

    def _ask(self, frame: Frame) -> None:
        exchange = Exchange(frame)
        self.found.append(exchange)
        if (name := frame.text("event_id")) is not None and name not in self.by_event_id:
            self.by_event_id[name] = exchange
            exchange.doomed = self.named_until.get(name, -1) > frame.index
        if ack := ACKNOWLEDGED_BY.get(frame.type):
            self.waiting.setdefault(ack, _Waiting()).add(exchange)
        else:
            self.unacknowledged.append(exchange)

    def _suspect(self, error: Frame) -> None:
        """Find out whom an error is about that names nobody."""
        candidates = [each for each in self._open() if not each.doomed]
        if kinds := kinds_pointed_to(error):
            candidates = [each for each in candidates if each.sent.type in kinds]
        wrong = next(([each] for each in candidates if each.sent.entry.deliberate), [])
        if not wrong and (len(candidates) > MOST_CANDIDATES or is_of_the_service(error.event.get("error"))):
            self.murk = error.index
        elif candidates:
            self.suspicions.append(_Suspicion(error, wrong or candidates))
            self._settle()

    def _open(self) -> Iterator[Exchange]:
        while self.unacknowledged and not self.unacknowledged[0].open:
            self.unacknowledged.popleft()
        for queue in (self.unacknowledged, *(waiting.queue for waiting in self.waiting.values())):
            yield from (each for each in queue if each.open)

    def _clear(self, exchange: Exchange) -> None:
        """Take note that *exchange* got an answer of its own: no other error is about it."""
        if self.suspicions:
            for suspicion in self.suspicions:
                if exchange in suspicion.candidates:
                    suspicion.candidates.remove(exchange)
            self._settle()

    def _settle(self) -> None:
        """Lay each error that can be about one event only to that event."""
        while (sure := next((each for each in self.suspicions if len(each.candidates) < 2), None)) is not None:
            self.suspicions.remove(sure)
            for exchange in sure.candidates:
                exchange.settled_by = sure.error
                for other in self.suspicions:
                    if exchange in other.candidates:
                        other.candidates.remove(exchange)

    def _clouded(self, exchange: Exchange) -> bool:
        """Return whether an error may be about *exchange* that may be about another one too."""
        return exchange.sent.index < self.murk or any(exchange in each.candidates for each in self.suspicions)

    def _acknowledge(self, waiting: _Waiting, ack: Frame) -> None:
        """Attribute *ack* to the first waiting client event that it can belong to."""
        name = item_id_of(ack)
        exchange = waiting.by_name(name) or self._next(waiting, ack, name)
        if exchange is None:
            return
        nameless = name is None or name != item_id_of(exchange.sent)
        if nameless and self._clouded(exchange) and len(rivals := waiting.still_open()) > 1:
            self._leave_open(rivals, ack)
        else:
            self._answer(exchange, ack)

    def _next(self, waiting: _Waiting, ack: Frame, name: str | None) -> Exchange | None:
        """Return the client event that *ack* answers by its order; None if *ack* answers nothing."""
        adds = ack.type == "conversation.item.added"
        if adds and (name is None or name in self.produced):
            return None
        exchange = waiting.first() or waiting.in_spite_of_an_error()
        if exchange is None or (ack.type in NAMES_ITS_ITEM and item_id_of(exchange.sent) is not None):
            return None
        if adds and kind_of(ack.part("item")) in self.renamed - {kind_of(exchange.sent.part("item"))}:
            return None
        refused = exchange.doomed or exchange.refused
        return None if refused and self.heard_speech and ack.type in SPONTANEOUS else exchange

    def _leave_open(self, rivals: list[Exchange], ack: Frame) -> None:
        """Take note that *ack* answers one of *rivals*; once all are answered, it is plain which answers which."""
        for exchange in rivals:
            exchange.possible.append(ack)
        acks = rivals[0].possible
        if len(acks) == len(rivals):
            for exchange, answer in zip(rivals, list(acks), strict=True):
                self._answer(exchange, answer)

    def _answer(self, exchange: Exchange, ack: Frame) -> None:
        exchange.answer = ack
        exchange.settled_by = None
        exchange.possible.clear()
        while self.unacknowledged and self.unacknowledged[0].sent.index < exchange.sent.index:
            self.unacknowledged.popleft()  # the channel is ordered: an error about it would have come
        self._clear(exchange)
        for past in [each for each in self.suspicions if each.error.index < exchange.sent.index]:
            self.suspicions.remove(past)
            for candidate in past.candidates:
                candidate.lost = True


def kind_of(item: Mapping[str, Any]) -> Kind:
    """Return the type and the role of an item."""
    return string(item.get("type")), string(item.get("role"))
