"""The environment and the model's moods told from guilt: what to try again, and after how long.

A rate limit, an overload, DNS, TLS or an unreachable host say nothing about conformance.  A connection that breaks
without a close frame may be a proxy's cut: played again it goes well, or breaks elsewhere.  If it breaks at the same
step every time, it is the endpoint that does it, and it is judged.

A model that answered in words where a call was needed gets a second chance, at once: most do their part then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.trace.trace import Direction, EndKind

if TYPE_CHECKING:
    from conformance.play.player import Conversation

#: Attempts beside the first.
RETRIES = 2
#: Repetitions where the model did not do its part.
SECOND_CHANCES = 1
#: Seconds before the first repetition; doubled for each further one, never more than LONGEST.
FIRST, LONGEST = 1.0, 60.0
#: Whoever asks for more patience than this (seconds) is not waited for.
MOST_PATIENCE = 60.0


def was_cut(conversation: Conversation) -> bool:
    """Return whether the endpoint's side broke the connection in the middle of the script, without a close frame."""
    if conversation.outcome is not Outcome.STOPPED or not conversation.traces:
        return False
    ends = [trace.end for trace in conversation.traces]
    return any(end is not None and end.kind is EndKind.DROPPED and end.by is Direction.SERVER for end in ends)


def says_nothing(conversation: Conversation) -> bool:
    """Return whether the conversation may go otherwise if it is played again."""
    return conversation.outcome in (Outcome.ENVIRONMENT, Outcome.INCONCLUSIVE) or was_cut(conversation)


def repetitions(conversation: Conversation, retries: int) -> int:
    """Return how often it may be played again; *retries* is how often the environment may get in the way."""
    if conversation.silent or conversation.full or conversation.beyond:  # another play would end the same way
        return 0
    return min(retries, SECOND_CHANCES) if conversation.outcome is Outcome.INCONCLUSIVE else retries


def needs_no_pause(conversation: Conversation) -> bool:
    """Return whether the endpoint is well, so that a first repetition may follow at once."""
    return conversation.outcome is Outcome.INCONCLUSIVE or was_cut(conversation)


def always_at_the_same_step(attempts: Sequence[Conversation]) -> bool:
    """Return whether the connection was cut more than once, and always at the same line of the script."""
    cut = [each for each in attempts if was_cut(each)]
    return len(cut) > 1 and len({_place(each) for each in cut}) == 1


def _place(conversation: Conversation) -> tuple[str, int]:
    return (conversation.step.name, conversation.step.line) if conversation.step is not None else ("", 0)


def settled(attempts: Sequence[Conversation]) -> Conversation:
    """Return what the attempts come to: the last one, told as trouble of the environment if that is all they show."""
    last, number = attempts[-1], len(attempts)
    if number == 1 or not says_nothing(last):
        return last
    if not was_cut(last):
        return replace(last, message=f"{last.message} ({number} attempts)")
    if always_at_the_same_step(attempts):
        return last
    why = f"the connection broke without a close frame, each time elsewhere ({number} attempts)"
    return replace(last, outcome=Outcome.ENVIRONMENT, message=why)


def pause_before(attempt: int, retry_after: str, now: datetime, *, at_once: bool = False) -> float | None:
    """Return the seconds to wait before *attempt* (from 1, the first repetition); None: not worth waiting for.

    *retry_after* is the header of that name; *at_once*: nothing asks for a pause (`needs_no_pause`).
    """
    asked = seconds_of(retry_after, now)
    if asked is not None:
        return asked if asked <= MOST_PATIENCE else None
    if at_once and attempt == 1:
        return 0.0
    return min(LONGEST, FIRST * 2.0 ** (attempt - 1))


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds or a date; None if it is absent or neither."""
    text = retry_after.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one that no calendar holds
        return None
