"""Endpoints that keep no order inside a response: one mutant for each edge of the ordering table."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from conformance.mutants.edits import is_output
from conformance.mutants.mutant import Fault, FaultTable, Row
from conformance.mutants.operators import adding_after, both, dropping, dropping_where, holding, noting, repeating
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

ADDED, DONE = "response.output_item.added", "response.output_item.done"
PART, PART_DONE = "response.content_part.added", "response.content_part.done"
TEXT_TURN = "response/text_turn"


def _under_one_id(event: Event) -> Iterable[Event]:
    changed = deepcopy(event)
    if "response_id" in changed:
        changed["response_id"] = "resp_constant"
    if isinstance(changed.get("response"), dict):
        changed["response"]["id"] = "resp_constant"
    yield changed


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


@faults.mutant(killed_by="ordering.response-done-is-last", during=TEXT_TURN, like="late-delta-after-cancel")
def delta_follows_its_response(_dialect: Dialect) -> Fault:
    """A text delta arrives after `response.done`."""
    deltas: list[Event] = []

    def of_the_same(done: Event) -> list[Event]:  # another response may be speaking: its text stays whole
        return [each for each in deltas if each["response_id"] == done["response"]["id"]][-1:]

    late = adding_after("response.done", of_the_same)
    return both(noting("response.output_text.delta", deltas), late)


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


def _stream_rows(stream: str, name: str, during: str) -> Iterable[Row]:
    """Return the three ways in which a stream can end wrongly."""
    done, rule = f"response.{stream}.done", f"ordering.{name}-done"
    # fmt: off
    return (
        (f"{name}-never-done", f"{rule}-comes", during, "done-chain-incomplete",
         f"No {name} is ever done.", lambda _: dropping(done)),
        (f"{name}-done-twice", f"{rule}-comes-once", during, "done-chunk-level",
         f"Every {name} is done twice.", lambda _: repeating(done)),
        (f"{name}-delta-after-its-end", f"{rule}-is-last", during, "late-delta-after-cancel",
         f"A delta follows the done event of its {name}.", lambda _: _delta_after(stream)),
    )
    # fmt: on


for _stream, (_name, _during) in STREAMS.items():
    faults.rows(*_stream_rows(_stream, _name, _during))

# fmt: off
faults.rows(
    ("item-before-its-response", "ordering.response-created-is-first", TEXT_TURN, "delta-before-item-added",
     "The first item is added before the response is created.",
     lambda _: holding(lambda event: event["type"] in ("response.created", "rate_limits.updated"), ADDED)),
    ("response-id-used-again", "ordering.response-created-comes-once", "response/two_turns", "id-prefix-wrong",
     "All responses of a session have the same id.", lambda _: Fault(sends=_under_one_id)),
    ("response-never-ends", "ordering.response-done-comes", TEXT_TURN, "response-done-never",
     "No response is ever done.", lambda _: dropping("response.done")),
    ("response-ends-twice", "ordering.response-done-comes-once", TEXT_TURN, "response-done-twice",
     "Every response is done twice.", lambda _: repeating("response.done")),
    ("part-before-its-item", "ordering.output-item-added-is-first", TEXT_TURN, "delta-before-item-added",
     "A content part is added before its output item.", lambda _: holding(lambda event: event["type"] == ADDED, PART)),
    ("item-added-twice", "ordering.output-item-added-comes-once", TEXT_TURN, "",
     "Every output item is added twice.", lambda _: repeating(ADDED)),
    ("item-never-done", "ordering.output-item-done-comes", TEXT_TURN, "done-chain-incomplete",
     "No output item is ever done.", lambda _: dropping(DONE)),
    ("item-left-open-by-a-cancel", "ordering.output-item-done-comes", "response/cancel", "done-chain-incomplete",
     "The item of a cancelled response is never done.",
     lambda _: dropping_where(lambda event: event["type"] == DONE and event["item"]["status"] == "incomplete")),
    ("item-done-twice", "ordering.output-item-done-comes-once", TEXT_TURN, "",
     "Every output item is done twice.", lambda _: repeating(DONE)),
    ("part-outlives-its-item", "ordering.output-item-done-is-last", TEXT_TURN, "",
     "A content part ends after its output item.", lambda _: holding(lambda event: event["type"] == PART_DONE, DONE)),
    ("output-stays-out-of-the-conversation", "ordering.output-item-joins-the-conversation", TEXT_TURN, "",
     "Output items are never announced in the conversation.",
     lambda _: dropping_where(is_output)),
    ("item-joins-before-it-is-added", "ordering.output-item-is-added-before-it-joins", TEXT_TURN, "",
     "The conversation announces an output item before the response does.",
     lambda _: holding(lambda event: event["type"] == ADDED, "conversation.item.added")),
    ("part-before-its-item-joined", "ordering.output-item-joins-before-its-parts", TEXT_TURN, "delta-before-item-added",
     "The conversation announces an output item after its first part.",
     lambda _: holding(lambda event: event["type"] == "conversation.item.added" and is_output(event), PART)),
    ("delta-before-its-part", "ordering.content-part-added-is-first", TEXT_TURN, "delta-before-item-added",
     "The first delta comes before its content part.",
     lambda _: holding(lambda event: event["type"] == PART, "response.output_text.delta")),
    ("part-added-twice", "ordering.content-part-added-comes-once", TEXT_TURN, "",
     "Every content part is added twice.", lambda _: repeating(PART)),
    ("part-never-done", "ordering.content-part-done-comes", TEXT_TURN, "done-chain-incomplete",
     "No content part is ever done.", lambda _: dropping(PART_DONE)),
    ("part-done-twice", "ordering.content-part-done-comes-once", TEXT_TURN, "",
     "Every content part is done twice.", lambda _: repeating(PART_DONE)),
    ("text-outlives-its-part", "ordering.content-part-done-is-last", TEXT_TURN, "",
     "A text ends after its content part.",
     lambda _: holding(lambda event: event["type"] == "response.output_text.done", PART_DONE)),
)
