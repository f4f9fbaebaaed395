"""Tool servers (MCP) whose tools a session lets the model use: they are asked what they offer, and called.

How a server is reached is no matter of a session: it is given a function that turns the `mcp` tool of a client into
a `ToolServer`.  The reference knows one server by heart, and nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from conformance.contract.names import REFERENCE_TOOL_SERVER
from conformance.reference.session.ids import Ids
from conformance.reference.session.items import Item, ItemList
from conformance.reference.session.refusals import Event
from conformance.reference.session.schedule import Schedule, Steps


class ToolServerFailed(Exception):
    """A tool server cannot be reached, or a call of it failed; the text says why."""


class ToolServer(Protocol):
    """One server."""

    def tools(self) -> Sequence[Event]:
        """Return what it offers: name, description, input_schema."""

    def call(self, name: str, arguments: str) -> str:
        """Call a tool with *arguments* in JSON, and return what it says."""


ToolServerFinder = Callable[[Event], ToolServer]


class Calculator:
    """The server that the reference knows by heart: it adds two numbers."""

    def tools(self) -> Sequence[Event]:
        """Return its one tool."""
        number = {"type": "integer"}
        schema = {"type": "object", "properties": {"first": number, "second": number}, "required": ["first", "second"]}
        return [{"name": "add", "description": "Adds two numbers.", "input_schema": schema}]

    def call(self, name: str, arguments: str) -> str:
        """Add."""
        if name != "add":
            raise ToolServerFailed(f"there is no tool {name!r}")
        given = json.loads(arguments)
        return str(given["first"] + given["second"])


def by_heart(tool: Event) -> ToolServer:
    """Return the server that is known; ToolServerFailed for any other."""
    if tool.get("server_url") != REFERENCE_TOOL_SERVER:
        raise ToolServerFailed("the server does not answer")
    return Calculator()


class ToolServers:
    """Those of one session, by their labels."""

    def __init__(self, dial: ToolServerFinder, conversation: ItemList, ids: Ids, schedule: Schedule) -> None:
        self._dial, self._conversation, self._ids, self._schedule = dial, conversation, ids, schedule
        self._asked: set[str] = set()
        self._servers: dict[str, ToolServer] = {}
        self.offered: dict[str, Sequence[Event]] = {}
        """Label -> the tools that its server told."""

    def look_at(self, tools: Sequence[Event]) -> None:
        """Ask those servers for their tools that were not asked before."""
        for tool in tools:
            if tool.get("type") == "mcp" and tool["server_label"] not in self._asked:
                self._asked.add(tool["server_label"])
                self._schedule.start(self._listing(tool))

    def _listing(self, tool: Event) -> Steps:
        label, item_id = tool["server_label"], self._ids.new("item")
        yield {"type": "mcp_list_tools.in_progress", "item_id": item_id}
        try:
            server = self._dial(tool)
            self.offered[label], self._servers[label] = server.tools(), server
        except ToolServerFailed:
            yield {"type": "mcp_list_tools.failed", "item_id": item_id}
            return
        item = Item(item_id, {"type": "mcp_list_tools", "server_label": label, "tools": [*self.offered[label]]})
        yield from self._announced(item)
        yield {"type": "mcp_list_tools.completed", "item_id": item_id}

    def _announced(self, item: Item) -> Iterator[Event]:
        yield from self._conversation.added(item, self._conversation.append(item))

    def call(self, label: str, name: str, arguments: str) -> Mapping[str, object]:
        """Call a tool; return what its item shows of that."""
        try:
            return {"output": self._servers[label].call(name, arguments), "error": None}
        except (ToolServerFailed, KeyError, ValueError) as failure:
            return {"output": None, "error": {"type": "tool_execution_error", "message": str(failure)}}
