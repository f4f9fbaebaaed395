"""What a script knows while it plays: the dialect, what it remembers, and how to spell things."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.scenario.commands import ModelDidNot, Unmet
from conformance.trace.trace import Event


class WireNames(Protocol):
    """What a script needs of a dialect (`conformance.contract.dialect.Dialect`)."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def session_paths(self) -> Mapping[str, tuple[str, ...]]:
        """Canonical setting -> where it lies in a session."""

    def session(self, settings: Mapping[str, Any]) -> Event:
        """Make the session of an update."""

    def response(self, settings: Mapping[str, Any]) -> Event:
        """Make the response of a `response.create`."""

    def wire_name(self, canonical: str) -> str:
        """Spell an event type."""

    def content_type(self, canonical: str) -> str:
        """Spell a content type."""


REFERENCE = re.compile(r"\$\{([^}]+)\}")


@dataclass
class ScriptContext:
    """The state of one conversation as its script sees it."""

    dialect: WireNames
    clip: Callable[[str, str], bytes]
    """(name of the clip, canonical format) -> bytes."""
    intent: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    """What `as:` kept, and `run.*`."""
    input_format: str = "pcm16"
    output_format: str = "pcm16"
    calls: int = 0
    """Function calls that the script has taken so far."""
    event_ids: set[str] = field(default_factory=set)
    """Of the client events sent so far."""

    def event_id(self, step: str) -> str:
        """Return the next client event id: readable, unique in the conversation."""
        event_id = f"client_{len(self.event_ids) + 1}_{step}"
        self.event_ids.add(event_id)
        return event_id

    def filled(self, value: Any) -> Any:
        """Replace `${name.path}` by what was remembered; a string that is nothing else keeps the value's type."""
        if isinstance(value, str):
            whole = REFERENCE.fullmatch(value)
            return self.look_up(whole[1]) if whole else REFERENCE.sub(lambda m: str(self.look_up(m[1])), value)
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return value

    def look_up(self, path: str) -> Any:
        """Follow `name.key.0.key` through what was remembered.

        Unmet if the endpoint never said it, ModelDidNot if a list holds fewer: how much a model says is its own matter.
        """
        value: Any = self.values
        for step in path.split("."):
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            elif isinstance(value, list) and step.isdigit():
                raise ModelDidNot(f"needs ${{{path}}}; the list holds only {len(value)}")
            else:
                raise Unmet(f"the script needs ${{{path}}}, which the endpoint never said", expected=path)
        return value
