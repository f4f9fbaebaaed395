"""Endpoints whose response object says the wrong thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.contract.dialect import reach
from conformance.mutants.edits import is_output, put, session_path
from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import changing_all, lacking, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

CREATED, DONE = "response.created", "response.done"
TEXT_TURN, TOKEN_LIMIT = "response/text_turn", "response/token_limit"


@faults.mutant(killed_by="response.created-has-no-output", during=TEXT_TURN)
def created_with_output(_dialect: Dialect) -> Fault:
    """A new response has an item already."""
    early = {"id": "item_early", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    return putting(CREATED, ("response", "output"), [early])


@faults.mutant(killed_by="response.done-lists-items-in-order", during="tools/two_calls")
def output_listed_backwards(_dialect: Dialect) -> Fault:
    """The output of a response is listed from its end."""

    def change(event: Event) -> Event:
        if event["type"] == DONE:
            event["response"]["output"].reverse()
        return event

    return changing_all(change)


@faults.mutant(killed_by="response.completed-has-output", during=TEXT_TURN)
def completed_with_nothing(_dialect: Dialect) -> Fault:
    """A response completes without a single event of output."""

    def sends(event: Event) -> Iterable[Event]:
        if event["type"] == DONE:
            yield put(event, ("response", "output"), [])
        elif event["type"] == CREATED or not (event["type"].startswith("response.") or is_output(event)):
            yield event

    return Fault(sends=sends)


@faults.mutant(killed_by="response.cut-off-item-is-incomplete", during=TOKEN_LIMIT)
def cut_off_item_is_completed(_dialect: Dialect) -> Fault:
    """The item that the token limit cut off is completed."""

    def change(event: Event) -> Event:
        if event["type"] in ("response.output_item.done", "conversation.item.done"):
            return put(event, ("item", "status"), "completed")
        return put(event, ("response", "output", -1, "status"), "completed") if event["type"] == DONE else event

    return changing_all(change)


@faults.mutant(killed_by="response.token-limit-makes-it-incomplete", during=TOKEN_LIMIT)
def token_limit_noticed_late(_dialect: Dialect) -> Fault:
    """A response is cut off by its limit after it used far more tokens."""
    beyond = 500

    def change(event: Event) -> Event:
        if event["type"] == DONE:
            usage = event["response"]["usage"]
            for counts, name in ((usage, "output_tokens"), (usage, "total_tokens")):
                counts[name] += beyond
            usage["output_token_details"]["text_tokens"] += beyond
        return event

    return changing_all(change)


@faults.mutant(killed_by="response.token-limit-makes-it-incomplete", during=TOKEN_LIMIT)
def token_limit_ignored(_dialect: Dialect) -> Fault:
    """A response completes although it used far more tokens than it was allowed."""
    beyond = 100

    def change(event: Event) -> Event:
        if event["type"] == DONE:
            event["response"] |= {"status": "completed", "status_details": None}
            usage = event["response"]["usage"]
            usage["output_tokens"] += beyond
            usage["total_tokens"] += beyond
            usage["output_token_details"]["text_tokens"] += beyond
        return event

    return changing_all(change)


@faults.mutant(killed_by="response.a-limit-ends-what-has-met-it", during="isolation/two_limits")
def another_limit_than_is_shown(dialect: Dialect) -> Fault:
    """A response is cut off after 15 tokens, whatever limit it shows."""
    path = ("response", *dialect.response_paths["max_output_tokens"])
    shown: list[Any] = []

    def receives(event: Event) -> Iterable[Event]:
        if event.get("type") == "session.update":
            shown[:] = [reach(event, session_path(dialect, "max_output_tokens"))]
        if event.get("type") == "response.create":
            asked = event.get("response")
            event = {**event, "response": {**(asked if isinstance(asked, dict) else {}), path[-1]: 15}}
        yield event

    def sends(event: Event) -> Iterable[Event]:
        yield put(event, path, shown[0]) if event["type"] in (CREATED, DONE) else event

    return Fault(sends=sends, receives=receives)


def _completed(event: Event) -> Event:
    """Say that a response that was cut off is complete, and its items too."""
    if event["type"] == DONE and event["response"]["status"] == "incomplete":
        event["response"] |= {"status": "completed", "status_details": None}
    return event


# fmt: off
faults.rows(
    ("cut-off-and-complete", "response.a-used-up-limit-makes-it-incomplete", TOKEN_LIMIT, "",
     "A response that its limit cut off is said to be complete.", lambda _: changing_all(_completed)),
    ("created-as-incomplete", "response.created-is-in-progress", TEXT_TURN, "response-status-incomplete-at-start",
     "A new response is incomplete already.", lambda _: putting(CREATED, ("response", "status"), "incomplete")),
    ("created-with-status-details", "response.created-has-no-status-details", TEXT_TURN, "",
     "A new response has status details already.",
     lambda _: putting(CREATED, ("response", "status_details"), {"type": "completed"})),
    ("done-and-in-progress", "response.done-has-a-terminal-status", TEXT_TURN, "",
     "A response that is done is still in progress.", lambda _: putting(DONE, ("response", "status"), "in_progress")),
    ("cancelled-with-details-of-a-failure", "response.status-details-type-is-the-status", "response/cancel", "",
     "The details of a cancelled response are of the type of a failure.",
     lambda _: putting(DONE, ("response", "status_details", "type"), "failed")),
    ("cancelled-without-a-reason", "response.cancelled-names-its-reason", "response/cancel", "",
     "A cancelled response does not say why.", lambda _: lacking((DONE,), ("response", "status_details", "reason"))),
    ("incomplete-without-a-reason", "response.incomplete-names-its-reason", TOKEN_LIMIT, "",
     "An incomplete response does not say why.", lambda _: lacking((DONE,), ("response", "status_details", "reason"))),
    ("failed-without-an-error", "response.failed-names-its-error", "response/failure", "",
     "A failed response does not carry its error.",
     lambda _: lacking((DONE,), ("response", "status_details", "error"))),
    ("done-without-its-items", "response.done-lists-every-item", TEXT_TURN, "",
     "The output of a response that is done is empty.", lambda _: putting(DONE, ("response", "output"), [])),
    ("item-changes-its-status-at-the-end", "response.done-repeats-its-finished-items", TEXT_TURN, "",
     "A completed item is incomplete in the output of its response.",
     lambda _: putting(DONE, ("response", "output", 0, "status"), "incomplete")),
    ("response-changes-its-conversation", "response.done-is-of-the-same-conversation", TEXT_TURN, "",
     "A response ends in another conversation.",
     lambda _: putting(DONE, ("response", "conversation_id"), "conv_other")),
)
