"""Tool servers (MCP): asked for their tools, and called, by the endpoint itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged, items_of
from conformance.rules.engine.settings import asked_and_not_shown
from conformance.trace.frames import listing, mapping, string

if TYPE_CHECKING:
    from conformance.trace.frames import Frame
    from conformance.trace.views import View

rules = Chapter("tool_servers")

LISTING, LISTED = "mcp_list_tools.in_progress", ("mcp_list_tools.completed", "mcp_list_tools.failed")
CALLING, CALLED = "response.mcp_call.in_progress", ("response.mcp_call.completed", "response.mcp_call.failed")
DELTA, DONE = "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done"
ITEM_DONE = "response.output_item.done"
CALL = items_of("mcp_call")


def _ends_once(view: View, beginning: str, ends: tuple[str, ...], what: str) -> Judged:
    """Judge that what begins with one event ends with one of *ends*, once, under the id of its item."""
    began = {name: frame for frame in view.server(beginning) if (name := frame.text("item_id"))}
    ended: set[str] = set()
    for frame in view.server(*ends):
        name = frame.text("item_id")
        if name is None or frame.entry.ids_elided:
            continue
        if name in ended:
            yield Finding(frame.index, f"{what} {name} ended before.", "one end", frame.type)
        elif name not in began and not view.partial:
            yield Finding(frame.index, f"{what} {name} ends, and never began.", beginning, "nothing")
        elif name in began and began[name].index > frame.index:
            yield Finding(frame.index, f"{what} {name} ends before it begins.", beginning, frame.type)
        else:
            yield HELD
        ended.add(name)
    for name, frame in began.items():
        if name not in ended and not view.awaited.isdisjoint(ends):
            yield Finding(frame.index, f"{what} {name} never ends.", " or ".join(ends), "nothing")


@rules.must(
    "tool_servers.a-listing-ends-once",
    about={LISTING, *LISTED},
    covers=("MCP-01",),
    spec=SERVER_EVENTS + "mcp_list_tools/completed",
)
def a_listing_ends_once(view: View) -> Judged:
    """Asking a tool server for its tools begins, and ends once: it was completed, or it failed."""
    yield from _ends_once(view, LISTING, LISTED, "The listing")


@rules.must(
    "tool_servers.a-call-ends-once",
    about={CALLING, *CALLED},
    covers=("MCP-02",),
    spec=SERVER_EVENTS + "response/mcp_call/completed",
)
def a_call_ends_once(view: View) -> Judged:
    """A call of a tool server begins, and ends once: it was completed, or it failed."""
    yield from _ends_once(view, CALLING, CALLED, "The call")


def _called(view: View) -> Iterator[tuple[Frame, str]]:
    """Yield the end of each item that is a call of a tool server, with its id."""
    for frame in view.server(ITEM_DONE):
        item = frame.part("item")
        name = string(item.get("id"))
        if item.get("type") == "mcp_call" and name is not None and frame.whole:
            yield frame, name


@rules.must(
    "tool_servers.arguments-are-the-same-everywhere",
    about={DONE, *CALL},
    covers=("MCP-03",),
    spec=SERVER_EVENTS + "response/mcp_call_arguments/done",
)
def arguments_are_the_same_everywhere(view: View) -> Judged:
    """The arguments of a call are what was streamed, in their own end and in that of the item."""
    streamed: dict[str, str] = {}
    for frame in view.server(DELTA):
        name = frame.text("item_id") or ""
        streamed[name] = streamed.get(name, "") + (frame.text("delta") or "")
    if view.gaps:
        return
    for frame, name, shown, path in _final_arguments(view):
        if shown is None or name not in streamed or not frame.whole:
            continue
        if shown == streamed[name]:
            yield HELD
        else:
            message = f"The arguments of {name} are not those that were streamed."
            yield Finding(frame.index, message, streamed[name][:80], shown[:80], path)


def _final_arguments(view: View) -> Iterator[tuple[Frame, str, str | None, str]]:
    """Yield where the whole arguments of a call are shown: event, item, arguments, JSON pointer."""
    for frame in view.server(DONE):
        yield frame, frame.text("item_id") or "", frame.text("arguments"), "/arguments"
    for frame, name in _called(view):
        yield frame, name, string(frame.part("item").get("arguments")), "/item/arguments"


@rules.must("tool_servers.called-servers-were-offered", about=CALL, covers=("MCP-04",), spec=GUIDE + "realtime-mcp")
def called_servers_were_offered(view: View) -> Judged:
    """Only tool servers that the session, or a `response.create`, offers are called."""
    if view.partial:
        return
    offers = [(index, view.dialect.setting(session, "tools")) for index, session in view.sessions]
    offers += [(each.first, view.dialect.response_setting(each.asked, "tools")) for each in view.responses]
    offers += asked_and_not_shown(view, "tools")
    for frame, name in _called(view):
        label = string(frame.part("item").get("server_label"))
        known = {
            string(mapping(tool).get("server_label"))
            for index, tools in offers
            if index < frame.index
            for tool in listing(tools)
        }
        if label in known:
            yield HELD
        else:
            message = f"{name} calls a tool server that nobody offered."
            expected = ", ".join(sorted(filter(None, known))) or "no tool server"
            yield Finding(frame.index, message, expected, str(label), "/item/server_label")


@rules.should(
    "tool_servers.a-call-shows-its-outcome",
    about=CALL,
    covers=("MCP-05",),
    spec=GUIDE + "realtime-mcp",
)
def a_call_shows_its_outcome(view: View) -> Judged:
    """The item of a call that is over shows its output, or its error where it failed."""
    outcomes = {frame.text("item_id"): frame for frame in view.server(*CALLED)}
    for frame, name in _called(view):
        ended = outcomes.get(name)
        if ended is None or ended.index > frame.index:
            continue
        wanted = "output" if ended.type == CALLED[0] else "error"
        if frame.part("item").get(wanted) is not None:
            yield HELD
        else:
            message = f"The item of {name} does not show its {wanted}."
            yield Finding(frame.index, message, wanted, "none", f"/item/{wanted}")
