"""Usage against our own count: seconds of audio, what was said between two responses, what was streamed.

Audio has a known rate, a conversation grows by what is said in it, and silence costs no audio tokens.
All of it is approximate on purpose: the guide warns of small variations.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import GUIDE, HELD, SECOND_RESPONSE, SERVER_EVENTS, Chapter, Judged
from conformance.rules.usage.ledger import blame
from conformance.rules.usage.token_limits import token_limit
from conformance.trace.frames import listing, mapping
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trace.input_buffer import Commit
    from conformance.trace.ledger import LedgerEntry
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("metering")

DONE = SERVER_EVENTS + "response/done"
TRANSCRIBED = SERVER_EVENTS + "conversation/item/input_audio_transcription/completed"
COSTS = GUIDE + "realtime-costs"
ABOUT = frozenset({"response.done"})
TRANSCRIPTION = frozenset({"conversation.item.input_audio_transcription.completed"})

#: Audio tokens a second, and how far off a count may be (tokens, share).  Source: the guide on costs.
USER_RATE, ASSISTANT_RATE = 10, 20
TOLERANCE = 3, 0.15
#: More than any endpoint adds around one item of the conversation, in tokens.
ITEM_OVERHEAD = 16
CHANGES_THE_INPUT = ("session.update", "conversation.item.delete", "conversation.item.truncate")


@rules.should("metering.text-response-has-no-audio-output", about=ABOUT, covers=("USE-08",), spec=COSTS)
def text_response_has_no_audio_output(view: View) -> Judged:
    """A response of text only has no audio output tokens."""
    for line in view.ledger.responses:
        count, final = line.counts["output_audio"], line.response.final if line.response is not None else {}
        shown = view.dialect.response_setting(final, "modalities")
        if shown != ["text"] or count is None:
            continue
        if count == 0:
            yield HELD
        else:
            yield blame(line, "is text only.", "no audio tokens", count)


@rules.should("metering.no-audio-costs-no-audio-input", about=ABOUT, covers=("USE-08",), spec=COSTS)
def no_audio_costs_no_audio_input(view: View) -> Judged:
    """While nobody has spoken, there are no audio input tokens."""
    if view.one_sided:
        return
    first = _first_sound(view)
    for line in view.ledger.responses:
        count = line.counts["input_audio"]
        if count is None or line.frame.index > first:
            continue
        if count == 0:
            yield HELD
        else:
            yield blame(line, "has audio input; none was sent.", 0, count)


@rules.should("metering.pictures-are-counted", about=ABOUT, covers=("USE-16",), spec=COSTS)
def pictures_are_counted(view: View) -> Judged:
    """A completed response to a conversation with a picture counts image tokens, where it counts any kind of tokens."""
    shown = [each.frame.index for each in view.additions if _holds_picture(each.frame.part("item"))]
    if view.partial or not shown or view.client("conversation.item.delete"):
        return
    for line in view.ledger.responses:
        response = line.response
        if response is None or response.out_of_band or response.status != "completed" or response.first < shown[0]:
            continue
        count = line.counts["input_image"]
        if count:
            yield HELD
        elif count == 0 or line.counts["input_text"] is not None:
            yield blame(line, "has no image tokens; a picture is in the conversation.", "some", str(count))


def _holds_picture(item: Mapping[str, Any]) -> bool:
    return any(mapping(part).get("type") == "input_image" for part in listing(item.get("content")))


def _first_sound(view: View) -> int:
    """Return the index of the first event that puts audio into the conversation."""
    found = [frame.index for frame in view.client("input_audio_buffer.append")[:1]]
    found += [turn.first for turn in view.turns[:1]]
    found += [line.frame.index for line in view.ledger.responses if line.counts["output_audio"]][:1]
    found += [frame.index for frame in view.client("conversation.item.create") if _holds_audio(frame.part("item"))]
    found += [each.first for each in view.responses if any(map(_holds_audio, listing(each.asked.get("input"))))]
    found += view.gaps[:1]
    return min(found, default=len(view.frames))


def _holds_audio(item: object) -> bool:
    content = listing(mapping(item).get("content"))
    return any(mapping(part).get("type") in ("input_audio", "audio", "output_audio") for part in content) or (
        mapping(item).get("type") == "item_reference"
    )


def _near(count: int, expected: float) -> bool:
    return abs(count - expected) <= max(TOLERANCE[0], TOLERANCE[1] * expected)


@rules.should(
    "metering.output-audio-has-its-rate", about={"response.output_audio.delta"}, covers=("USE-09",), spec=COSTS
)
def output_audio_has_its_rate(view: View) -> Judged:
    """Audio output is about 20 tokens a second."""
    for line in view.ledger.responses:
        count = line.counts["output_audio"]
        if count is None or not line.seconds or line.status != "completed":
            continue
        expected = line.seconds * ASSISTANT_RATE
        if _near(count, expected):
            yield HELD
        else:
            yield blame(line, f"streamed {line.seconds:.2f} s of audio.", f"about {expected:.0f} tokens", count)


@rules.should(
    "metering.input-audio-has-its-rate",
    about={"input_audio_buffer.commit"},
    covers=("USE-09",),
    spec=COSTS,
    relaxed="Only where the client commits by itself and nothing else was spoken: turn detection drops silence.",
)
def input_audio_has_its_rate(view: View) -> Judged:
    """Audio input is about 10 tokens a second."""
    if view.turns or view.gaps or not view.commits:
        return
    other, sums = _other_audio_from(view), _committed_until(view)
    for line in view.ledger.responses:
        count, length = line.counts["input_audio"], _committed_before(line, other, sums)
        if count is None or not length or line.status != "completed":
            continue
        expected = length * USER_RATE
        if _near(count, expected):
            yield HELD
        else:
            yield blame(line, f"had heard {length:.2f} s of audio.", f"about {expected:.0f} tokens", count)


def _other_audio_from(view: View) -> int:
    """Return the index of the first event after which a response's input may hold audio that nobody committed."""
    found = [frame.index for frame in view.client(*CHANGES_THE_INPUT[1:])]
    found += [0 for frame in view.client("conversation.item.create") if _holds_audio(frame.part("item"))]
    found += [line.frame.index for line in view.ledger.responses if line.counts["output_audio"]]
    return min(found, default=len(view.frames))


def _committed_until(view: View) -> tuple[list[int], list[float | None]]:
    """Return where each commit was acknowledged, and the seconds committed until then; None once one is unknown."""
    answered = sorted(
        ((answer.index, each.milliseconds) for each in view.commits if (answer := each.exchange.answer) is not None),
        key=lambda pair: pair[0],
    )
    sums: list[float | None] = []
    total: float | None = 0.0
    for _, length in answered:
        total = None if total is None or length is None else total + length / 1000
        sums.append(total)
    return [index for index, _ in answered], sums


def _committed_before(line: LedgerEntry, other: int, committed: tuple[list[int], list[float | None]]) -> float | None:
    """Return the seconds committed before a response; None if unknown, or if other audio may be in its input."""
    if line.response is None or line.response.out_of_band or other < line.response.first:
        return None
    places, sums = committed
    number = bisect_left(places, line.response.first)
    return sums[number - 1] if number else None


@gathered
def _following(view: View) -> Iterator[tuple[LedgerEntry, LedgerEntry]]:
    """Yield each two responses of one growing conversation that follow each other."""
    lines = [line for line in view.ledger.responses if line.response is not None and not line.response.out_of_band]
    for earlier, later in pairwise(lines):
        if not (earlier.counts["input"] and later.counts["input"]) or view.gaps or view.turns:
            continue
        between = (frame for frame in view.client(*CHANGES_THE_INPUT) if frame.index < later.frame.index)
        if any(_overrides(each.response) for each in (earlier, later)) or earlier.status != "completed":
            continue
        if token_limit(view, later.frame.index) is not None:
            continue  # old items are left out
        if not any(_first(earlier) < frame.index for frame in between):
            yield earlier, later


def _first(line: LedgerEntry) -> int:
    return line.response.first if line.response is not None else line.frame.index


def _overrides(response: Response | None) -> bool:
    return response is None or not response.asked.keys().isdisjoint({"instructions", "tools", "input", "prompt"})


@rules.should("metering.input-does-not-shrink", about=SECOND_RESPONSE, covers=("USE-10",), spec=COSTS)
def input_does_not_shrink(view: View) -> Judged:
    """In a conversation that grows, the input of a response is no smaller than that of the one before."""
    for earlier, later in _following(view):
        before, after = earlier.counts["input"] or 0, later.counts["input"] or 0
        if before <= after:
            yield HELD
        else:
            yield blame(later, f"has less input than {earlier.id}.", f"at least {before}", after)


@rules.should("metering.is-counted-per-response", about=SECOND_RESPONSE, covers=("USE-10",), spec=COSTS)
def is_counted_per_response(view: View) -> Judged:
    """The input of a response grows by what was said since the one before, not by the whole session again."""
    for earlier, later in _following(view):
        before, after, produced = earlier.counts["input"], later.counts["input"], earlier.counts["output"]
        said = _said_between(view, _first(earlier), _first(later))
        if before is None or after is None or produced is None or said is None:
            continue
        most = before + produced + said
        if after <= most:
            yield HELD
        else:
            yield blame(later, f"counts input again that {earlier.id} has counted.", f"at most {most}", after)


def _said_between(view: View, first: int, last: int) -> int | None:
    """Return a bound for the tokens of what the client added: a token is at least a byte.  None if it holds media."""
    bound = 2 * ITEM_OVERHEAD
    for frame in view.client("conversation.item.create", "input_audio_buffer.append"):
        if not first < frame.index < last:
            continue
        if frame.type != "conversation.item.create":
            return None
        item = frame.part("item")
        parts = [mapping(part) for part in listing(item.get("content"))]
        texts = [item.get("output"), item.get("arguments"), item.get("name"), *(part.get("text") for part in parts)]
        if any(part.get("type") not in ("input_text", "output_text", "text") for part in parts):
            return None
        bound += ITEM_OVERHEAD + sum(
            len(text.encode("utf-8", "surrogatepass")) for text in texts if isinstance(text, str)
        )
    return bound


@rules.should("metering.completed-counts-its-output", about=ABOUT, covers=("USE-12",), spec=DONE)
def completed_counts_its_output(view: View) -> Judged:
    """A completed response that streamed something has output tokens."""
    for line in view.ledger.responses:
        count = line.counts["output"]
        streamed = line.response is not None and any(item.streams for item in line.response.items.values())
        if line.status != "completed" or count is None or not streamed:
            continue
        if count > 0:
            yield HELD
        else:
            yield blame(line, "streamed output and counts none.", "more than 0", count, "/response/usage/output_tokens")


def _transcribed(view: View) -> Iterator[tuple[LedgerEntry, Commit]]:
    """Yield each transcription with the commit whose audio it transcribes."""
    committed = {
        name: each
        for each in view.commits
        if each.exchange.answer is not None and (name := each.exchange.answer.text("item_id")) is not None
    }
    for line in view.ledger.transcriptions:
        if line.id in committed and committed[line.id].milliseconds:
            yield line, committed[line.id]


@rules.should(
    "metering.transcription-seconds-match-the-audio", about=TRANSCRIPTION, covers=("USE-14",), spec=TRANSCRIBED
)
def transcription_seconds_match_the_audio(view: View) -> Judged:
    """A transcription in seconds is as long as its audio, to a second."""
    for line, commit in _transcribed(view):
        length = (commit.milliseconds or 0) / 1000
        if line.seconds is None or line.usage.get("type") != "duration":
            continue
        if abs(line.seconds - length) <= max(1.0, TOLERANCE[1] * length):
            yield HELD
        else:
            yield blame(line, f"was {length:.2f} s long.", f"about {length:.0f} s", line.seconds, "/usage/seconds")


@rules.should("metering.transcription-audio-has-its-rate", about=TRANSCRIPTION, covers=("USE-14", "USE-09"), spec=COSTS)
def transcription_audio_has_its_rate(view: View) -> Judged:
    """A transcription in tokens has about 10 audio tokens a second."""
    for line, commit in _transcribed(view):
        count, length = line.counts["input_audio"], (commit.milliseconds or 0) / 1000
        if count is None:
            continue
        if _near(count, length * USER_RATE):
            yield HELD
        else:
            yield blame(line, f"was {length:.2f} s long.", f"about {length * USER_RATE:.0f} tokens", count)
