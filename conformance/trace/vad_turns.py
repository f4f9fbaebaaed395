"""The lens on detected speech: started, stopped, committed, one item id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.trace.frames import Frame

if TYPE_CHECKING:
    from conformance.trace.canonical import CanonicalTrace


@dataclass(slots=True, eq=False)
class Turn:
    """One stretch of speech, as the endpoint announced it."""

    item_id: str | None
    started: Frame | None = None
    stopped: Frame | None = None
    committed: Frame | None = None

    @property
    def first(self) -> int:
        """Index of the first event of the turn."""
        return min(each.index for each in (self.started, self.stopped, self.committed) if each is not None)


def turns_of(trace: CanonicalTrace) -> tuple[Turn, ...]:
    """Sort the speech events into turns, each in order of occurrence; a missing partner stays None."""
    turns: list[Turn] = []
    committed: dict[str | None, Frame] = {}
    for frame in trace.server("input_audio_buffer.committed"):
        committed.setdefault(frame.text("item_id"), frame)
    for frame in trace.server("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"):
        if frame.type == "input_audio_buffer.speech_started":
            turns.append(Turn(frame.text("item_id"), started=frame))
        elif turns and turns[-1].stopped is None:
            turns[-1].stopped = frame
        else:
            turns.append(Turn(frame.text("item_id"), stopped=frame))
    for turn in turns:
        if turn.item_id is not None:
            turn.committed = committed.get(turn.item_id)
    return tuple(turns)
