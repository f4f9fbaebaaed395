"""The lenses: what rules see of a trace, computed once and only when asked for.

What is unfinished is marked as open, so that a cut trace is never blamed for missing its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.trace.canonical import CanonicalTrace
from conformance.trace.computed import computed
from conformance.trace.conversation import Addition, additions_of
from conformance.trace.exchanges import Exchange, exchanges_of
from conformance.trace.frames import Frame
from conformance.trace.input_buffer import Commit, commits_of, unasked_commits_of, unasked_responses_of
from conformance.trace.responses import Response, responses_of
from conformance.trace.trace import Direction, EndKind
from conformance.trace.vad_turns import Turn, turns_of

if TYPE_CHECKING:
    from conformance.trace.ledger import Ledger
    from conformance.trace.output_audio import Sound


class View(CanonicalTrace):
    """One trace through the lenses of one dialect."""

    @computed
    def responses(self) -> tuple[Response, ...]:
        """Every response that was mentioned, in order of first mention."""
        return responses_of(self, self.exchanges)

    @computed
    def response_by_id(self) -> Mapping[str, Response]:
        """The responses by id."""
        return {response.id: response for response in self.responses}

    @computed
    def additions(self) -> tuple[Addition, ...]:
        """Every announcement of a conversation item, with what was known before it."""
        return additions_of(self)

    @computed
    def announced(self) -> Mapping[str, Addition]:
        """The first announcement of each item id."""
        first: dict[str, Addition] = {}
        for addition in self.additions:
            first.setdefault(addition.item_id, addition)
        return first

    @computed
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every client event with the answers that can be attributed to it."""
        return exchanges_of(self)

    def exchanges_with(self, *types: str) -> Iterator[Exchange]:
        """Return the exchanges that these client events began."""
        if len(types) == 1:
            return iter(self._exchanges_by_type.get(types[0], ()))
        return (each for each in self.exchanges if each.sent.type in types)

    @computed
    def _exchanges_by_type(self) -> Mapping[str, list[Exchange]]:
        found: dict[str, list[Exchange]] = {}
        for each in self.exchanges:
            found.setdefault(each.sent.type, []).append(each)
        return found

    @computed
    def blamed(self) -> Mapping[int, Exchange]:
        """Index of an `error` -> the exchange it names by `error.event_id`."""
        return {error.index: each for each in self.exchanges for error in each.errors}

    @computed
    def attributed(self) -> Mapping[int, Exchange]:
        """Index of an `error` -> the exchange that it names, or that is all it can be about."""
        return {error.index: each for each in self.exchanges for error in each.refusals}

    @computed
    def settled(self) -> int:
        """Everything before this index has been answered, if it ever will be.

        The index of the last client event that got its own answer on this ordered channel: a causal barrier.
        """
        return max((each.sent.index for each in self.exchanges if each.answer is not None), default=-1)

    def overdue(self, index: int, *awaited: str) -> bool:
        """Return whether what entry *index* entails must have come by now.

        A later client event was answered (the channel is ordered), or the play gave up waiting for one of *awaited*.
        """
        if any(gap >= index for gap in self.gaps):
            return False
        if self.settled > index:
            return True
        return not self.awaited.isdisjoint(awaited)

    @computed
    def awaited(self) -> frozenset[str]:
        """What the play gave up waiting for, where that ended it; empty otherwise."""
        if self.end is None or self.end.kind is not EndKind.TIMEOUT:
            return frozenset()
        return frozenset(self.end.awaiting.split(" or "))

    @property
    def ended_by_server(self) -> bool:
        """Whether the endpoint ended the connection, with a close or without one."""
        return self.end is not None and self.end.kind is not EndKind.TIMEOUT and self.end.by is Direction.SERVER

    @computed
    def turns(self) -> tuple[Turn, ...]:
        """The turns of detected speech."""
        return turns_of(self)

    @computed
    def commits(self) -> tuple[Commit, ...]:
        """Every commit of the client, with what lay in the input buffer."""
        return commits_of(self, self.exchanges)

    @computed
    def unasked_commits(self) -> tuple[Frame, ...]:
        """Every `input_audio_buffer.committed` without a client commit."""
        return unasked_commits_of(self, self.exchanges)

    @computed
    def unasked_responses(self) -> tuple[Frame, ...]:
        """Every `response.created` without a `response.create`."""
        return unasked_responses_of(self, self.exchanges)

    @computed
    def sounds(self) -> tuple[Sound, ...]:
        """Every audio stream of the endpoint: bytes, validity, digest."""
        from conformance.trace.output_audio import sounds_of

        return sounds_of(self, self.responses)

    @computed
    def ledger(self) -> Ledger:
        """What the endpoint says it used."""
        from conformance.trace.ledger import ledger_of

        return ledger_of(self, self.responses, self.sounds)
