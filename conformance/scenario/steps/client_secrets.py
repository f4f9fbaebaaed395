"""Client secrets: short-lived keys.

They are requested over plain HTTP, with settings of the session that they open: `connect: {secret: "${NAME.value}"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.scenario.commands import Mint, Script, Unmet
from conformance.scenario.cost import connecting
from conformance.scenario.steps.connection import OPTIONS
from conformance.scenario.steps.declaration import shape, step

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

#: How the key is offered.
KEY = {name: OPTIONS[name] for name in ("auth", "credential")}


@step(
    {
        **shape(
            {
                **KEY,
                "settings": {"type": "object", "description": "Settings of the session by their canonical names."},
                "expires_after": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Lifetime in seconds.",
                },
            }
        ),
        "type": ["object", "null"],
    },
    opens=True,
    ends="has spent on a secret",
    answers=("error", "either"),
    modifiers="as",
    costs=connecting,
    example="""
- mint: {settings: {instructions: Speak like a pirate.}, expires_after: 60}
  as: minted
- connect: {secret: "${minted.value}"}
""",
)
def mint(_context: ScriptContext, written: Step) -> Script:
    """Request a client secret; the answer has `value`, `expires_at` and `session`."""
    given = written.argument or {}
    options = {name: given[name] for name in KEY if name in given}
    reply = yield Mint(given.get("settings", {}), given.get("expires_after"), options)
    if reply.refused and not written.answer:
        raise Unmet("no client secret was given", expected="a client secret", actual=reply.refused)
    if not reply.refused and written.answer == "error":
        raise Unmet("a client secret was given", expected="a refusal", actual="a client secret")
    return reply.event
