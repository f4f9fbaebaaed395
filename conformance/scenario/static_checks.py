"""Steps and options that can do nothing, found by reading alone.

Only what is certain whatever the endpoint answers is told.  What depends on its answers, a rehearsal shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from conformance.scenario.context import REFERENCE
from conformance.scenario.model import OPENING, Scenario
from conformance.scenario.step import Step
from conformance.scenario.steps import STEPS
from conformance.yaml_source import nearest

#: What a run tells its scripts as `${run.…}`.
RUN_VALUES = ("model", "transcriber", "token_transcriber", "voice", "other_voice", "tool_server")


class SettingPaths(Protocol):
    """What is asked of a dialect (`conformance.contract.dialect.Dialect`)."""

    @property
    def renamed(self) -> Mapping[str, str]:
        """Canonical event type -> as spoken, where they differ."""

    @property
    def session_paths(self) -> Mapping[str, tuple[str, ...]]:
        """Canonical setting -> where it lies in a session."""

    @property
    def response_paths(self) -> Mapping[str, tuple[str, ...]]:
        """Canonical setting -> where it lies in a response."""


@dataclass(frozen=True)
class Dead:
    """Something in a script that can do nothing."""

    message: str
    cure: str
    step: Step | None = None
    """None: a key of the scenario itself, which is *key*."""
    key: str = ""
    fails: bool = False
    """The script cannot get past it; else it could as well be left out."""


def dead(scenario: Scenario, revisions: Mapping[str, SettingPaths]) -> list[Dead]:
    """Return what is dead in a scenario, in the order of the file; *revisions* are the dialects by name."""
    found = [*_around(scenario), *_in_some_revision(scenario)]
    for step in scenario.steps:
        played = sorted(scenario.dialects & {step.only} if step.only else scenario.dialects)
        found += _options(step, scenario)
        declared = STEPS[step.name]
        found += (Dead(message, cure, step, fails=declared.opens) for message, cure in declared.contradictions(step))
        found += _spelled_otherwise(step, [(name, revisions[name]) for name in played])
        found += _left_out(step, [(name, revisions[name]) for name in played])
    # With `on: [a, b]` one line of the file is several steps.
    once = {(_place(each), each.message): each for each in found}
    return [once[key] for key in sorted(once, key=lambda key: key[0])]


def _place(each: Dead) -> tuple[int, int]:
    return (each.step.line, each.step.column) if each.step else (0, 0)


def _around(scenario: Scenario) -> Iterator[Dead]:
    """Look at what is around the steps."""
    for feature in sorted(scenario.needs & scenario.without):
        cure = "It would never be played: keep one of the two."
        yield Dead(f"`needs` and `without` both name {feature}", cure, key="without")
    openings = [step for step in scenario.steps if step.name in OPENING]
    fixed = [step for step in openings if "auth" in (step.argument or {})]
    if scenario.each == "auth" and len(fixed) == len(openings) and scenario.steps[0] in fixed:
        cure = "Remove `auth` where the style of the run is meant, or `each`."
        yield Dead("`each: auth` plays the same again: every connection names its own `auth`", cure, key="each")
    for name in sorted(scenario.dialects):
        if not scenario.steps_in(name):
            yield Dead(f"in {name} not one step is played", "Leave it out of `dialects`.", key="dialects")


def _in_some_revision(scenario: Scenario) -> Iterator[Dead]:
    """Walk through the script as each dialect plays it.

    What fails in one of them is told; what is idle, only if it is so wherever it is played.
    """
    found: dict[tuple[int, int, str, str], tuple[Dead, set[str]]] = {}
    for dialect in scenario.dialects:
        steps = scenario.steps_in(dialect)
        for each in (*_connections(steps), *_values(steps)):
            on = each.step.on if each.step else ""
            found.setdefault((*_place(each), on, each.message), (each, set()))[1].add(dialect)
    for each, dialects in found.values():
        played = scenario.dialects & {each.step.only} if each.step and each.step.only else scenario.dialects
        if dialects == played:
            yield each
        elif each.fails:
            yield replace(each, message=f"{each.message} (in {' and '.join(sorted(dialects))})")


@dataclass
class _Line:
    """What is certain of one connection at one point of the script."""

    opened: Step
    ended: Step | None = None
    """The step after which there is no session any more."""
    unsure: bool = False
    """There may be a session or not, or it has been told already what is wrong."""
    waited: bool = False
    """A step has waited: what it passed over may answer a later one."""


def _connections(steps: Sequence[Step]) -> Iterator[Dead]:
    """Find the steps on a connection that is not there, and connections over an open one."""
    lines: dict[str, _Line] = {}
    for step in steps:
        line, declared = lines.get(step.on), STEPS[step.name]
        if declared.opens:
            if line is not None and not line.ended and not line.unsure:
                since = f", since line {line.opened.line}" if line.opened.line else ""
                cure = "Close it first, or open another with `on:`; no later step can reach the one before."
                yield Dead(f"`{step.name}` on {_called(step.on)}, which is open{since}", cure, step)
            lines[step.on] = _opened(step)
            continue
        if line is None:
            yield _unconnected(step, steps)
            lines[step.on] = _Line(step, unsure=True)
        elif line.ended and not line.unsure and not (declared.listens and line.waited):
            yield _too_late(step, line.ended)
            line.unsure = True
        elif declared.ends:
            line.ended = step
        line = lines[step.on]
        line.waited = line.waited or declared.lets_pass


def _opened(step: Step) -> _Line:
    if not STEPS[step.name].ends:
        return _Line(step, unsure=bool((step.argument or {}).get("plain")))
    # An error before the close may be followed by anything, which is kept for later steps.
    return _Line(step, ended=None if step.answer == "either" else step, unsure=step.answer == "either", waited=True)


def _called(on: str) -> str:
    return repr(on) if on else "the connection without a name"


def _unconnected(step: Step, steps: Sequence[Step]) -> Dead:
    fails = not STEPS[step.name].harmless
    later = next((each for each in steps if each.name in OPENING and each.on == step.on), None)
    if later is not None:
        message = f"`{step.name}` comes before {_called(step.on)} connects, which is in line {later.line}"
        return Dead(message, "Connect first.", step, fails=fails)
    names = sorted({each.on for each in steps if each.name in OPENING} - {""})
    if step.on:
        cure = f"{nearest(step.on, names)} Else connect it first." if names else "Connect it, or leave out `on:`."
    else:
        cure = f"Say which with `on:`: {', '.join(names)}."
    return Dead(f"`{step.name}` on {_called(step.on)}, which never connects", cure, step, fails=fails)


def _too_late(step: Step, ended: Step) -> Dead:
    message = f"`{step.name}` on {_called(step.on)}, which line {ended.line} {STEPS[ended.name].ends}"
    return Dead(message, "Connect again before it, or remove it.", step, fails=not STEPS[step.name].harmless)


def _values(steps: Sequence[Step]) -> Iterator[Dead]:
    """Find what is referred to and never kept, and what is kept and never referred to."""
    kept: dict[str, Step | None] = {"run": None}
    used: set[str] = set()
    for step in steps:
        for path in _references(step.argument):
            name, _, rest = path.partition(".")
            used.add(name)
            if name not in kept:
                known = [each.remember for each in steps if each.remember]
                cure = nearest(name, known) if known else "Keep it with `as:`."
                cure = f"It is kept later: {cure}" if name in known else cure
                yield Dead(f"`${{{path}}}`: no earlier step keeps {name!r}", cure, step, fails=True)
            elif name == "run" and rest not in ("", *RUN_VALUES):
                cure = f"There is {', '.join(f'${{run.{each}}}' for each in RUN_VALUES)}."
                yield Dead(f"`${{{path}}}`: a run has no such value", cure, step, fails=True)
        if step.remember:
            kept[step.remember] = step
    for name, keeper in kept.items():
        if keeper is not None and name not in used and STEPS[keeper.name].brings(keeper):
            yield Dead(f"`as: {name}` has no effect: no step says `${{{name}.…}}`", "Remove it.", keeper)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _references(each)


def _options(step: Step, scenario: Scenario) -> Iterator[Dead]:
    """Find the modifiers that change nothing."""
    declared = STEPS[step.name]
    if step.only and step.only not in scenario.dialects:
        message = f"`only: {step.only}`, and `dialects` leaves {step.only} out: the step is never played"
        yield Dead(message, f"Remove it, or add {step.only} to `dialects`.", step)
    elif step.only and len(scenario.dialects) == 1:
        yield Dead(f"`only: {step.only}` has no effect: `dialects` says the same", "Remove it.", step)
    if step.answer and not declared.chooses(step):
        yield Dead(f"`answer: {step.answer}` has no effect on `{step.name}`", "Remove it.", step)
    if step.within is not None and not declared.waits(step):
        yield Dead(f"`within` has no effect on `{step.name}`", "Remove it.", step)
    if step.remember and not declared.brings(step):
        yield Dead(f"`as: {step.remember}` keeps nothing: `{step.name}` has no answer", "Remove it.", step)


def _spelled_otherwise(step: Step, revisions: list[tuple[str, SettingPaths]]) -> Iterator[Dead]:
    """Find events by the name of one revision: scripts hear canonical names alone."""
    for name, revision in revisions:
        canonical = {spoken: own for own, spoken in revision.renamed.items() if spoken not in revision.renamed}
        for kind in STEPS[step.name].awaits(step):
            if kind in canonical:
                message = f"{kind!r} never matches in {name}: scripts use canonical names"
                yield Dead(message, f"Say {canonical[kind]!r}.", step, fails=True)


def _left_out(step: Step, revisions: list[tuple[str, SettingPaths]]) -> Iterator[Dead]:
    """Find settings that no revision has in which the step is played."""
    what = STEPS[step.name].settings
    if not what or not isinstance(step.argument, dict) or not revisions:
        return
    paths = [each.session_paths if what == "session" else each.response_paths for _, each in revisions]
    where = " and ".join(name for name, _ in revisions)
    for setting in step.argument:
        if not any(setting in each for each in paths):
            message = f"`{setting}` is left out: a {what} of {where} has no such setting"
            yield Dead(message, "Remove it, or send it unchanged with `send`.", step)
