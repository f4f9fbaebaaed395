"""A conformance test suite for endpoints that speak the OpenAI Realtime protocol.

A scenario is played against an endpoint under a contract and leaves a trace;
rules judge it; the reference endpoint and the mutants prove the rules; reports tell.

The names below are the public interface (docs/api.md): what notebooks and packs of rules need.  Each is imported when
it is first asked for; `run.play` plays (`play` alone is the room of the player).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance import run
    from conformance.rules.engine.judge import Verdict
    from conformance.rules.engine.rule import HELD, Chapter, Finding, Judged, Keyword
    from conformance.run.library import judge
    from conformance.run.outcome import RunOutcome
    from conformance.run.result import RunResult
    from conformance.trace.trace import Trace
    from conformance.trace.views import View

__all__ = [
    "HELD",
    "Chapter",
    "Finding",
    "Judged",
    "Keyword",
    "RunOutcome",
    "RunResult",
    "Trace",
    "Verdict",
    "View",
    "judge",
    "run",
]

#: Public name -> the module that has it.
_HOMES = {
    "HELD": "rules.engine.rule",
    "Chapter": "rules.engine.rule",
    "Finding": "rules.engine.rule",
    "Judged": "rules.engine.rule",
    "Keyword": "rules.engine.rule",
    "RunOutcome": "run.outcome",
    "RunResult": "run.result",
    "Trace": "trace.trace",
    "Verdict": "rules.engine.judge",
    "View": "trace.views",
    "judge": "run.library",
}


def __getattr__(name: str) -> Any:
    """Return a public name, imported now."""
    if name == "run":
        return import_module(f"{__name__}.run")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
