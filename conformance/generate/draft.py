"""The draft of a generated conversation: the script so far, and what the protocol owes after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.scenario.step import Step

#: Turns that end soon, so that little silence has to follow them.
BY_EAR = {"type": "server_vad", "silence_duration_ms": 500}

Move = Callable[["Draft"], None]


@dataclass
class Draft:
    """The script so far, and what the protocol owes after it."""

    dialect: Dialect
    steps: list[Step] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    """References to the items that exist, in the order in which they became known."""
    own: list[str] = field(default_factory=list)
    """Ids that the client chose, of items that exist."""
    gone: list[str] = field(default_factory=list)
    """References to deleted items."""
    spoken: dict[str, int] = field(default_factory=dict)
    """Item with the assistant's audio -> milliseconds that it has at least."""
    held_ms: int = 0
    """Audio in the input buffer."""
    detecting: bool = True
    """Whether the endpoint looks for turns."""
    remainder: bool = False
    """Whether what followed a detected turn may lie in the input buffer: how much, only the endpoint knows."""
    running: list[str] = field(default_factory=list)
    """References to the responses whose `response.done` no step has awaited."""
    names: int = 0

    def step(self, name: str, argument: Any = None, *, answer: str = "", remember: str = "") -> None:
        """Write one step."""
        self.steps.append(Step(name, argument, answer=answer, remember=remember))

    def name(self, what: str) -> str:
        """Return a name that nothing else in the script has."""
        self.names += 1
        return f"{what}_{self.names}"

    def respond(self, settings: dict[str, Any]) -> None:
        """Ask for a response."""
        kept = self.name("asked")
        self.step("respond", settings, remember=kept)
        self.running.append(f"${{{kept}.response.id}}")

    def end_of_latest(self) -> dict[str, Any]:
        """Return what to await of the response that was asked for last; speech may have begun others."""
        return {"event": "response.done", "match": {"response.id": self.running.pop()}}

    def settle(self) -> None:
        """Wait until no response runs that was asked for."""
        while self.running:
            self.step("await", self.end_of_latest())

    def listen_by_hand(self) -> None:
        """Let the client alone decide where a turn of the user ends."""
        if self.detecting:
            self.step("configure", {"turn_detection": None})
            self.detecting = False
        if self.remainder:
            self.step("clear", answer="either")
            self.remainder = False

    def listen_by_ear(self, **switches: bool) -> None:
        """Let the endpoint decide where a turn begins and ends; nothing is under way, and nothing in the buffer."""
        self.settle()
        if self.held_ms:
            self.step("clear")
            self.held_ms = 0
        self.step("configure", {"turn_detection": {**BY_EAR, **switches}})
        self.detecting = True
