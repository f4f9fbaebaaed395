"""The order of events inside a response, as data.

Everything that we know about order inside a response is in this file, and nothing else is:
what an event *says* is judged by the other chapters.

Theory of operation
===================

A response is a nest of four kinds of span, each opened by one event and closed by another:

    response        response.created … response.done
      output item     response.output_item.added … response.output_item.done
        content part    response.content_part.added … response.content_part.done
          stream          (its first delta) … response.output_text.done

A part holds up to three streams (text, audio, transcript); a function call holds one, its arguments,
directly and without a content part.  Each span owes at most five things, which we call edges:

    FIRST    no event of the span comes before the event that opens it
    ONCE     the opening (closing) event comes at most once
    COMES    a span that was opened is closed before its response ends
    LAST     nothing of the span follows the event that closes it
    BEFORE   one event comes before another about the same item (the link to the conversation)

`EDGES` is the whole truth: one line an edge, each of which becomes one rule with its own id.
`docs/ordering.md` is `page()`: the graph that `automaton` draws from the same two tables, and the edges.

The order is partial, on purpose.  Recordings of real endpoints show items of one response that interleave,
audio and transcript deltas in any mixture, `rate_limits.updated` and transcription events anywhere,
and `audio.done` on either side of `transcript.done`.  So there is no edge between siblings.
`conversation.item.done` has none either: it was seen before `response.output_item.done` each time,
but nothing promises that.

Whom to blame
=============

One fault shall be one finding.  Therefore the outermost span speaks: a delta after `response.done` is late for
its stream, its part, its item and its response, and only the response says so; an event of an item that was never
opened says nothing about parts.  A missing `done` belongs to COMES, and LAST is silent then.

A recording may stop anywhere.  What never came is held against the endpoint only where its response is
over (and no gap in the recording lies within), or where somebody waited for it in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.rules.engine.rule import Keyword


class Relation(StrEnum):
    """What an edge demands; see the head of this file."""

    FIRST = "opens"
    ONCE = "comes once"
    COMES = "comes"
    LAST = "closes"
    BEFORE = "precedes"


@dataclass(frozen=True, slots=True)
class Nest:
    """One kind of span."""

    opened_by: str | None
    """None: the first delta opens it."""
    closed_by: str
    inside: str | None
    """The kind of span around it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One demand; `nest` is the kind of span it is about."""

    id: str
    nest: str
    relation: Relation
    event: str
    covers: tuple[str, ...]
    sentence: str
    keyword: Keyword = Keyword.MUST
    other: str = ""
    """BEFORE: the later event.  COMES: the event that begins what is owed, where that does not open the span."""
    relaxed: str = ""


NESTS = {
    "response": Nest("response.created", "response.done", None),
    "output item": Nest("response.output_item.added", "response.output_item.done", "response"),
    "content part": Nest("response.content_part.added", "response.content_part.done", "output item"),
    "output_text": Nest(None, "response.output_text.done", "content part"),
    "output_audio": Nest(None, "response.output_audio.done", "content part"),
    "output_audio_transcript": Nest(None, "response.output_audio_transcript.done", "content part"),
    "function_call_arguments": Nest(None, "response.function_call_arguments.done", "output item"),
}

FIRST, ONCE, COMES, LAST, BEFORE = Relation

# fmt: off
EDGES = (
    Edge("ordering.response-created-is-first", "response", FIRST, "response.created", ("RSP-01", "RSP-03"),
         "No event names a response before its `response.created`."),
    Edge("ordering.response-created-comes-once", "response", ONCE, "response.created", ("RSP-01",),
         "A response is created once: its id is never used again."),
    Edge("ordering.response-done-comes", "response", COMES, "response.done", ("RSP-04", "RSP-25", "ERR-09"),
         "Every response that was created ends with `response.done`, whatever became of it."),
    Edge("ordering.response-done-comes-once", "response", ONCE, "response.done", ("RSP-04",),
         "A response has one `response.done`."),
    Edge("ordering.response-done-is-last", "response", LAST, "response.done", ("RSP-05",),
         "Nothing that belongs to a response follows its `response.done`.",
         relaxed="Output buffer events of WebRTC calls follow it and are left out: they are no part of the response."),

    Edge("ordering.output-item-added-is-first", "output item", FIRST, "response.output_item.added", ("STR-01",),
         "No event names an output item before its `response.output_item.added`."),
    Edge("ordering.output-item-added-comes-once", "output item", ONCE, "response.output_item.added", ("STR-01",),
         "An output item is added once."),
    Edge("ordering.output-item-done-comes", "output item", COMES, "response.output_item.done", ("RSP-19", "STR-13"),
         "Every output item is closed by `response.output_item.done` before its response ends, even a cut off one."),
    Edge("ordering.output-item-done-comes-once", "output item", ONCE, "response.output_item.done", ("STR-13",),
         "An output item has one `response.output_item.done`."),
    Edge("ordering.output-item-done-is-last", "output item", LAST, "response.output_item.done", ("STR-13",),
         "No event of an output item follows its `response.output_item.done`."),
    Edge("ordering.output-item-joins-the-conversation", "output item", COMES, "conversation.item.added", ("STR-03",),
         "An output item of the default conversation is announced there as well.",
         other="response.output_item.added"),
    Edge("ordering.output-item-is-added-before-it-joins", "output item", BEFORE, "response.output_item.added",
         ("STR-03",), "`response.output_item.added` comes before the conversation announces the item.",
         Keyword.SHOULD, other="conversation.item.added",
         relaxed="Only observed (24 recordings of 24), and shown in a vendor's table; the reference does not say it."),
    Edge("ordering.output-item-joins-before-its-parts", "output item", BEFORE, "conversation.item.added", ("STR-03",),
         "The conversation announces an output item before the first of its content parts.",
         other="response.content_part.added"),

    Edge("ordering.content-part-added-is-first", "content part", FIRST, "response.content_part.added", ("STR-04",),
         "No event of a content part comes before its `response.content_part.added`."),
    Edge("ordering.content-part-added-comes-once", "content part", ONCE, "response.content_part.added", ("STR-04",),
         "A content part is added once."),
    Edge("ordering.content-part-done-comes", "content part", COMES, "response.content_part.done", ("RSP-19", "STR-13"),
         "Every content part is closed by `response.content_part.done` before its response ends, even a cut off one."),
    Edge("ordering.content-part-done-comes-once", "content part", ONCE, "response.content_part.done", ("STR-13",),
         "A content part has one `response.content_part.done`."),
    Edge("ordering.content-part-done-is-last", "content part", LAST, "response.content_part.done", ("STR-12",),
         "What is streamed into a content part, and the end of it, comes before its `response.content_part.done`."),

    Edge("ordering.text-done-comes", "output_text", COMES, "response.output_text.done", ("STR-14", "RSP-19"),
         "Streamed text is closed by its done event."),
    Edge("ordering.text-done-comes-once", "output_text", ONCE, "response.output_text.done", ("STR-14",),
         "Streamed text is closed once."),
    Edge("ordering.text-done-is-last", "output_text", LAST, "response.output_text.done", ("STR-14",),
         "No text delta follows the done event of its text."),
    Edge("ordering.audio-done-comes", "output_audio", COMES, "response.output_audio.done", ("STR-14", "RSP-19"),
         "Streamed audio is closed by its done event."),
    Edge("ordering.audio-done-comes-once", "output_audio", ONCE, "response.output_audio.done", ("STR-14",),
         "Streamed audio is closed once."),
    Edge("ordering.audio-done-is-last", "output_audio", LAST, "response.output_audio.done", ("STR-14",),
         "No audio delta follows the done event of its audio."),
    Edge("ordering.transcript-done-comes", "output_audio_transcript", COMES, "response.output_audio_transcript.done",
         ("STR-14", "RSP-19"), "A streamed transcript is closed by its done event."),
    Edge("ordering.transcript-done-comes-once", "output_audio_transcript", ONCE,
         "response.output_audio_transcript.done", ("STR-14",), "A streamed transcript is closed once."),
    Edge("ordering.transcript-done-is-last", "output_audio_transcript", LAST, "response.output_audio_transcript.done",
         ("STR-14",), "No transcript delta follows the done event of its transcript."),
    Edge("ordering.arguments-done-comes", "function_call_arguments", COMES, "response.function_call_arguments.done",
         ("STR-14", "STR-20", "RSP-19"), "The arguments of a call are closed by a done event of their own."),
    Edge("ordering.arguments-done-comes-once", "function_call_arguments", ONCE, "response.function_call_arguments.done",
         ("STR-14",), "The arguments of a call are closed once."),
    Edge("ordering.arguments-done-is-last", "function_call_arguments", LAST, "response.function_call_arguments.done",
         ("STR-14",), "No arguments delta follows the done event of its arguments."),
)
# fmt: on
