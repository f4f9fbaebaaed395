"""What a `response.create` asked for, and what became of it: one response, or a refusal; outside the conversation."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from conformance.rules.engine.left_out import conversations_of_responses
from conformance.rules.engine.overdue import overdue
from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, OVERRIDES, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.exchanges import kind_of
from conformance.trace.frames import listing, mapping, string
from conformance.trace.lens import gathered, lens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.exchanges import Exchange
    from conformance.trace.frames import Frame
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("response_create")

CREATE = CLIENT_EVENTS + "response/create"
#: A tool server has answered: the model may go on by itself.
CONTINUING = frozenset({"response.mcp_call.completed", "response.mcp_call.failed"})
#: After these a response may begin that nobody asked for.
SPOKEN = frozenset(
    {"input_audio_buffer.append", "input_audio_buffer.committed", "input_audio_buffer.timeout_triggered"}
)
ALREADY_ACTIVE = "conversation_already_has_active_response"


def wants_default(exchange: Exchange) -> bool:
    """Return whether a `response.create` asks for a response in the default conversation."""
    return exchange.sent.part("response").get("conversation") != "none"


def can_be_read(exchange: Exchange) -> bool:
    """Return whether a `response.create` is well enough formed to be refused for nothing but its moment."""
    return isinstance(exchange.sent.event.get("response"), dict | None)


def active_at(view: View, index: int) -> list[Response]:
    """Return the responses that run at entry *index*, as far as the client can tell."""
    begun, starts, ends = _spans(view)
    found: list[Response] = []
    number = bisect_left(starts, index) - 1
    while number >= 0 and ends[number] > index:
        each = begun[number]
        if each.open or each.last > index:
            found.append(each)
        number -= 1
    return found[::-1]


@lens
def _spans(view: View) -> tuple[list[Response], list[int], list[int]]:
    """Return the responses in the order of their begin, where they begin, and the latest end of all until then."""
    pairs = [(each.created.index, each) for each in view.responses if each.created is not None]
    pairs.sort(key=lambda pair: pair[0])
    last = len(view.frames)
    ends = accumulate((last + 1 if each.open else each.last for _, each in pairs), max)
    return [each for _, each in pairs], [index for index, _ in pairs], list(ends)


@gathered
def collisions(view: View) -> Iterator[tuple[Exchange, Response]]:
    """Yield each `response.create` for the default conversation that was sent while a response ran there."""
    for exchange in view.exchanges_with("response.create"):
        running = [each for each in active_at(view, exchange.sent.index) if not each.out_of_band]
        if running and wants_default(exchange) and can_be_read(exchange):
            yield exchange, running[0]


@rules.must(
    "response_create.create-begins-a-response",
    about={"response.create"},
    covers=("RSP-01",),
    spec=CREATE,
    relaxed="A create that may have met a running response is judged as a collision.",
)
def create_begins_a_response(view: View) -> Judged:
    """A `response.create` that is not refused begins a response."""
    collided = {exchange.sent.index for exchange, _ in collisions(view)}
    for exchange in view.exchanges_with("response.create"):
        if exchange.answer is not None:
            yield HELD
    for exchange in overdue(view, "response.create"):
        if exchange.sent.index not in collided and not exchange.sent.entry.deliberate:
            message = "This response.create got neither response.created nor an error."
            yield Finding(exchange.sent.index, message, "response.created", "nothing")


@rules.must(
    "response_create.collision-is-refused",
    about={"response.create"},
    covers=("RSP-12",),
    spec=CREATE,
    relaxed="The running response may end while the second create is on its way; that is no collision.",
)
def collision_is_refused(view: View) -> Judged:
    """A `response.create` while a response runs in the same conversation is answered by an error."""
    late = {exchange.sent.index for exchange in overdue(view, "response.create")}
    for exchange, running in collisions(view):
        begun = exchange.answer
        if begun is not None and not exchange.refused and begun.index < running.last:
            yield Finding(begun.index, f"A second response began while {running.id} ran.", "error", "response.created")
        elif exchange.refused:
            yield HELD
        elif exchange.sent.index in late:
            yield Finding(
                exchange.sent.index, f"A response.create while {running.id} ran got no error.", "error", "nothing"
            )


@rules.should("response_create.collision-has-its-code", about={"error"}, covers=("RSP-12",), spec=CREATE)
def collision_has_its_code(view: View) -> Judged:
    """The refusal of a second response says `conversation_already_has_active_response`."""
    for exchange, _ in collisions(view):
        for error in exchange.refusals[:1]:
            code = string(error.part("error").get("code"))
            if code == ALREADY_ACTIVE:
                yield HELD
            else:
                message = "The refusal of a second response has another code."
                yield Finding(error.index, message, ALREADY_ACTIVE, str(code), "/error/code")


@rules.must(
    "response_create.collision-spares-the-running-response", about={"response.create"}, covers=("RSP-12",), spec=CREATE
)
def collision_spares_the_running_response(view: View) -> Judged:
    """A second `response.create` does not end the response that runs."""
    for exchange, running in collisions(view):
        if running.done is None or view.gap_between(exchange.sent.index, running.last):
            continue
        causes = (*view.client("response.cancel"), *view.server("input_audio_buffer.speech_started"))
        refused = [error for error in exchange.refusals if error.index < running.last]
        apart = running.failed_by_the_service or running.failed_unlike(refused)
        if running.status == "completed":
            yield HELD
        elif running.status == "failed" and refused and not apart:
            message = f"{running.id} failed when a second response.create was refused."
            yield Finding(running.last, message, "it goes on", "failed", "/response/status")
        elif running.status == "cancelled" and not any(each.index < running.last for each in causes):
            message = f"{running.id} was cancelled, and only a second response.create can be the cause."
            yield Finding(running.last, message, "not cancelled", "cancelled", "/response/status")


@rules.must(
    "response_create.one-response-at-a-time",
    about={"response.created"},
    covers=("RSP-11",),
    spec=SERVER_EVENTS + "response/created",
)
def one_response_at_a_time(view: View) -> Judged:
    """At most one response at a time writes to the default conversation."""
    collided = {exchange.answer.index for exchange, _ in collisions(view) if exchange.answer is not None}
    running: Response | None = None
    for response in view.responses:
        if response.created is None or response.out_of_band or response.gapped:
            continue
        began = response.created.index
        if running is not None and not running.open and running.last > began:
            if began not in collided:
                yield Finding(began, f"{response.id} began while {running.id} ran.", f"after entry {running.last}")
        else:
            yield HELD
        running = response


@rules.must(
    "response_create.a-response-answers-one-create",
    about={"response.created"},
    covers=("RSP-01",),
    spec=SERVER_EVENTS + "response/created",
    relaxed="Silent where audio was sent, so that turn detection or a commit may begin responses: others judge those.",
)
def a_response_answers_one_create(view: View) -> Judged:
    """While nobody speaks, each response answers a `response.create` of its own: nothing else begins one."""
    if view.partial or not view.said or not view.types.isdisjoint(SPOKEN | CONTINUING):
        return
    starts = {frame.index for frame in view.unasked_responses}
    overlapping = {later.index for later in _overlapping(view)}
    for frame in view.server("response.created"):
        if frame.index not in starts:
            yield HELD
        elif frame.index not in overlapping:
            name = string(frame.part("response").get("id")) or "A response"
            yield Finding(frame.index, f"{name} began, and nobody had asked for it.", "nothing", "response.created")


def _overlapping(view: View) -> Iterator[Frame]:
    """Yield the beginnings of responses that began while another ran: `one-response-at-a-time` tells them."""
    until = -1
    for response in view.responses:
        if response.created is None or response.out_of_band:
            continue
        if response.created.index < until:
            yield response.created
        until = max(until, response.last)


@rules.must(
    "response_create.out-of-band-has-no-conversation",
    about=OVERRIDES,
    covers=("RSP-13",),
    spec=CREATE,
    left_out=conversations_of_responses,
)
def out_of_band_has_no_conversation(view: View) -> Judged:
    """A response outside the conversation has no `conversation_id`."""
    for response in view.responses:
        shown = response.initial
        if response.asked.get("conversation") != "none" or response.created is None or not shown:
            continue
        if "conversation_id" not in shown and not _shows_conversations(view):
            continue  # an endpoint that never shows it says nothing by its absence
        if shown.get("conversation_id") is None:
            yield HELD
        else:
            message = f"{response.id} was asked to stay out of the conversation."
            yield Finding(response.created.index, message, "null", path="/response/conversation_id")


def _shows_conversations(view: View) -> bool:
    return any(isinstance(each.initial.get("conversation_id"), str) for each in view.responses)


@rules.must("response_create.out-of-band-may-overlap", about=OVERRIDES, covers=("RSP-13",), spec=CREATE)
def out_of_band_may_overlap(view: View) -> Judged:
    """A response outside the conversation is not refused because another one runs."""
    for exchange in view.exchanges_with("response.create"):
        if wants_default(exchange) or not active_at(view, exchange.sent.index):
            continue
        if any(error.part("error").get("code") == ALREADY_ACTIVE for error in exchange.refusals):
            yield Finding(
                exchange.refusals[0].index, "A response outside the conversation was refused as a second one."
            )
        elif exchange.answer is not None:
            yield HELD


@rules.should("response_create.out-of-band-input-stays-outside", about=OVERRIDES, covers=("RSP-27",), spec=CREATE)
def out_of_band_input_stays_outside(view: View) -> Judged:
    """The input items of a response outside the conversation are not added to it."""
    explained = {
        each.answer.index for each in view.exchanges_with("conversation.item.create") if each.answer is not None
    }
    produced = {name for response in view.responses for name in response.items}
    produced |= {name for frame in view.server("input_audio_buffer.committed") if (name := frame.text("item_id"))}
    output = {kind_of(frame.part("item")) for frame in view.server("response.output_item.added")}
    for response in view.responses:
        if response.asked.get("conversation") != "none" or response.open or view.partial or view.turns:
            continue
        given = {kind_of(mapping(item)) for item in listing(response.asked.get("input"))}
        meant = (each for each in view.additions if response.first < each.frame.index < response.last)
        strange = [
            each
            for each in meant
            if each.frame.index not in explained
            and each.item_id not in produced
            and kind_of(each.frame.part("item")) not in output - given
        ]
        for each in strange:
            message = f"{each.item_id} joined the conversation while {response.id} ran outside of it."
            yield Finding(each.frame.index, message, "no item", "conversation.item.added")
        if given and not strange:
            yield HELD
