"""Endpoints that keep no order inside a response: one mutant for each edge of the ordering table."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from conformance.mutants.changes import adding_after, dropping, holding, repeating
from conformance.mutants.edits import both, is_output, noting
from conformance.mutants.mutant import Fault, FaultTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART, PART_DONE = "response.content_part.added", "response.content_part.done"
TEXT_TURN = "response/text_turn"


@faults.mutant(killed_by="ordering.response-created-is-first", during=TEXT_TURN, like="delta-before-item-added")
def item_before_its_response(_dialect: Dialect) -> Fault:
    """The first item is added before the response is created."""
    return holding(lambda event: event["type"] in ("response.created", "rate_limits.updated"), ADDED)


@faults.mutant(killed_by="ordering.response-created-comes-once", during="response/two_turns", like="id-prefix-wrong")
def response_id_used_again(_dialect: Dialect) -> Fault:
    """All responses of a session have the same id."""
    return Fault(sends=_under_one_id)


def _under_one_id(event: Event) -> Iterable[Event]:
    changed = deepcopy(event)
    if "response_id" in changed:
        changed["response_id"] = "resp_constant"
    if isinstance(changed.get("response"), dict):
        changed["response"]["id"] = "resp_constant"
    yield changed


@faults.mutant(killed_by="ordering.response-done-comes", during=TEXT_TURN, like="response-done-never")
def response_never_ends(_dialect: Dialect) -> Fault:
    """No response is ever done."""
    return dropping("response.done")


@faults.mutant(
    killed_by="ordering.response-done-comes", during="response/failure", like="response-done-missing-on-text-error"
)
def failure_told_by_an_error_only(_dialect: Dialect) -> Fault:
    """A response that fails is told by an `error`, and never ends."""

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] != "response.done" or event["response"]["status"] != "failed":
            yield event
            return
        told = {"type": "server_error", "code": None, "message": "It failed.", "param": None, "event_id": None}
        yield {"type": "error", "event_id": event["event_id"], "error": told}

    return Fault(sends=sends)


@faults.mutant(killed_by="ordering.response-done-comes-once", during=TEXT_TURN, like="response-done-twice")
def response_ends_twice(_dialect: Dialect) -> Fault:
    """Every response is done twice."""
    return repeating("response.done")


@faults.mutant(killed_by="ordering.response-done-is-last", during=TEXT_TURN, like="late-delta-after-cancel")
def delta_follows_its_response(_dialect: Dialect) -> Fault:
    """A text delta arrives after `response.done`."""
    deltas: list[Event] = []
    late = adding_after("response.done", lambda _: deltas[-1:])
    return both(noting("response.output_text.delta", deltas), late)


@faults.mutant(killed_by="ordering.output-item-added-is-first", during=TEXT_TURN, like="delta-before-item-added")
def part_before_its_item(_dialect: Dialect) -> Fault:
    """A content part is added before its output item."""
    return holding(lambda event: event["type"] == ADDED, PART)


@faults.mutant(killed_by="ordering.output-item-added-comes-once", during=TEXT_TURN)
def item_added_twice(_dialect: Dialect) -> Fault:
    """Every output item is added twice."""
    return repeating(ADDED)


@faults.mutant(killed_by="ordering.output-item-done-comes", during=TEXT_TURN, like="done-chain-incomplete")
def item_never_done(_dialect: Dialect) -> Fault:
    """No output item is ever done."""
    return dropping(DONE)


@faults.mutant(killed_by="ordering.output-item-done-comes", during="response/cancel", like="done-chain-incomplete")
def item_left_open_by_a_cancel(_dialect: Dialect) -> Fault:
    """The item of a cancelled response is never done."""
    return Fault(
        sends=lambda event: () if event["type"] == DONE and event["item"]["status"] == "incomplete" else (event,)
    )


@faults.mutant(killed_by="ordering.output-item-done-comes-once", during=TEXT_TURN)
def item_done_twice(_dialect: Dialect) -> Fault:
    """Every output item is done twice."""
    return repeating(DONE)


@faults.mutant(killed_by="ordering.output-item-done-is-last", during=TEXT_TURN)
def part_outlives_its_item(_dialect: Dialect) -> Fault:
    """A content part ends after its output item."""
    return holding(lambda event: event["type"] == PART_DONE, DONE)


@faults.mutant(killed_by="ordering.output-item-joins-the-conversation", during=TEXT_TURN)
def output_stays_out_of_the_conversation(_dialect: Dialect) -> Fault:
    """Output items are never announced in the conversation."""
    return Fault(sends=lambda event: () if is_output(event) else (event,))


@faults.mutant(killed_by="ordering.output-item-is-added-before-it-joins", during=TEXT_TURN)
def item_joins_before_it_is_added(_dialect: Dialect) -> Fault:
    """The conversation announces an output item before the response does."""
    return holding(lambda event: event["type"] == ADDED, "conversation.item.added")


@faults.mutant(
    killed_by="ordering.output-item-joins-before-its-parts", during=TEXT_TURN, like="delta-before-item-added"
)
def part_before_its_item_joined(_dialect: Dialect) -> Fault:
    """The conversation announces an output item after its first part."""
    return holding(lambda event: event["type"] == "conversation.item.added" and is_output(event), PART)


@faults.mutant(killed_by="ordering.content-part-added-is-first", during=TEXT_TURN, like="delta-before-item-added")
def delta_before_its_part(_dialect: Dialect) -> Fault:
    """The first delta comes before its content part."""
    return holding(lambda event: event["type"] == PART, "response.output_text.delta")


@faults.mutant(killed_by="ordering.content-part-added-comes-once", during=TEXT_TURN)
def part_added_twice(_dialect: Dialect) -> Fault:
    """Every content part is added twice."""
    return repeating(PART)


@faults.mutant(killed_by="ordering.content-part-done-comes", during=TEXT_TURN, like="done-chain-incomplete")
def part_never_done(_dialect: Dialect) -> Fault:
    """No content part is ever done."""
    return dropping(PART_DONE)


@faults.mutant(killed_by="ordering.content-part-done-comes-once", during=TEXT_TURN)
def part_done_twice(_dialect: Dialect) -> Fault:
    """Every content part is done twice."""
    return repeating(PART_DONE)


@faults.mutant(killed_by="ordering.content-part-done-is-last", during=TEXT_TURN)
def text_outlives_its_part(_dialect: Dialect) -> Fault:
    """A text ends after its content part."""
    return holding(lambda event: event["type"] == "response.output_text.done", PART_DONE)


#: Stream -> how its rules are called, and a scenario that streams it.
STREAMS = {
    "output_text": ("text", TEXT_TURN),
    "output_audio": ("audio", "response/audio_turn"),
    "output_audio_transcript": ("transcript", "response/audio_turn"),
    "function_call_arguments": ("arguments", "tools/forced_call"),
}


def _delta_after(stream: str) -> Fault:
    """Send one more delta after the stream's end; two bytes of silence where it is audio."""
    delta = "AAA=" if stream == "output_audio" else " "

    def late(event: Event) -> Iterable[Event]:
        kept = {key: value for key, value in event.items() if key not in ("text", "transcript", "arguments", "name")}
        yield {**kept, "type": f"response.{stream}.delta", "delta": delta}

    return adding_after(f"response.{stream}.done", late)


WAYS: dict[str, tuple[str, str, str, Callable[[str], Fault]]] = {
    "comes": (
        "never-done",
        "done-chain-incomplete",
        "No {} is ever done.",
        lambda name: dropping(f"response.{name}.done"),
    ),
    "comes-once": (
        "done-twice",
        "done-chunk-level",
        "Every {} is done twice.",
        lambda name: repeating(f"response.{name}.done"),
    ),
    "is-last": (
        "delta-after-its-end",
        "late-delta-after-cancel",
        "A delta follows the done event of its {}.",
        _delta_after,
    ),
}


def _register(stream: str, edge: str) -> None:
    name, during = STREAMS[stream]
    called, like, sentence, fault = WAYS[edge]

    def make(_dialect: Dialect) -> Fault:
        return fault(stream)

    make.__name__, make.__doc__ = f"{name}_{called}", sentence.format(name)
    faults.mutant(killed_by=f"ordering.{name}-done-{edge}", during=during, like=like)(make)


for _stream in STREAMS:
    for _edge in WAYS:
        _register(_stream, _edge)
