"""What real endpoints do besides what is documented, on demand: a client must live with it.

A quirk is a function of an outgoing event (in canonical names, before it gets its id) and a source of chance.
It changes the event in place and returns whether it is sent at all.  The same seed gives the same quirks.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable, Iterator, Mapping

from conformance.reference.session.hooks import unchanged
from conformance.reference.session.refusals import Event

Quirk = Callable[[Event, random.Random], bool]
#: Deltas that real endpoints pad with random text, so that their sizes betray nothing; audio is never padded.
PADDED = frozenset(
    {
        "conversation.item.input_audio_transcription.delta",
        "response.function_call_arguments.delta",
        "response.output_audio_transcript.delta",
        "response.output_text.delta",
    }
)
PADDING = string.ascii_letters + string.digits


def obfuscation(event: Event, chance: random.Random) -> bool:
    """Pad text deltas (observation 17)."""
    if event["type"] in PADDED:
        event["obfuscation"] = "".join(chance.choices(PADDING, k=16 - len(event["delta"]) % 16))
    return True


def phase(event: Event, _chance: random.Random) -> bool:
    """Mark the assistant's messages as the final answer (observation 20)."""
    for item in _items(event):
        if item.get("role") == "assistant":
            item["phase"] = "final_answer"
    return True


def reasoning(event: Event, _chance: random.Random) -> bool:
    """Count the tokens of reasoning, of which there are none (observation 20)."""
    response: Event = event.get("response", {})
    usage: Event = response.get("usage") or {}
    if "output_token_details" in usage:
        usage["output_token_details"]["reasoning_tokens"] = 0
    return True


def forgotten_predecessor(event: Event, chance: random.Random) -> bool:
    """Set the predecessor to null in one of three finished items of the assistant (observation 16)."""
    if event["type"] == "conversation.item.done":
        item = event["item"]
        own = item.get("role") == "assistant" or item["type"] == "function_call"
        if own and chance.random() < 1 / 3:
            event["previous_item_id"] = None
    return True


def rare_limits(event: Event, chance: random.Random) -> bool:
    """Leave `rate_limits.updated` out after every other response on average (observation 10)."""
    return bool(event["type"] != "rate_limits.updated") or chance.getrandbits(1) == 0


def no_limits(event: Event, _chance: random.Random) -> bool:
    """Never send `rate_limits.updated` (observation 46)."""
    return bool(event["type"] != "rate_limits.updated")


def part_twice(event: Event, _chance: random.Random) -> bool:
    """Repeat a content part under the key `content` (observations 42 and 46)."""
    if "part" in event:
        event["content"] = dict(event["part"])
    return True


#: What `--quirks` takes.
QUIRKS: Mapping[str, tuple[Quirk, ...]] = {
    "real-openai-2026-09": (obfuscation, phase, reasoning, forgotten_predecessor, rare_limits),
    "real-azure-2026-09": (obfuscation, forgotten_predecessor, no_limits, part_twice),
}


def quirk_filter(name: str, seed: int | str) -> Callable[[Event], Iterable[Event]]:
    """Make the function that all events of a session go through; KeyError for an unknown *name*."""
    if not name:
        return unchanged
    quirks, chance = QUIRKS[name], random.Random(f"{name} {seed}")

    def filtered(event: Event) -> Iterator[Event]:
        if sum(quirk(event, chance) for quirk in quirks) == len(quirks):  # each has its turn
            yield event

    return filtered


def _items(event: Event) -> Iterator[Event]:
    if "item" in event:
        yield event["item"]
    yield from event.get("response", {}).get("output", ())
