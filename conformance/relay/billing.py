"""What a conversation cost a tenant of the gateway, and what it should have cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.relay.declared import Tariff
from conformance.trace.frames import mapping, whole_number
from conformance.trace.views import View

TRANSCRIPT = "conversation.item.input_audio_transcription.completed"


@dataclass(frozen=True)
class Bill:
    """The balance around one conversation, and all that the upstream reported in it."""

    before: float
    after: float
    usages: tuple[Mapping[str, Any], ...] = ()
    """The usage of every response and transcription, as the upstream reported it."""
    late: float = 0.0
    """What was charged between the settling of the conversation before and the beginning of this one."""

    def charged(self, tariff: Tariff) -> float:
        """Return what was charged, in the units of the balance."""
        return tariff.charge(self.before, self.after)

    def owed(self, tariff: Tariff) -> float:
        """Return what the tariff makes of the reported usage."""
        return sum((price(usage, tariff) for usage in self.usages), 0.0)

    @property
    def cached(self) -> int:
        """Input tokens that were taken from the cache."""
        return sum(_cached(usage) for usage in self.usages)


def price(usage: Mapping[str, Any], tariff: Tariff) -> float:
    """Return what one usage costs; a usage in seconds, as some transcriptions have, costs nothing in tokens."""
    cached = _cached(usage)
    fresh = (whole_number(usage.get("input_tokens")) or 0) - cached
    output = whole_number(usage.get("output_tokens")) or 0
    return fresh * tariff.input + cached * tariff.cached_input + output * tariff.output


def _cached(usage: Mapping[str, Any]) -> int:
    return whole_number(mapping(usage.get("input_token_details")).get("cached_tokens")) or 0


def usages_in(views: Iterable[View]) -> tuple[Mapping[str, Any], ...]:
    """Collect every usage that the upstream reported."""
    views = tuple(views)
    found = [mapping(frame.part("response").get("usage")) for view in views for frame in view.server("response.done")]
    found += [frame.part("usage") for view in views for frame in view.server(TRANSCRIPT)]
    return tuple(usage for usage in found if usage)
