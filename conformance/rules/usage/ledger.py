"""Usage: the ledger cross-footed.  Sums are sums, parts fit their wholes, names are those of the reference.

Whether the numbers fit what was really said is judged in `metering`.
Cancelled, failed and incomplete responses may have no usage, or zeros: no document says.
What they do tell must add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.frames import mapping, quoted, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trace.ledger import LedgerEntry
    from conformance.trace.views import View

rules = Chapter("usage")

DONE = SERVER_EVENTS + "response/done"
TRANSCRIBED = SERVER_EVENTS + "conversation/item/input_audio_transcription/completed"
ABOUT = frozenset({"response.done"})
#: The counts that every usage has; the others may be null.
TOTALS = ("total_tokens", "input_tokens", "output_tokens")
#: How deep details lie in details.
DEEPEST = 3
TRANSCRIPTION = frozenset({"conversation.item.input_audio_transcription.completed"})


def blame(line: LedgerEntry, message: str, expected: object, actual: object, path: str = "") -> Finding:
    """Make a finding about a line of the ledger."""
    return Finding(line.frame.index, f"{line.id} {message}", str(expected), str(actual), path)


def numbers(line: LedgerEntry, *names: str) -> tuple[int, ...] | None:
    """Return counts of a line; None if one of them is unknown."""
    found = [count for name in names if (count := line.counts[name]) is not None]
    return tuple(found) if len(found) == len(names) else None


@rules.must("usage.total-is-the-sum", about=ABOUT, covers=("USE-01",), spec=DONE)
def total_is_the_sum(view: View) -> Judged:
    """All tokens are the input tokens and the output tokens."""
    for line in view.ledger.responses:
        if (counts := numbers(line, "total", "input", "output")) is None:
            continue
        total, given, produced = counts
        if total == given + produced:
            yield HELD
        else:
            yield blame(line, f"adds {given} and {produced}.", given + produced, total, "/response/usage/total_tokens")


@rules.must("usage.input-is-the-sum-of-its-kinds", about=ABOUT, covers=("USE-02",), spec=DONE)
def input_is_the_sum_of_its_kinds(view: View) -> Judged:
    """The input tokens are those of text, audio and images."""
    for line in view.ledger.responses:
        if (counts := numbers(line, "input", "input_text", "input_audio")) is None:
            continue
        total, made = counts[0], sum(counts[1:]) + (line.counts["input_image"] or 0)
        if total == made:
            yield HELD
        else:
            yield blame(line, "details other input than it counts.", total, made, "/response/usage/input_token_details")


@rules.should(
    "usage.output-is-the-sum-of-its-kinds",
    about=ABOUT,
    covers=("USE-03",),
    spec=DONE,
    relaxed="Models that reason count reasoning tokens beside text or within it.",
)
def output_is_the_sum_of_its_kinds(view: View) -> Judged:
    """The output tokens are those of text and audio, and of reasoning where there is any."""
    for line in view.ledger.responses:
        if (counts := numbers(line, "output", "output_text", "output_audio")) is None:
            continue
        total, made = counts[0], sum(counts[1:])
        if made <= total <= made + (line.counts["reasoning"] or 0):
            yield HELD
        else:
            yield blame(
                line, "details other output than it counts.", total, made, "/response/usage/output_token_details"
            )


@rules.must("usage.cached-is-part-of-the-input", about=ABOUT, covers=("USE-04",), spec=DONE)
def cached_is_part_of_the_input(view: View) -> Judged:
    """Cached tokens are part of the input tokens."""
    for line in view.ledger.responses:
        if (counts := numbers(line, "cached", "input")) is None:
            continue
        if counts[0] <= counts[1]:
            yield HELD
        else:
            yield blame(line, "has more cached input than input.", f"at most {counts[1]}", counts[0])


@rules.must("usage.cached-is-the-sum-of-its-kinds", about=ABOUT, covers=("USE-05",), spec=DONE)
def cached_is_the_sum_of_its_kinds(view: View) -> Judged:
    """The cached tokens are those of text, audio and images, where these are told."""
    for line in view.ledger.responses:
        counts = numbers(line, "cached", "cached_text", "cached_audio")
        if counts is None or (numbers(line, "input") or counts)[0] < counts[0]:
            continue
        total, made = counts[0], sum(counts[1:]) + (line.counts["cached_image"] or 0)
        if total == made:
            yield HELD
        else:
            yield blame(line, "details other cached input than it counts.", total, made)


@rules.should("usage.cached-kinds-are-part-of-the-input", about=ABOUT, covers=("USE-06",), spec=DONE)
def cached_kinds_are_part_of_the_input(view: View) -> Judged:
    """Of each kind, no more tokens are cached than there were."""
    for line in view.ledger.responses:
        for kind in ("text", "audio", "image"):
            counts = numbers(line, f"cached_{kind}", f"input_{kind}")
            if counts is None or (line.counts["cached"] or 0) > (line.counts["input"] or 0):
                continue
            if counts[0] <= counts[1]:
                yield HELD
            else:
                yield blame(line, f"has more cached {kind} than {kind}.", f"at most {counts[1]}", counts[0])


@rules.must("usage.counts-are-natural-numbers", about=ABOUT, covers=("USE-07",), spec=DONE)
def counts_are_natural_numbers(view: View) -> Judged:
    """Usage is an object, its details are objects, and every count of tokens is a whole number of at least 0."""
    for line in view.ledger.responses:
        usage = line.frame.part("response").get("usage")
        if usage is None:
            continue
        wrong = [] if isinstance(usage, dict) else [("", "an object", usage)]
        wrong += _odd_counts(usage, "", DEEPEST)
        for path, wanted, found in wrong[:1]:
            message = f"counts its usage{path.replace('/', '.')} in another way."
            yield blame(line, message, wanted, quoted(found), f"/response/usage{path}")
        if not wrong and usage:
            yield HELD


def _odd_counts(usage: Any, path: str, depth: int) -> list[tuple[str, str, Any]]:
    """Return the places in a usage object that hold no count or no details: path, what was to be there, what is."""
    found: list[tuple[str, str, Any]] = []
    for name, value in mapping(usage).items():
        if type(value) is int and value >= 0 and name.endswith("_tokens"):
            continue  # as nearly all are
        where = f"{path}/{name}"
        if name.endswith("_details"):
            if isinstance(value, dict):
                found += _odd_counts(value, where, depth - 1) if depth else []
            elif value is not None:
                found.append((where, "an object", value))
        elif name.endswith("_tokens") and not (value is None and name not in TOTALS):
            count = whole_number(value)
            if count is None or count < 0:
                found.append((where, "a whole number of at least 0", value))
    return found


@rules.should(
    "usage.created-has-none",
    about={"response.created"},
    covers=("USE-11", "RSP-02"),
    spec=SERVER_EVENTS + "response/created",
)
def created_has_none(view: View) -> Judged:
    """A response that was just created has no usage yet."""
    for response in view.responses:
        if response.created is None or not response.initial:
            continue
        if response.initial.get("usage") is None:
            yield HELD
        else:
            message = f"{response.id} has usage before it began."
            yield Finding(response.created.index, message, "null", path="/response/usage")


@rules.should(
    "usage.completed-has-usage",
    about=ABOUT,
    covers=("USE-12",),
    spec=DONE,
    relaxed="Seen null on the wire in the first beta; every schema calls it optional.",
)
def completed_has_usage(view: View) -> Judged:
    """A completed response tells its usage."""
    for line in view.ledger.responses:
        if line.status != "completed":
            continue
        if line.frame.part("response").get("usage"):
            yield HELD
        else:
            yield blame(line, "completed without usage.", "an object", "nothing", "/response/usage")


PLURAL = {"input_tokens_details": "input_token_details", "output_tokens_details": "output_token_details"}
CHAT = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}


@rules.should("usage.has-its-breakdown", about=ABOUT, covers=("USE-02", "USE-03"), spec=DONE)
def has_its_breakdown(view: View) -> Judged:
    """A completed response tells its tokens in total and by kind."""
    for line in view.ledger.responses:
        if line.status != "completed" or not line.usage or not line.usage.keys().isdisjoint((*PLURAL, *CHAT)):
            continue
        absent = [name for name in TOTALS if name not in line.usage]
        absent += [
            name for name in ("input_token_details", "output_token_details") if line.usage.get(name) in (None, {})
        ]
        if absent:
            yield blame(line, f"lacks {', '.join(absent)}.", "tokens by kind", "nothing", "/response/usage")
        else:
            yield HELD


def _spelled(view: View, wrong: Mapping[str, str]) -> Judged:
    """Judge that no name of *wrong* stands where the right one, to which it leads, is missing."""
    for line in view.ledger.responses:
        found = [name for name, right in wrong.items() if name in line.usage and right not in line.usage]
        if found:
            first, names = found[0], " and ".join(found)
            yield blame(line, f"spells its usage {names}.", wrong[first], first, f"/response/usage/{first}")
        elif line.usage:
            yield HELD


@rules.must("usage.details-are-spelled-in-the-singular", about=ABOUT, covers=("USE-02",), spec=DONE)
def details_are_spelled_in_the_singular(view: View) -> Judged:
    """The details are called `input_token_details` and `output_token_details`, whatever else they are called too."""
    return _spelled(view, PLURAL)


@rules.must("usage.has-no-names-of-chat", about=ABOUT, covers=("USE-01",), spec=DONE)
def has_no_names_of_chat(view: View) -> Judged:
    """Tokens are called input and output, not prompt and completion alone."""
    return _spelled(view, CHAT)


@rules.must("usage.transcription-total-is-the-sum", about=TRANSCRIPTION, covers=("USE-14",), spec=TRANSCRIBED)
def transcription_total_is_the_sum(view: View) -> Judged:
    """All tokens of a transcription are its input tokens and its output tokens."""
    for line in view.ledger.transcriptions:
        if (counts := numbers(line, "total", "input", "output")) is None:
            continue
        if counts[0] == counts[1] + counts[2]:
            yield HELD
        else:
            yield blame(
                line, "adds its transcription wrongly.", counts[1] + counts[2], counts[0], "/usage/total_tokens"
            )


@rules.must("usage.transcription-is-tokens-or-seconds", about=TRANSCRIPTION, covers=("USE-14",), spec=TRANSCRIBED)
def transcription_is_tokens_or_seconds(view: View) -> Judged:
    """The usage of a transcription is in tokens or in seconds, as its type says, and never in both."""
    for line in view.ledger.transcriptions:
        kind = line.usage.get("type")
        if kind not in ("tokens", "duration"):
            continue
        strange = [name for name in ("seconds", "total_tokens") if (name == "seconds") is (kind == "tokens")]
        if strange[0] in line.usage:
            yield blame(line, f"is in {kind} and has {strange[0]}.", kind, strange[0], f"/usage/{strange[0]}")
        else:
            yield HELD


@rules.should(
    "usage.transcription-comes-with-the-whole",
    about={"conversation.item.input_audio_transcription.delta"},
    covers=("USE-14",),
    spec=TRANSCRIBED,
)
def transcription_comes_with_the_whole(view: View) -> Judged:
    """A transcription's usage comes with its end, not with a part of it."""
    for frame in view.server("conversation.item.input_audio_transcription.delta"):
        if frame.event.get("usage") is None:
            yield HELD
        else:
            yield Finding(frame.index, f"A delta of {frame.text('item_id')} has usage.", "no usage", path="/usage")
