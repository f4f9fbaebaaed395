"""Both sides of one conversation through a gateway: what rules over pairs look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from conformance.relay.billing import Bill
from conformance.relay.crossing import Crossing, crossing
from conformance.relay.declared import Declared
from conformance.relay.log import Logged
from conformance.relay.side import Side, side_of
from conformance.relay.upstream_script import HONEST, UpstreamScript
from conformance.trace.frames import Frame
from conformance.trace.trace import Direction, EndKind
from conformance.trace.views import View

#: Status of an upgrade.
UPGRADED = 101
EMPTY = Crossing((), (), (), (), ())


@dataclass(frozen=True)
class Context:
    """What the two traces cannot tell."""

    declared: Declared = field(default_factory=Declared)
    script: UpstreamScript = HONEST
    """What the upstream did on purpose."""
    guards: bool = False
    """Whether the gateway has keys of its own: it lets clients in, and offers the upstream another key."""
    others: tuple[View, ...] = ()
    """The upstream's sides of the other connections of the same conversation."""
    failed_before: bool = False
    """Whether the upstream has let down an earlier connection of the conversation."""
    let_go: bool = True
    """Whether the upstream's sessions had to be over when the last of the client's were: else the gateway was busy."""
    bill: Bill | None = None
    """What the conversation cost, where the gateway tells."""
    logged: Logged | None = None
    """What the gateway wrote to its log meanwhile, where somebody reads that."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One connection of a client, and the upstream's side of it."""

    client: View
    upstream: View | None = None
    """None: the gateway did not dial for it."""
    context: Context = field(default_factory=Context)

    @cached_property
    def client_side(self) -> Side:
        """What was noted beside the client's frames."""
        return side_of(self.client.trace)

    @cached_property
    def upstream_side(self) -> Side:
        """What was noted beside the upstream's frames."""
        return side_of(self.upstream.trace) if self.upstream is not None else Side()

    @cached_property
    def down(self) -> Crossing:
        """What became of what the upstream said."""
        if self.upstream is None:
            return EMPTY
        return crossing(self.upstream.heard, self.client.heard, self.context.declared)

    @cached_property
    def up(self) -> Crossing:
        """What became of what the client said."""
        if self.upstream is None:
            return EMPTY
        return crossing(self.client.said, self.upstream.said, self.context.declared)

    @cached_property
    def lost_down(self) -> tuple[Frame, ...]:
        """What the upstream said and the client never heard, although both were there."""
        end, upstream_end = self.client.end, self.upstream.end if self.upstream is not None else None
        if self.refused or self.late_in_vain:
            return ()  # the rules about refusals and late sessions tell why
        # A client that waited in vain, without proof that nothing comes any more, may have met a slow gateway.
        proved = end is not None and end.kind is EndKind.TIMEOUT and bool(end.awaiting)
        parted = end is None or (end.by is Direction.CLIENT and not proved)
        broken = upstream_end is not None and (upstream_end.kind, upstream_end.by) == (
            EndKind.DROPPED,
            Direction.SERVER,
        )
        return _without_tail(self.down, self.down.lost) if parted or broken else self.down.lost

    @cached_property
    def lost_up(self) -> tuple[Frame, ...]:
        """What the client said and the upstream never heard, although both were there, and nobody refused it."""
        lost = _without_tail(self.up, self.up.lost)
        refused = [frame for frame in self.down.added if frame.type == "error"]
        return tuple(frame for frame in lost if not (refused and frame.entry.deliberate))

    @cached_property
    def opened(self) -> bool:
        """Whether a session was opened for the client."""
        return self.client.admitted

    @cached_property
    def refused(self) -> bool:
        """Whether the client's upgrade was refused: then nothing can reach it."""
        hand = self.client.handshake
        return hand is not None and hand.status != UPGRADED

    @cached_property
    def late_in_vain(self) -> bool:
        """Whether the upstream began to speak late on purpose, and the client got no session."""
        return bool(self.context.script.first_event_after) and not self.opened

    @cached_property
    def joined(self) -> bool:
        """Whether something crossed the gateway in either direction."""
        return bool(self.down.crossed or self.up.crossed)

    def latency(self, source: Frame, target: Frame) -> float | None:
        """Return the seconds from the upstream's side to the client's of an event; None without clocks."""
        sent, heard = source.entry.at, target.entry.at
        began, opened = self.upstream_side.opened, self.client_side.opened
        if sent is None or heard is None or began is None or opened is None:
            return None
        return (opened + heard) - (began + sent)


def _without_tail(way: Crossing, lost: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Leave out what was said after everything that arrived: somebody had gone."""
    last = max((each.source.index for each in way.crossed), default=-1)
    return tuple(frame for frame in lost if frame.index < last)
