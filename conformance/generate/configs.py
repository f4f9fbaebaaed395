"""Conversations of nothing but `session.update`: valid ones, and such as break exactly one documented bound.

One connection carries several updates, because what an update must leave alone only shows after another one.
That the answers show what was asked for, merged and complete, is for the rules to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.contract.dialect import Dialect
from conformance.generate import values
from conformance.generate.bounds import BoundBreach, breaches
from conformance.generate.values import Values, hundredths
from conformance.scenario.model import Scenario
from conformance.scenario.step import Step

VALID, INVALID = "generated/configs::valid", "generated/configs::invalid"
#: Updates on one connection, and settings in one update.
MOST_UPDATES, MOST_SETTINGS = 5, 4

Features = Collection[str] | None
"""What the endpoint claims; None for everything."""


def settings(dialect: Dialect, features: Features = None) -> Mapping[str, Values]:
    """Return the legal values of every setting that this revision has and the endpoint claims, by canonical name."""

    def claimed(feature: str) -> bool:
        return features is None or feature in features

    formats = st.sampled_from(values.FORMATS if claimed("g711") else values.FORMATS[:1])
    detections: list[Values] = [st.none()]
    if claimed("server_vad"):
        detections.append(values.server_vad(idle_timeout="type" in dialect.session_paths and claimed("idle_timeout")))
    if claimed("semantic_vad"):
        detections.append(values.semantic_vad())
    legal: dict[str, tuple[str, Values]] = {
        "instructions": ("", values.instructions()),
        "modalities": ("audio_output", st.sampled_from(("text", "audio") if claimed("text_output") else ("audio",))),
        "max_output_tokens": ("", st.just("inf") | st.integers(1, values.MOST_TOKENS)),
        "temperature": ("", hundredths(60, 120)),
        "tool_choice": ("tools", st.sampled_from(CHOICES)),
        "tools": ("tools", values.tools()),
        "turn_detection": ("", st.one_of(detections)),
        "voice": ("audio_output", st.sampled_from(values.VOICES)),
        "speed": ("audio_output", hundredths(25, 150)),
        "input_format": ("input_audio", formats),
        "output_format": ("audio_output", formats),
        "transcription": ("transcription", values.transcription()),
        "noise_reduction": ("input_audio", st.none() | st.sampled_from(NOISES)),
        "truncation": ("", values.truncation()),
    }
    return {
        name: each
        for name, (feature, each) in legal.items()
        if name in dialect.session_paths and (not feature or claimed(feature))
    }


#: Stands for the name of the first tool.
NAMED = "named"
CHOICES = ("auto", "none", "required", NAMED)
#: Ways to reduce noise.
NOISES = ({"type": "near_field"}, {"type": "far_field"})


def _update(legal: Mapping[str, Values]) -> SearchStrategy[dict[str, Any]]:
    one = st.one_of([st.tuples(st.just(name), each) for name, each in legal.items()])
    pairs = st.lists(one, max_size=MOST_SETTINGS, unique_by=lambda pair: pair[0])
    return st.builds(_with_its_tool, pairs, st.sampled_from(CHOICES))


def _with_its_tool(pairs: list[tuple[str, Any]], usual: str) -> dict[str, Any]:
    """Return the update that these settings make, with a choice that the tools of the same update bear out.

    A choice names, or requires, what an update brings; other tools take back what an earlier update chose.
    """
    chosen = dict(pairs)
    if "tools" in chosen:
        chosen.setdefault("tool_choice", usual)
    choice = chosen.get("tool_choice")
    if choice in (NAMED, "required") and not chosen.get("tools"):
        chosen["tool_choice"] = "auto"
    elif choice == NAMED:
        chosen["tool_choice"] = {"type": "function", "name": chosen["tools"][0]["name"]}
    return chosen


#: Setting -> the value that clears it: what was set before has to go.
CLEARED: Mapping[str, Any] = {
    "instructions": "",
    "tools": [],
    "turn_detection": None,
    "transcription": None,
    "noise_reduction": None,
}


def _clearing(legal: Mapping[str, Values]) -> SearchStrategy[dict[str, Any]]:
    """Return updates that clear one setting, and nothing else."""
    names = st.sampled_from([name for name in CLEARED if name in legal])
    return names.map(lambda name: _with_its_tool([(name, CLEARED[name])], "auto"))


def valid(dialect: Dialect, features: Features = None) -> SearchStrategy[Scenario]:
    """Return conversations of valid updates."""
    legal = settings(dialect, features)
    return st.lists(_update(legal) | _clearing(legal), min_size=1, max_size=MOST_UPDATES).map(
        lambda updates: _scenario(VALID, "Valid updates.", dialect, [_step(each) for each in updates])
    )


def invalid(dialect: Dialect, features: Features = None) -> SearchStrategy[Scenario]:
    """Return conversations in which updates that break one bound each stand among valid ones."""
    return _invalid(dialect, st.sampled_from(breaches(dialect, features)), features)


def breaking(dialect: Dialect, breach: BoundBreach, features: Features = None) -> SearchStrategy[Scenario]:
    """Return conversations in which nothing but this bound is broken."""
    return _invalid(dialect, st.just(breach), features)


def _invalid(dialect: Dialect, broken: SearchStrategy[BoundBreach], features: Features) -> SearchStrategy[Scenario]:
    legal = settings(dialect, features)
    good = st.lists(_update(legal).map(_step), max_size=1)
    bad = st.lists(broken.flatmap(partial(_bad_update, legal)), min_size=1, max_size=2)
    return st.tuples(good, bad).map(lambda drawn: _refused(dialect, *drawn))


def _bad_update(legal: Mapping[str, Values], breach: BoundBreach) -> SearchStrategy[tuple[str, Step]]:
    """Return a step with the bad value beside good ones, of which none must take effect."""
    others = {name: each for name, each in legal.items() if name != breach.setting}
    return st.tuples(_update(others), breach.values).map(
        lambda drawn: (breach.bound, _step({**drawn[0], breach.setting: drawn[1]}, answer="error"))
    )


def _refused(dialect: Dialect, before: list[Step], broken: list[tuple[str, Step]]) -> Scenario:
    title = f"Refused, and nothing changes: {'; '.join(bound for bound, _ in broken)}."
    return _scenario(INVALID, title, dialect, [*before, *(step for _, step in broken)])


def _step(update: dict[str, Any], answer: str = "") -> Step:
    return Step("configure", update, answer=answer)


def _scenario(kind: str, title: str, dialect: Dialect, steps: list[Step]) -> Scenario:
    return Scenario(id=kind, title=title, steps=tuple(steps), dialects=frozenset({dialect.name}))
