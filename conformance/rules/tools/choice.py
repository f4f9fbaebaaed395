"""Which functions are called: those that the session, or the response, offers and chooses."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.rule import CLIENT_EVENTS, HELD, Chapter, Finding, Judged, items_of
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


@dataclass(frozen=True, slots=True)
class _Choice:
    """A response that is over, and what it may call."""

    response: Response
    done: Frame
    tools: Any
    choice: Any
    """Its own, else the session's; ABSENT if nothing tells."""

    @property
    def forbidden(self) -> bool:
        """Whether it may call nothing: it has no tools, or must not use them."""
        return (isinstance(self.tools, list) and not self.tools) or self.choice == "none"


@gathered
def _choices(view: View) -> Iterator[_Choice]:
    """Yield the responses that are over, whose settings can be told."""
    if view.partial:
        return
    for response in view.responses:
        if response.created is None or response.done is None or response.gapped:
            continue
        if response.cause is not None and response.cause.whole and not _unsettled(view, response):
            tools, choice = (_effective(view, response, name) for name in ("tools", "tool_choice"))
            yield _Choice(response, response.done, tools, choice)


def _unsettled(view: View, response: Response) -> bool:
    """Return whether the session was updated while the response was asked for and begun."""
    first = response.cause.index if response.cause is not None else response.first
    following = bisect_right(view.shown_at, first)
    return following < len(view.shown_at) and view.shown_at[following] < response.first


def _effective(view: View, response: Response, name: str) -> Any:
    """Return a setting as it holds for a response: its own, else the session's; ABSENT if nothing tells."""
    own = view.dialect.response_setting(response.asked, name, ABSENT)
    return steady_setting(view, response.first, name, ABSENT) if own in (ABSENT, None) else own


def _calls(response: Response) -> list[OutputItem]:
    return [item for item in response.items.values() if item.kind == "function_call"]


def _name_of(item: OutputItem) -> str | None:
    shown = (frame for frame in (item.added, item.done) if frame is not None and frame.whole)
    return next((name for frame in shown if (name := string(frame.part("item").get("name")))), None)


@rules.must("tools.nothing-is-called-without-tools", about=ABOUT, covers=("SES-10",), spec=SESSION)
def nothing_is_called_without_tools(view: View) -> Judged:
    """With no tools, or with `tool_choice: none`, a response calls nothing."""
    for each in _choices(view):
        if not each.forbidden:
            continue
        called = _calls(each.response)
        for item in called[:1]:
            message = f"{each.response.id} calls {_name_of(item)}, and has no tools that it may use."
            yield Finding(item.frames[0].index, message, "no call", "function_call", "/item/type")
        if not called:
            yield HELD


@rules.must("tools.called-functions-were-offered", about=items_of("function_call"), covers=("SES-10",), spec=SESSION)
def called_functions_were_offered(view: View) -> Judged:
    """A response calls only functions that the session, or its `response.create`, offers."""
    for each in _choices(view):
        if each.forbidden or not isinstance(each.tools, list):
            continue
        offered = {string(mapping(tool).get("name")) for tool in each.tools}
        for item in _calls(each.response):
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
    for each in _choices(view):
        wanted = string(mapping(each.choice).get("name")) if mapping(each.choice).get("type") != "mcp" else None
        if any(item.kind in OF_TOOL_SERVERS for item in each.response.items.values()):
            continue  # what a tool server offers can be chosen, too
        demanded = wanted or each.choice == "required"
        if not demanded or each.forbidden or each.response.status != "completed":
            continue
        called = [_name_of(item) for item in _calls(each.response)]
        if called and all(name in (wanted, None) or wanted is None for name in called):
            yield HELD
        else:
            actual = ", ".join(map(str, called)) or "no call"
            message = f"{each.response.id} does not call what `tool_choice` demands."
            yield Finding(each.done.index, message, wanted or "a call", actual, "/response/output")
