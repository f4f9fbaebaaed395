"""Endpoints that ask and call tool servers wrongly."""

from __future__ import annotations

from conformance.mutants.edits import put
from conformance.mutants.mutant import FaultTable
from conformance.mutants.operators import changing, changing_all, putting, repeating
from conformance.trace.trace import Event

faults = FaultTable()

SCENARIO = "tools/mcp_server"
LISTED, CALLED = "mcp_list_tools.completed", "response.mcp_call.completed"
ARGUMENTS, ITEM_DONE = "response.mcp_call_arguments.done", "response.output_item.done"


def _of_another(event: Event) -> Event:
    """Let every call be one of another server, wherever its item is shown."""
    shown = [*event.get("response", {}).get("output", []), event.get("item")]
    for item in shown:
        if isinstance(item, dict) and item.get("type") == "mcp_call":
            item["server_label"] = "somebody_else"
    return event


def _without_output(event: Event) -> Event:
    return put(event, ("item", "output"), None)


# fmt: off
faults.rows(
    ("tools-are-listed-twice", "tool_servers.a-listing-ends-once", SCENARIO, "",
     "The listing of a tool server ends twice.", lambda _: repeating(LISTED)),
    ("a-tool-server-is-called-twice", "tool_servers.a-call-ends-once", SCENARIO, "",
     "The call of a tool server ends twice.", lambda _: repeating(CALLED)),
    ("a-call-has-other-arguments", "tool_servers.arguments-are-the-same-everywhere", SCENARIO, "",
     "The end of the arguments says something else.", lambda _: putting(ARGUMENTS, ("arguments",), "{}")),
    ("a-strange-server-is-called", "tool_servers.called-servers-were-offered", SCENARIO, "",
     "A tool server is called that nobody offered.", lambda _: changing_all(_of_another)),
    ("a-call-says-nothing", "tool_servers.a-call-shows-its-outcome", SCENARIO, "",
     "The item of a call that was completed has no output.", lambda _: changing((ITEM_DONE,), _without_output)),
    dialects=("ga",),
)
