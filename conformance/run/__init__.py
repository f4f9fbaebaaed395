"""A run: what is played against which endpoint, judged, collected into one result.  Without pytest, without prose.

from conformance import run
result = run.play("wss://host/v1/realtime", key="sk-…", scenarios=["response/text_turn"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.run.library import play

__all__ = ["play"]


def __getattr__(name: str) -> Any:
    """Return `play`, imported when it is first asked for."""
    if name != "play":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from conformance.run.library import play

    return play
