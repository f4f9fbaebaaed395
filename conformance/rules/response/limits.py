"""Token limits: a response stops at its own, says so, and at no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.left_out import usage_of_responses
from conformance.rules.engine.rule import HELD, SERVER_EVENTS, Chapter, Finding, Judged, ended_as
from conformance.rules.response.response_object import reason_of, whole_dones
from conformance.trace.frames import mapping, whole_number
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("response")

DONE = SERVER_EVENTS + "response/done"
#: How many tokens the end of a response may lie behind its limit, if that is more than a quarter of it.
LIMIT_SLACK = 32


@rules.must(
    "response.token-limit-makes-it-incomplete",
    about={"response.done"},
    covers=("RSP-24",),
    spec=DONE,
    left_out=usage_of_responses,
)
def token_limit_makes_it_incomplete(view: View) -> Judged:
    """A response stops near its token limit, and is incomplete then."""
    for response, done, limit, used in _limited(view):
        if used is None:
            # Usage is owed by nobody: that it was cut off by its limit is said all the same.
            if reason_of(response) == "max_output_tokens" and response.status == "incomplete":
                yield HELD
        elif response.status == "incomplete" and used <= limit + max(LIMIT_SLACK, limit // 4):
            yield HELD
        elif response.status == "incomplete" and reason_of(response) == "max_output_tokens":
            message = f"{response.id} ran far beyond its limit of {limit} tokens."
            yield Finding(done.index, message, f"about {limit}", str(used), "/response/usage/output_tokens")
        elif response.status == "completed" and used > limit:
            message = f"{response.id} completed beyond its limit of {limit} tokens."
            yield Finding(done.index, message, f"incomplete, at most {limit}", f"completed, {used}", "/response/status")


@rules.should(
    "response.a-used-up-limit-makes-it-incomplete",
    about={"response.done"},
    covers=("RSP-24",),
    spec=DONE,
    left_out=usage_of_responses,
)
def a_used_up_limit_makes_it_incomplete(view: View) -> Judged:
    """A response that has used up just the tokens it may have is incomplete: it was cut off."""
    for response, done, limit, used in _limited(view):
        if used is None or used != limit or response.status not in ("completed", "incomplete"):
            continue
        if response.status == "incomplete":
            yield HELD
        else:
            message = f"{response.id} used all of its {limit} tokens, and is said to be complete."
            yield Finding(done.index, message, "incomplete", "completed", "/response/status")


@rules.should(
    "response.a-limit-ends-what-has-met-it",
    about=ended_as("incomplete"),
    covers=("RSP-24",),
    spec=DONE,
    left_out=usage_of_responses,
    relaxed="Half of the limit is near enough; where more was streamed than was counted, nothing is said.",
)
def a_limit_ends_what_has_met_it(view: View) -> Judged:
    """A response that was cut off by its token limit has used at least half of it."""
    for response, done, limit, used in _limited(view):
        if response.status != "incomplete" or reason_of(response) != "max_output_tokens" or not used:
            continue
        if used * 2 >= limit:
            yield HELD
        elif (streamed := _bytes_streamed(response)) is not None and streamed * 2 < limit:
            message = f"{response.id} was cut off far from its limit of {limit} tokens."
            yield Finding(done.index, message, f"about {limit}", str(used), "/response/usage/output_tokens")


def _bytes_streamed(response: Response) -> int | None:
    """Return how many bytes of text and arguments came; None where that does not tell how much was said."""
    streams = [stream for item in response.items.values() for stream in item.streams]
    texts = [stream.joined for stream in streams if stream.kind != "output_audio"]
    if response.gapped or any(each is None for each in texts) or any(s.kind == "output_audio" for s in streams):
        return None
    return sum(len(each.encode("utf-8", "surrogatepass")) for each in texts if each is not None)


@gathered
def _limited(view: View) -> Iterator[tuple[Response, Frame, int, int | None]]:
    """Yield each response that is over and had a limit: its end, the limit, and the output tokens (None: not told)."""
    for response, done in whole_dones(view):
        shown = view.dialect.response_setting(response.initial or response.final, "max_output_tokens")
        limit = whole_number(shown)
        limit = limit if limit is not None else whole_number(response.asked.get("max_output_tokens"))
        used = whole_number(mapping(response.final.get("usage")).get("output_tokens"))
        if limit is not None:
            yield response, done, limit, used
