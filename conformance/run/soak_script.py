"""What each of many sessions says under load, and the canary by which its words are known from everybody else's."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.scenario.load import loads
from conformance.trace import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace

#: A canary, as it is looked for in whatever an endpoint says.
CANARY = re.compile(r"canary[0-9a-f]{12}")
#: Every so-manyth session speaks.
VOICE_EVERY = 5
TEXT = """\
scenario: One of many sessions at once talks in text.
steps:
  - connect
  - configure: {modalities: text, max_output_tokens: 200, instructions: "You are CANARY. Repeat what you are asked to."}
"""
VOICE = """\
scenario: One of many sessions at once talks in audio.
needs: [audio_output]
steps:
  - connect
  - configure: {modalities: audio, max_output_tokens: 400, voice: "VOICE", instructions: "You are CANARY."}
"""
TURN = """\
  - say: {text: "Say exactly: CANARY NUMBER.", id: CANARY_NUMBER}
  - respond
  - await: response.done
  - idle: PAUSE
"""
#: Turns of a session in text, in audio.
TURNS = {"text": 3, "voice": 2}


def new_canary() -> str:
    """Return a word that nobody said before."""
    return f"canary{secrets.token_hex(6)}"


def script_of(kind: str, canary: str, pause: float, voice: str) -> Scenario:
    """Return the script of one session: *kind* is `text` or `voice`, *pause* the seconds after each turn."""
    text = (VOICE if kind == "voice" else TEXT) + "".join(
        TURN.replace("NUMBER", str(number)) for number in range(1, TURNS[kind] + 1)
    )
    text = text.replace("CANARY", canary).replace("PAUSE", f"{pause:g}").replace("VOICE", voice)
    return loads(text, Path("soak") / f"{kind}.yaml", Path())


def strangers_in(trace: Trace, own: str) -> Iterator[tuple[int, str]]:
    """Yield the canaries of others that the endpoint told this session: (index of the entry, canary)."""
    for entry in trace:
        if entry.sent:
            continue
        said = entry.text if entry.event is None else json_text.dumps(entry.event).decode()
        yield from ((entry.index, each) for each in dict.fromkeys(CANARY.findall(said or "")) if each != own)


def session_id_of(trace: Trace) -> str:
    """Return the id that the endpoint gave a session; empty if it gave none."""
    for entry in trace:
        session = entry.event.get("session") if entry.event is not None and not entry.sent else None
        if isinstance(session, dict) and isinstance(session.get("id"), str):
            return str(session["id"])
    return ""
