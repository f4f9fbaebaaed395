"""The levels of a certificate: which conversations belong to each, and what each came to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import judged_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.run.record import ConversationRecord
    from conformance.scenario.model import Scenario


class Level(StrEnum):
    """A part of the protocol that a product can be certified for."""

    CORE = "core"
    """Connection, session, text, items, errors, usage."""
    AUDIO = "audio"
    TURNS = "turns"
    TOOLS = "tools"
    TRANSCRIPTION = "transcription"


class LevelStatus(StrEnum):
    """What a level came to."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    NOT_PROVED = "not proved"
    """Nothing is broken, and evidence is missing."""
    NOT_CLAIMED = "not claimed"
    """The profile claims nothing of it."""


#: Level -> features that put a conversation into it, the first level that has one of them; core has the rest.
FEATURES: Mapping[Level, frozenset[str]] = {
    Level.TRANSCRIPTION: frozenset({"transcription", "transcription_session"}),
    Level.TURNS: frozenset({"server_vad", "semantic_vad", "idle_timeout"}),
    Level.TOOLS: frozenset({"tools"}),
    Level.AUDIO: frozenset({"audio_output", "input_audio", "g711", "large_append", "truncate"}),
}
#: Outcomes that prove what they set out to prove, or rightly do not.
SOUND = frozenset({Outcome.PLAYED, Outcome.NOT_APPLICABLE})


def level_of(scenario: Scenario) -> Level:
    """Return the level that a conversation belongs to; core, where it shows how a feature is refused."""
    return next((level for level, features in FEATURES.items() if scenario.needs & features), Level.CORE)


def levels_of(runs: Iterable[Mapping[str, ConversationRecord]], library: Mapping[str, Scenario]) -> dict[str, str]:
    """Return what each level came to over all repetitions; *library* has the scenarios by id."""
    statuses: dict[Level, list[LevelStatus]] = {level: [] for level in Level}
    for records in runs:
        for level, found in statuses.items():
            mine = [each for name, each in records.items() if level_of(library[name.partition("@")[0]]) is level]
            found.append(_status(mine))
    return {str(level): str(_worst(found)) for level, found in statuses.items()}


def _status(records: list[ConversationRecord]) -> LevelStatus:
    claimed = [each for each in records if each.outcome is not Outcome.NOT_APPLICABLE]
    if not claimed:
        return LevelStatus.NOT_CLAIMED
    if any(each.outcome is Outcome.STOPPED or _breaks(each, Verdict.FAIL) for each in claimed):
        return LevelStatus.NOT_CONFORMANT
    if any(each.outcome not in SOUND or _breaks(each, Verdict.UNPROVEN, Verdict.ERROR) for each in claimed):
        return LevelStatus.NOT_PROVED
    return LevelStatus.CONFORMANT


def _breaks(record: ConversationRecord, *verdicts: Verdict) -> bool:
    rules = judged_rules()
    return any(
        told.verdict in verdicts and name in rules and rules[name].keyword is Keyword.MUST and not rules[name].vendor
        for name, told in record.rules.items()
    )


def _worst(found: list[LevelStatus]) -> LevelStatus:
    """Return the worst status of the repetitions; what is claimed in one must be claimed in all."""
    if LevelStatus.NOT_CLAIMED in found and len(set(found)) > 1 and LevelStatus.NOT_CONFORMANT not in found:
        return LevelStatus.NOT_PROVED
    order = (LevelStatus.NOT_CONFORMANT, LevelStatus.NOT_PROVED, LevelStatus.CONFORMANT, LevelStatus.NOT_CLAIMED)
    return next((each for each in order if each in found), LevelStatus.NOT_PROVED)
