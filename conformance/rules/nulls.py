"""Null where a field is optional: the sources leave such a field out; who sends null makes clients expect both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache

from conformance.contract.dialects import DIALECTS
from conformance.contract.schemas import Problem, Schemas, schemas_for
from conformance.rules.engine.rule import ANYTHING, HELD, SERVER_EVENTS, Chapter, Evidence, Finding, Judged
from conformance.trace.frames import Frame
from conformance.trace.lens import lens
from conformance.trace.trace import Direction, Event
from conformance.trace.views import View

rules = Chapter("envelope")


def parted(schemas: Schemas, event: Event) -> tuple[Sequence[Problem], Sequence[Problem]]:
    """Return how *event* breaks its schema, and beside it where only null stands in an optional field."""
    problems = schemas.problems(Direction.SERVER, event)
    nulls = {each.path: each for each in problems if each.found == "null" and each.path}
    if not nulls:
        return problems, ()
    rest = schemas.problems(Direction.SERVER, _without(event, nulls))
    owed = [nulls.get(each.path, each) for each in rest]
    return owed, [each for path, each in nulls.items() if path not in {every.path for every in owed}]


@lru_cache(maxsize=1024)
def _flawless(dialect_name: str, kind: str) -> Callable[[Event], bool] | None:
    return schemas_for(dialect_name).flawless(DIALECTS[dialect_name].wire_name(kind))


@lens
def flawed(view: View) -> Mapping[str, Sequence[Frame]]:
    """Return the server's events that break their schema or lack a field that clients need, by their canonical type.

    Each type that occurred and has a schema is there, and most have none.
    """
    found: dict[str, Sequence[Frame]] = {}
    for kind, frames in view.groups.items():
        fits = _flawless(view.dialect.name, kind) if frames else None
        if fits is None:
            continue
        try:
            found[kind] = [frame for frame in frames if not fits(frame.event)]
        except ValueError:  # one of them cannot be judged: each is looked at
            found[kind] = frames
    return found


@lens
def fit_and_unfit(view: View) -> Sequence[tuple[Sequence[Frame], Sequence[Frame]]]:
    """Return the server's events of each type that has a schema, and those of them that break it."""
    return [(view.groups[kind], _unfit(view, kind, frames) if frames else ()) for kind, frames in flawed(view).items()]


def _unfit(view: View, kind: str, frames: Sequence[Frame]) -> Sequence[Frame]:
    schemas, spoken = schemas_for(view.dialect.name), view.dialect.wire_name(kind)
    misfits = schemas.misfits(Direction.SERVER, spoken, [frame.event for frame in frames])
    return [frames[position] for position in misfits]


def judge_misfits(
    view: View, wrong: Callable[[Frame, Sequence[Problem], Sequence[Problem]], Evidence | None]
) -> Judged:
    """Judge every event that has a schema: what breaks it by *wrong* (frame, what it breaks, its optional nulls)."""
    schemas = schemas_for(view.dialect.name)
    for frames, unfit in fit_and_unfit(view):
        if len(unfit) < len(frames):
            yield HELD
        for frame in unfit:
            if (judged := wrong(frame, *parted(schemas, frame.event))) is not None:
                yield judged


def _without(event: Event, paths: Sequence[str] | dict[str, Problem]) -> Event:
    """Return a copy of *event* without the fields at these JSON pointers."""
    copy = deepcopy(event)
    for path in paths:
        *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])
        place: object = copy
        for step in steps:
            if isinstance(place, list):
                place = place[int(step)]
            elif isinstance(place, dict):
                place = place[step]
        if isinstance(place, dict):
            place.pop(last, None)
    return copy


@rules.should(
    "envelope.optional-fields-are-not-null",
    about=ANYTHING,
    covers=("FRM-05",),
    spec=SERVER_EVENTS.rstrip("/"),
    relaxed="The reference calls the field optional and gives it a type; clients take null for absence.",
)
def optional_fields_are_not_null(view: View) -> Judged:
    """An optional field that has nothing to say is left out, unless its type allows null."""
    return judge_misfits(view, _null)


def _null(frame: Frame, _problems: Sequence[Problem], nulls: Sequence[Problem]) -> Finding | None:
    if not nulls:
        return None
    message = f"`{frame.entry.type}` has null at {nulls[0].path}, which is optional."
    return Finding(frame.index, message, f"{nulls[0].expected}, or nothing", "null", nulls[0].path)
