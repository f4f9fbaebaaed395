"""What a response is made of: what was asked for, how far it is, what all responses of a session share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.dialect import Dialect
from conformance.reference.session.counting import TokenCount, usage
from conformance.reference.session.ids import Ids
from conformance.reference.session.items import Item, ItemList
from conformance.reference.session.model import Act, Prompt
from conformance.reference.session.pace import Pace
from conformance.reference.session.refusals import Event
from conformance.reference.session.revisions import RevisionHabits
from conformance.reference.session.settings import SessionSettings, copied
from conformance.reference.session.tool_servers import ToolServers


@dataclass(frozen=True)
class Halt:
    """Why a response ends early."""

    status: str
    details: Event


@dataclass(frozen=True)
class Request:
    """What one response was asked for: the session's settings under its own."""

    id: str
    modalities: list[str]
    voice: Any
    output_format: Any
    temperature: float | None
    max_output_tokens: int | str
    metadata: Event | None
    instructions: str
    prompt: Prompt
    context: list[Item]
    tools: list[Event]
    in_conversation: bool
    earlier: TokenCount
    """Input of the conversation's response before this one: what of it comes again is cached."""


@dataclass(eq=False)
class RunningResponse:
    """One running response."""

    request: Request
    status: str = "in_progress"
    halted: Halt | None = None
    output: list[Item] = field(default_factory=list)
    given: TokenCount = field(default_factory=TokenCount)
    cached: TokenCount = field(default_factory=TokenCount)
    produced: TokenCount = field(default_factory=TokenCount)

    def affords(self, cost: TokenCount) -> bool:
        """Pay for the next delta, or halt at the limit of output tokens (RSP-24)."""
        limit = self.request.max_output_tokens
        if isinstance(limit, int) and self.produced.total + cost.total > limit:
            self.halted = Halt("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
            return False
        self.produced += cost
        return True


@dataclass(frozen=True)
class ResponseContext:
    """What every response of a session works with."""

    dialect: Dialect
    revision: RevisionHabits
    settings: SessionSettings
    conversation: ItemList
    ids: Ids
    pace: Pace
    delta_ms: int
    """Sound in one audio delta, in milliseconds."""
    tool_servers: ToolServers
    scripted_model: Callable[[Prompt], list[Act]]
    """Decides what to answer."""

    def wire_object(self, response: RunningResponse) -> Event:
        """Make the wire's response object, nulls included (observation 22)."""
        request, done = response.request, response.status != "in_progress"
        shown: Event = {
            "object": "realtime.response",
            "id": request.id,
            "status": response.status,
            "status_details": response.halted.details if response.halted and done else None,
            "output": [self.conversation.shown(item) for item in response.output] if done else [],
            "conversation_id": self.conversation.id if request.in_conversation else None,
        }
        own = {
            "modalities": request.modalities,
            "voice": request.voice,
            "output_format": request.output_format,
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
        }
        shown |= self._own(own)
        shown["usage"] = usage(response.given, response.cached, response.produced) if done else None
        shown["metadata"] = copied(request.metadata)
        return shown

    def _own(self, settings: Mapping[str, Any]) -> Event:
        placed: Event = {}
        for name, value in settings.items():
            path = self.dialect.response_paths.get(name)
            if path is not None:
                where = placed
                for step in path[:-1]:
                    where = where.setdefault(step, {})
                where[path[-1]] = copied(value)
        return placed
