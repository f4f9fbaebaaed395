"""Conversations are played backstage, ahead of the reporting; each is played and judged once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from conformance.contract.dialects import DIALECTS
from conformance.play.player import Conversation, Player
from conformance.play.preflight import Diagnosis, preflight
from conformance.play.setup import AUTO, Setup, embedded_on
from conformance.play.stage import Backstage, Stage
from conformance.play.wire import Wire
from conformance.report.assessment import Assessment, assess, key_of
from conformance.scenario.audio import clip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.scenario.model import Scenario


@dataclass(frozen=True)
class Cue:
    """One conversation to be played: a scenario, and the auth style where it has its own."""

    key: str
    scenario: Scenario = field(compare=False)
    variant: str = field(default="", compare=False)

    @classmethod
    def of(cls, scenario: Scenario, variant: str = "") -> Cue:
        """Name a conversation."""
        return cls(key_of(scenario.id, variant), scenario, variant)


@dataclass(frozen=True)
class Played:
    """A conversation, and where its traces were written."""

    conversation: Conversation
    files: tuple[Path, ...]


class Performance:
    """Everything between the first connection and the last."""

    def __init__(self, setup: Setup, *, window: int, cautious: bool) -> None:
        self.setup = setup
        self.backstage = Backstage()
        self.stage: Stage[Cue, Played] = Stage(self.backstage, self._play, window, cautious=cautious)
        self.kept: dict[Cue, Assessment | Exception] = {}
        self.open_resources = AsyncExitStack()
        self.diagnosis: Diagnosis | None = None

    def prepare(self, dialect: str = "") -> Diagnosis | None:
        """Start the embedded reference if need be, and connect once; None if *dialect* is known."""
        if self.setup.embedded:
            self.setup = embedded_on(self.setup, self.backstage.run(self._listen()))
        if dialect:
            self._speak(dialect)
            return None
        target = self.setup.target
        self.diagnosis = self.backstage.run(preflight(Wire(target), target, self.setup.scrub))
        if self.diagnosis.ready:
            recognised = self.diagnosis.dialect or target.dialect
            self._speak(recognised.name if self.setup.dialect == AUTO else self.setup.dialect)
        return self.diagnosis

    def _speak(self, dialect: str) -> None:
        self.setup = replace(self.setup, target=replace(self.setup.target, dialect=DIALECTS[dialect]))

    async def _listen(self) -> str:
        from conformance.reference.server import Server

        setup = self.setup
        server = Server(
            tokens=(setup.target.key,) if setup.target.key else (),
            features=setup.profile.features if setup.profile is not None else None,
        )
        return (await self.open_resources.enter_async_context(server)).url

    def enqueue(self, cues: Iterable[Cue]) -> None:
        """Begin to play, in this order."""
        fresh = [
            cue for cue in dict.fromkeys(cues) if cue not in self.kept and not self.setup.not_applicable(cue.scenario)
        ]
        self.stage.enqueue(cue for cue in fresh if cue not in self.stage.playing)

    def take(self, cue: Cue) -> Assessment:
        """Wait for a conversation and judge it; the same assessment every time."""
        if cue not in self.kept:
            try:
                played = self.stage.take(cue)
            except Exception as error:
                self.kept[cue] = error
            else:
                self.kept[cue] = self._assess(played)
        kept = self.kept[cue]
        if isinstance(kept, Exception):
            raise kept
        return kept

    def _assess(self, played: Played) -> Assessment:
        from conformance.rules import RULES

        facts = self.setup.profile.facts if self.setup.profile is not None else ()
        return assess(played.conversation, RULES.values(), self.setup.waivers, facts, played.files)

    async def _play(self, cue: Cue) -> Played:
        target, scenario = self.setup.target, cue.scenario
        home = scenario.path.parent if scenario.path is not None else None
        player = Player(Wire(target), target, self.setup.scrub, partial(clip, home=home))
        conversation = await player.play(scenario, cue.variant)
        return Played(conversation, tuple(self._write(cue, conversation)))

    def _write(self, cue: Cue, conversation: Conversation) -> Iterable[Path]:
        from conformance.trace.lines import dump

        for number, trace in enumerate(conversation.traces, 1):
            name = f"{cue.key}{f'#{number}' if number > 1 else ''}.jsonl"
            path = self.setup.reports / "traces" / name
            dump(trace, path)
            yield path

    def close(self) -> None:
        """Stop everything."""
        self.stage.close()
        try:
            if self.backstage.thread.is_alive():
                self.backstage.run(self.open_resources.aclose(), 5)
        except TimeoutError:
            pass
        finally:
            self.backstage.close()
