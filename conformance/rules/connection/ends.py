"""Whether the other side of a connection is there, and how it ends."""

from __future__ import annotations

from conformance.rules.engine.rule import END, END_BY_SERVER, HELD, Chapter, Finding, Judged
from conformance.trace.trace import Direction, EndKind, FrameKind
from conformance.trace.views import View

rules = Chapter("connection")

RFC_CLOSE = "https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1"
RFC_PING = "https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2"


@rules.must("connection.a-ping-is-answered", about={"frame:ping"}, covers=("CON-08",), spec=RFC_PING)
def a_ping_is_answered(view: View) -> Judged:
    """A ping of the client is answered by a pong, also while the session is idle."""
    pongs = [frame.index for frame in view.controls if frame.entry.kind is FrameKind.PONG and not frame.entry.sent]
    for frame in view.controls:
        if frame.entry.kind is not FrameKind.PING or not frame.entry.sent:
            continue
        if any(index > frame.index for index in pongs):  # a pong may answer several pings at once
            yield HELD
        elif "pong" in view.awaited:
            yield Finding(frame.index, "A ping got no pong, though a later event was answered.", "a pong", "nothing")


@rules.should("connection.ends-with-a-close-frame", about=END_BY_SERVER, covers=("CON-07",), spec=RFC_CLOSE)
def ends_with_a_close_frame(view: View) -> Judged:
    """The server ends a connection with a close frame, not by dropping it."""
    end = view.end
    if end is None or end.by is not Direction.SERVER:
        return
    if end.kind is EndKind.DROPPED:
        yield Finding(len(view.frames), "The server dropped the connection.", "a close frame", end.reason or "1006")
    elif end.kind is EndKind.CLOSED:
        yield HELD


@rules.should("connection.answers-the-close-frame", about=END, covers=("CON-07",), spec=RFC_CLOSE)
def answers_the_close_frame(view: View) -> Judged:
    """The server answers the client's close frame with one of its own."""
    end = view.end
    if end is None or end.by is not Direction.CLIENT or end.kind is not EndKind.CLOSED:
        return
    if end.graceful:
        yield HELD
    else:
        yield Finding(len(view.frames), "The client's close frame was never answered.", "a close frame", "nothing")


@rules.should(
    "connection.a-failure-is-no-normal-close", about=END_BY_SERVER, covers=("CON-07", "ERR-10"), spec=RFC_CLOSE
)
def a_failure_is_no_normal_close(view: View) -> Judged:
    """A connection that ends because of an error is not closed with code 1000, which means all is well."""
    end = view.end
    if end is None or end.kind is not EndKind.CLOSED or end.by is not Direction.SERVER:
        return
    if not view.heard or view.heard[-1].type != "error":
        return
    if end.code == 1000:
        yield Finding(len(view.frames), "The close after an `error` says that all is well.", "another code", "1000")
    else:
        yield HELD
