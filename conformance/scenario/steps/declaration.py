"""How a step is declared: one function, with all that the readers of scripts need to know about it.

Who loads a script, checks it without playing it, plans its cost, plays it or explains it reads the same declaration.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.contract.documented_fields import Schema
from conformance.scenario.cost import asking

if TYPE_CHECKING:
    from conformance.scenario.commands import Script
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.cost import ClipReader, Cost, Spending
    from conformance.scenario.step import Step

#: JSON Schema of an argument or of a part of it.
Play = Callable[["ScriptContext", "Step"], "Script"]

NOTHING: Schema = {"type": "null"}
TEXT: Schema = {"type": "string", "minLength": 1}
ACKNOWLEDGED = ("error", "either", "none")
"""What may answer, instead of the acknowledgement, a step that sends an event."""


def shape(properties: Mapping[str, Schema], required: tuple[str, ...] = (), **more: Any) -> Schema:
    """Return the schema of an object with these options and no other."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": dict(properties), **more}


def shorthand(short: Schema, full: Schema) -> Schema:
    """Return the schema of an argument that is an object, or one value for short."""
    return {"if": {"type": "object"}, "then": full, "else": short}


def one_or_several(each: Schema) -> Schema:
    """Return the schema of a value, or of a list of such values."""
    return {"if": {"type": "array"}, "then": {"type": "array", "minItems": 1, "items": each}, "else": each}


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One kind of step."""

    name: str
    play: Play
    subject: str
    """The docstring of its module: a heading, and below it, after an empty line, what all its steps have in common."""
    text: str
    """What it does, in Markdown."""
    argument: Schema
    """JSON Schema; one that admits null lets the step stand without an argument."""
    examples: tuple[str, ...]
    """Lists of steps, in YAML."""
    answers: tuple[str, ...] = ()
    """Values of `answer:` that change what it does."""
    modifiers: frozenset[str] = frozenset()
    """Those of `as` and `within` that have an effect."""
    unasked: bool = True
    """Whether it waits for its answer although no `answer:` says so."""
    opens: bool = False
    """Whether it asks for a connection."""
    ends: str = ""
    """What a line with it does to the connection, if there is no session after it: `has closed`."""
    listens: bool = False
    """Whether it looks at what has come, so that an ended connection may still answer it."""
    passes_time: bool = False
    """Whether time passes in it on purpose."""
    harmless: bool = False
    """Whether it does nothing, and fails nothing, where there is no session."""
    settings: str = ""
    """`session` or `response`: whose settings its argument holds."""
    awaits: Callable[[Step], list[str]] = lambda _: []
    """The event types that it waits for by name."""
    clip: Callable[[Step], str | None] = lambda _: None
    """The name of the audio clip that it plays."""
    contradictions: Callable[[Step], Iterator[tuple[str, str]]] = lambda _: iter(())
    """What in its argument can do nothing: (what is wrong, cure)."""
    costs: Callable[[Spending, Step, ClipReader], Cost] = asking
    """What it costs at most; it also says what becomes of the session."""

    @property
    def bare(self) -> bool:
        """Whether it may stand without an argument."""
        return "null" in self.argument.get("type", ())

    @property
    def lets_pass(self) -> bool:
        """Whether events may come while it is played that answer a later step."""
        return self.passes_time or "within" in self.modifiers

    def chooses(self, step: Step) -> bool:
        """Return whether `answer` changes what this step does."""
        return step.answer in self.answers

    def brings(self, step: Step) -> bool:
        """Return whether this step gives an event, which `as:` keeps."""
        return "as" in self.modifiers and self._answered(step)

    def waits(self, step: Step) -> bool:
        """Return whether it is up to the script how long this step waits."""
        return "within" in self.modifiers and self._answered(step)

    def _answered(self, step: Step) -> bool:
        return step.answer != "none" and (self.unasked or bool(step.answer))


#: Name of a step -> its declaration.
STEPS: dict[str, Declaration] = {}


def step(
    argument: Schema = NOTHING, *, example: str | tuple[str, ...], answers: tuple[str, ...] = (),
    modifiers: str = "", **more: Any,
) -> Callable[[Play], Play]:  # fmt: skip
    """Register a step under its function's name; the docstring says what it does.

    `modifiers` are words; a step that takes every `answer` waits for one, so it has `as` and `within`.
    """

    def declare(play: Play) -> Play:
        name = play.__name__.strip("_")
        words = "as within" if answers == ACKNOWLEDGED else modifiers
        STEPS[name] = Declaration(
            name=name,
            play=play,
            subject=inspect.cleandoc(sys.modules[play.__module__].__doc__ or ""),
            text=inspect.getdoc(play) or "",
            argument=argument,
            examples=(example,) if isinstance(example, str) else example,
            answers=answers,
            modifiers=frozenset(words.split()),
            **more,
        )
        return play

    return declare
