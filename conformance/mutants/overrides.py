"""Endpoints that confuse what a response was asked for with what the session says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.edits import put
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing, changing_all, receiving_more
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

CREATE, CREATED, DONE = "response.create", "response.created", "response.done"


def _showing(dialect: Dialect, name: str, value: object) -> Fault:
    """Show another value of a setting in every response object."""
    path = ("response", *dialect.response_paths[name])
    return changing((CREATED, DONE), lambda event: put(event, path, value))


@faults.mutant(killed_by="response_create.audio-is-not-answered-in-text", during="response/audio_turn")
def audio_is_answered_in_text(dialect: Dialect) -> Fault:
    """A response that was to be spoken is written."""
    wanted, own = ("response", *dialect.response_paths["modalities"]), dialect.modality_sets

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == CREATE:
            asked = event.get("response")
            if isinstance(asked, dict | None):
                event = {**event, "response": {**(asked or {}), wanted[-1]: list(own["text"])}}
        yield event

    def change(event: Event) -> Event:
        return put(event, wanted, list(own["audio"])) if event["type"] in (CREATED, DONE) else event

    return Fault(sends=changing_all(change).sends, receives=receives)


@faults.mutant(
    killed_by="response_create.a-response-answers-one-create",
    during="response/text_turn",
    like="proxy-injects-response-create",
)
def a_response_that_nobody_asked_for(_dialect: Dialect) -> Fault:
    """After the response that was asked for another one begins."""
    done: list[Event] = []

    def more(_event: Event) -> Iterable[Event]:
        yield from ({"type": CREATE, "event_id": "event_injected"} for _ in done)

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == DONE:
            done[:] = [event]
        yield event

    return Fault(sends=sends, receives=receiving_more("session.update", more, first=True))


# fmt: off
faults.rows(
    ("another-voice-than-the-sessions", "response_create.session-settings-hold", "response/audio_turn", "",
     "A response shows another voice than the session.", lambda dialect: _showing(dialect, "voice", "verse")),
    ("a-voice-of-its-own-is-ignored", "response_create.overrides-are-honoured", "response/audio_overrides",
     "response-overrides-ignored",
     "A response was asked to speak in another voice, and shows the session's.",
     lambda dialect: _showing(dialect, "voice", "marin")),
)
