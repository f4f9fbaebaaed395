"""Which functions are called: those that the session, or the response, offers and chooses."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, Chapter, Finding, Judged
from conformance.rules.engine.settings import ABSENT, steady_setting
from conformance.trace.exchanges import OF_TOOL_SERVERS
from conformance.trace.frames import mapping, string
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.responses import OutputItem, Response
    from conformance.trace.views import View

rules = Chapter("tools")

SESSION = CLIENT_EVENTS + "session/update"
#: Without one of these a response cannot have been judged.
ABOUT = frozenset({"response.done"})


@gathered
def _responses(view: View) -> Iterator[tuple[Response, Frame]]:
    """Yield the responses that are over, whose settings can be told, each with its end."""
    if view.partial:
        return
    for response in view.responses:
        if response.created is None or response.done is None or response.gapped:
            continue
        if response.cause is not None and response.cause.whole and not _unsettled(view, response):
            yield response, response.done


def _unsettled(view: View, response: Response) -> bool:
    """Return whether the session was updated while the response was asked for and begun."""
    first = response.cause.index if response.cause is not None else response.first
    following = bisect_right(view.sessions, first, key=lambda shown: shown[0])
    return following < len(view.sessions) and view.sessions[following][0] < response.first


def _effective(view: View, response: Response, name: str) -> Any:
    """Return a setting as it holds for a response: its own, else the session's; ABSENT if nothing tells."""
    own = view.dialect.response_setting(response.asked, name, ABSENT)
    return steady_setting(view, response.first, name, ABSENT) if own in (ABSENT, None) else own


def _calls(response: Response) -> list[OutputItem]:
    return [item for item in response.items.values() if item.kind == "function_call"]


def _name_of(item: OutputItem) -> str | None:
    shown = (frame for frame in (item.added, item.done) if frame is not None and frame.whole)
    return next((name for frame in shown if (name := string(frame.part("item").get("name")))), None)


def _forbidden(view: View, response: Response) -> bool:
    """Return whether a response may call nothing: it has no tools, or must not use them."""
    tools, choice = (_effective(view, response, name) for name in ("tools", "tool_choice"))
    return (isinstance(tools, list) and not tools) or choice == "none"


@rules.must("tools.nothing-is-called-without-tools", about=ABOUT, covers=("SES-10",), spec=SESSION)
def nothing_is_called_without_tools(view: View) -> Judged:
    """With no tools, or with `tool_choice: none`, a response calls nothing."""
    for response, _ in _responses(view):
        if not _forbidden(view, response):
            continue
        for item in _calls(response)[:1]:
            message = f"{response.id} calls {_name_of(item)}, and has no tools that it may use."
            yield Finding(item.frames[0].index, message, "no call", "function_call", "/item/type")
        if not _calls(response):
            yield HELD


@rules.must("tools.called-functions-were-offered", about=ABOUT, covers=("SES-10",), spec=SESSION)
def called_functions_were_offered(view: View) -> Judged:
    """A response calls only functions that the session, or its `response.create`, offers."""
    for response, _ in _responses(view):
        tools = _effective(view, response, "tools")
        if not isinstance(tools, list) or _forbidden(view, response):
            continue
        offered = {string(mapping(each).get("name")) for each in tools}
        for item in _calls(response):
            name = _name_of(item)
            if name is None:
                continue
            if name in offered:
                yield HELD
            else:
                actual = ", ".join(sorted(filter(None, offered)))
                yield Finding(item.frames[0].index, f"{item.id} calls {name}.", actual, name, "/item/name")


@rules.should("tools.the-chosen-function-is-called", about=ABOUT, covers=("SES-10",), spec=SESSION)
def the_chosen_function_is_called(view: View) -> Judged:
    """A completed response calls the function that `tool_choice` names, and at least one if that is `required`."""
    for response, done in _responses(view):
        choice = _effective(view, response, "tool_choice")
        wanted = string(mapping(choice).get("name")) if mapping(choice).get("type") != "mcp" else None
        if any(item.kind in OF_TOOL_SERVERS for item in response.items.values()):
            continue  # what a tool server offers can be chosen, too
        if response.status != "completed" or not (choice == "required" or wanted) or _forbidden(view, response):
            continue
        called = [_name_of(item) for item in _calls(response)]
        if called and all(name in (wanted, None) or wanted is None for name in called):
            yield HELD
        else:
            actual = ", ".join(str(each) for each in called) or "no call"
            message = f"{response.id} does not call what `tool_choice` demands."
            yield Finding(done.index, message, wanted or "a call", actual, "/response/output")
