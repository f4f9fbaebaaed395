"""What an `error` says: of which kind it is, in whose words, and about what that was really sent."""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import TYPE_CHECKING

from conformance.rules.engine.rule import GUIDE, HELD, SERVER_EVENTS, Chapter, Finding, Judged
from conformance.trace.anonymous_errors import kinds_pointed_to
from conformance.trace.frames import string
from conformance.trace.input_buffer import detection_at
from conformance.trace.service_errors import is_of_the_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.views import View

rules = Chapter("errors")

ABOUT = frozenset({"error"})
SPEC = SERVER_EVENTS + "error"
#: The kinds of errors that the reference and the guide to error codes name, or that official servers were seen to use.
TYPES = frozenset(
    {
        "authentication_error",
        "insufficient_quota",
        "invalid_request_error",
        "not_found_error",
        "permission_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "requests",
        "server_error",
        "tokens",
        "transcription_error",
    }
)
#: How the dumps of validators begin, or what only they say: Pydantic, Zod, serde, encoding/json, Jackson, FastAPI.
DUMPS = re.compile(
    r"validation errors? for \w+|\bInput should be |\[type=\w+, input_value|\{'type': '\w+', 'loc': \("
    r"|ZodError|\"code\": ?\"invalid_type\"|missing field `\w+`|at line \d+ column \d+"
    r"|json: cannot unmarshal|Unrecognized token '|com\.fasterxml|\{\"detail\": ?\["
)


@rules.should("errors.types-are-documented", about=ABOUT, covers=("ERR-01",), spec=GUIDE + "error-codes")
def types_are_documented(view: View) -> Judged:
    """The `type` of an error is one of the documented kinds; what happened is told by its `code`."""
    for frame in view.server("error"):
        kind = string(frame.part("error").get("type"))
        if not kind or not frame.whole or is_of_the_service(frame.event.get("error")):
            continue
        if kind in TYPES:
            yield HELD
        else:
            yield Finding(frame.index, f"{kind} is no kind of error.", "invalid_request_error", kind, "/error/type")


@rules.should("errors.messages-are-in-words", about=ABOUT, covers=("ERR-01",), spec=SPEC)
def messages_are_in_words(view: View) -> Judged:
    """The message of an error says what is wrong in words, and is not the dump of a validator."""
    for frame in view.server("error"):
        message = string(frame.part("error").get("message"))
        if message is None:
            continue
        dump = DUMPS.search(message)
        if dump is None:
            yield HELD
        else:
            yield Finding(frame.index, "The message is a validator's.", "words", dump[0], "/error/message")


@rules.should("errors.are-about-what-was-sent", about=ABOUT, covers=("ERR-02",), spec=SPEC)
def are_about_what_was_sent(view: View) -> Judged:
    """An error that names no event comes only while an event that it can be about is open."""
    if view.partial or view.one_sided or not view.admitted:
        return
    if all(frame.index in view.blamed for frame in view.server("error")):
        return
    for frame, open_then in _anonymous(view):
        kinds = kinds_pointed_to(frame)
        if not kinds and any(
            each.status == "failed" and each.first < frame.index < each.last for each in view.responses
        ):
            continue  # it tells why the response that runs fails
        if any(open_then[kind] for kind in kinds or set(open_then)):
            yield HELD
        else:
            what = " or ".join(sorted(kinds)) or "an event"
            code = (
                string(frame.part("error").get("code")) or string(frame.part("error").get("type")) or "without a code"
            )
            message = f"The error {code} is about {what}, and nothing of the kind was open."
            yield Finding(frame.index, message, "no error", code, "/error/event_id")


def _anonymous(view: View) -> Iterator[tuple[Frame, Counter[str]]]:
    """Yield each error that names no event, with how many client events of each type were open when it came.

    None after a response that nothing explains: that has rules of its own, and what collides with it has none.
    """
    unexplained = next((each.index for each in view.unasked_responses if detection_at(view, each.index) == {}), None)
    changes, open_then = deque(sorted(_changes(view))), Counter[str]()
    for frame in view.server("error"):
        if unexplained is not None and frame.index > unexplained:
            return
        while changes and changes[0][0] < frame.index:
            _, step, kind = changes.popleft()
            open_then[kind] += step
        of_the_service = is_of_the_service(frame.event.get("error"))
        if frame.index not in view.blamed and not of_the_service and frame.part("error"):
            yield frame, open_then


def _changes(view: View) -> Iterator[tuple[int, int, str]]:
    """Yield where client events came to be open (1), and where they were answered (-1), by type."""
    for each in view.exchanges:
        yield each.sent.index, 1, each.sent.type
        answers = [frame.index for frame in (each.answer, *each.errors) if frame is not None]
        if answers:
            yield min(answers), -1, each.sent.type
