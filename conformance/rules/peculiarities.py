"""How known deviations show in a conversation: each function gives the events that show one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from conformance.contract.dialects import DIALECTS
from conformance.trace.frames import Frame, mapping
from conformance.trace.views import View

#: How often an id comes before it counts as constant.
CONSTANT = 3


def foreign_session(view: View) -> Iterator[Frame]:
    """Yield session events in the shape of another revision: flat for nested, or nested for flat."""
    own = {path[0] for path in view.dialect.session_paths.values()}
    others = {path[0] for each in DIALECTS.values() for path in each.session_paths.values()} - own
    for frame in view.server("session.created", "session.updated"):
        if not others.isdisjoint(frame.part("session")):
            yield frame


def settings_not_shown(view: View) -> tuple[str, ...]:
    """Return where settings should be that no session object shows there: what lies elsewhere is missed there."""
    own = {path[0] for path in view.dialect.session_paths.values()}
    shown = {key for frame in view.server("session.created", "session.updated") for key in frame.part("session")}
    return tuple(f"/session/{name}" for name in sorted(own - shown))


def session_outside(view: View) -> Iterator[Frame]:
    """Return a `session.created` without a session object."""
    return (frame for frame in view.server("session.created") if frame.whole and "session" not in frame.event)


def _usages(view: View) -> Iterator[tuple[Frame, Mapping[str, object]]]:
    for frame in view.server("response.done"):
        yield frame, mapping(frame.part("response").get("usage"))
    for frame in view.server("conversation.item.input_audio_transcription.completed"):
        yield frame, frame.part("usage")


def with_usage_keys(*keys: str) -> Callable[[View], Iterator[Frame]]:
    """Return the events whose usage has one of these keys."""
    return lambda view: (frame for frame, usage in _usages(view) if not usage.keys().isdisjoint(keys))


def usage_beside(view: View) -> Iterator[Frame]:
    """Yield the ends of responses with the usage outside the response object."""
    for frame in view.server("response.done"):
        if frame.part("usage") and not frame.part("response").get("usage"):
            yield frame


def without_ids(view: View) -> Iterator[Frame]:
    """Yield the events without an id, if most have none."""
    bare = [frame for frame in view.heard if frame.type and frame.whole and not frame.text("event_id")]
    if 2 * len(bare) > len(view.heard):
        yield from bare


def constant_ids(view: View) -> Iterator[Frame]:
    """Return the events whose id comes several times."""
    counts = Counter(frame.text("event_id") for frame in view.heard)
    return (frame for frame in view.heard if (name := frame.text("event_id")) and counts[name] >= CONSTANT)


def echoed_ids(view: View) -> Iterator[Frame]:
    """Return the events whose id is one of the client's."""
    said = {name for frame in view.said if (name := frame.text("event_id"))}
    return (frame for frame in view.heard if frame.text("event_id") in said)


def errors_like(view: View, shown: Callable[[object], bool]) -> Iterator[Frame]:
    """Return the `error` events whose inner error is as *shown* says."""
    return (frame for frame in view.server("error") if shown(frame.event.get("error")))


def has_its_code_in_type(error: object) -> bool:
    """Return whether an error has its identifier in `type`, where the class of error belongs."""
    fields = mapping(error)
    kind = fields.get("type")
    return isinstance(kind, str) and fields.get("code") is None and not kind.endswith("_error")


def status_details_as_text(view: View) -> Iterator[Frame]:
    """Yield the response objects whose status details are a string."""
    for frame in view.server("response.created", "response.done"):
        if isinstance(frame.part("response").get("status_details"), str):
            yield frame


def done_for_each_item(view: View) -> Iterator[Frame]:
    """Yield the repeated ends of responses that ended as often as they have items."""
    for response in view.responses:
        if 1 < len(response.dones) == len(response.items):
            yield from response.dones


def no_item_done(view: View) -> Iterator[Frame]:
    """Yield the announced items where no item is ever done though the revision has that event."""
    known = "conversation.item.done" in view.dialect.canonical_server_events
    if known and "conversation.item.done" not in view.types:
        yield from view.server("conversation.item.added")


def of_type(*kinds: str) -> Callable[[View], Iterator[Frame]]:
    """Return the events of these types."""
    return lambda view: iter(view.server(*kinds))


def born_incomplete(view: View) -> Iterator[Frame]:
    """Return the responses that begin as incomplete."""
    return (each for each in view.server("response.created") if each.part("response").get("status") == "incomplete")
