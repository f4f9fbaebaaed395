"""What the traces of a run hold beside verdicts: times and sound.  Every trace is read once, and none is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.errors import TraceError
from conformance.report.recorded_audio import Clip, clips_of
from conformance.run.ruling import view_of
from conformance.trace.jsonl import load
from conformance.trace.latency import Latency, latency_of, measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conformance.run.record import ConversationRecord
    from conformance.run.result import RunResult
    from conformance.trace.trace import Trace

#: Bytes of sound that a page carries; what is beyond stays in the traces.
MOST_SOUND = 6_000_000
#: A conversation in which none of these occurred holds no sound.
AUDIBLE = frozenset({"input_audio_buffer.append", "response.output_audio.delta", "response.audio.delta"})


@dataclass(frozen=True)
class HeardSound:
    """One sound, and the conversations in which it was heard: the same words are said in many."""

    clip: Clip
    conversations: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The times and the sound of a run."""

    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What was waited for -> seconds (`trace.latency.measured`)."""
    recordings: tuple[HeardSound, ...] = ()
    silent: int = 0
    """Sounds left out, for there were too many."""


def evidence_of(result: RunResult) -> Evidence:
    """Read what a run left in its reports folder; what cannot be read is passed over."""
    folder = result.settings.reports
    latencies: list[Latency] = []
    sounds = _Sounds()
    for record in result.conversations.values():
        audible = not AUDIBLE.isdisjoint((*record.events.sent, *record.events.seen))
        for trace in traces_of(record, folder):
            view = view_of(trace)
            latencies.append(latency_of(view))
            for clip in clips_of(view) if audible else ():
                sounds.add(clip, record.conversation)
            del trace, view  # the next one is read before these names are bound anew
    recordings = tuple(HeardSound(clip, tuple(dict.fromkeys(names))) for clip, names in sounds.kept.values())
    return Evidence(measured(latencies), recordings, len(sounds.left_out))


def traces_of(record: ConversationRecord, folder: Path) -> Iterable[Trace]:
    """Read the traces of a conversation, in the order of its connections; what is gone is passed over."""
    for name in record.traces:
        try:
            yield load(folder / name)
        except TraceError:
            continue


class _Sounds:
    """Different sounds, as many as a page carries."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Clip, list[str]]] = {}
        """By digest: the sound, and the conversations in which it was heard."""
        self.left_out: set[str] = set()
        self.size = 0

    def add(self, clip: Clip, conversation: str) -> None:
        """Take a sound, or count it where there are too many; silence is none."""
        if not clip.audible:
            return
        digest = clip.digest
        if digest in self.kept:
            self.kept[digest][1].append(conversation)
        elif digest not in self.left_out:
            self.size += len(clip.samples) * 2
            if self.size > MOST_SOUND:
                self.left_out.add(digest)
            else:
                self.kept[digest] = clip, [conversation]
