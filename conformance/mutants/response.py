"""Endpoints whose response object says the wrong thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.edits import editing, is_output, lacking, put, putting
from conformance.mutants.mutant import Fault, FaultTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

CREATED, DONE = "response.created", "response.done"
TEXT_TURN, TOKEN_LIMIT = "response/text_turn", "response/token_limit"


@faults.mutant(
    killed_by="response.created-is-in-progress", during=TEXT_TURN, like="response-status-incomplete-at-start"
)
def created_as_incomplete(_dialect: Dialect) -> Fault:
    """A new response is incomplete already."""
    return putting(CREATED, ("response", "status"), "incomplete")


@faults.mutant(killed_by="response.created-has-no-output", during=TEXT_TURN)
def created_with_output(_dialect: Dialect) -> Fault:
    """A new response has an item already."""
    early = {"id": "item_early", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    return putting(CREATED, ("response", "output"), [early])


@faults.mutant(killed_by="response.created-has-no-status-details", during=TEXT_TURN)
def created_with_status_details(_dialect: Dialect) -> Fault:
    """A new response has status details already."""
    return putting(CREATED, ("response", "status_details"), {"type": "completed"})


@faults.mutant(killed_by="response.done-has-a-terminal-status", during=TEXT_TURN)
def done_and_in_progress(_dialect: Dialect) -> Fault:
    """A response that is done is still in progress."""
    return putting(DONE, ("response", "status"), "in_progress")


@faults.mutant(killed_by="response.status-details-type-is-the-status", during="response/cancel")
def cancelled_with_details_of_a_failure(_dialect: Dialect) -> Fault:
    """The details of a cancelled response are of the type of a failure."""
    return putting(DONE, ("response", "status_details", "type"), "failed")


@faults.mutant(killed_by="response.cancelled-names-its-reason", during="response/cancel")
def cancelled_without_a_reason(_dialect: Dialect) -> Fault:
    """A cancelled response does not say why."""
    return lacking((DONE,), ("response", "status_details", "reason"))


@faults.mutant(killed_by="response.incomplete-names-its-reason", during=TOKEN_LIMIT)
def incomplete_without_a_reason(_dialect: Dialect) -> Fault:
    """An incomplete response does not say why."""
    return lacking((DONE,), ("response", "status_details", "reason"))


@faults.mutant(killed_by="response.failed-names-its-error", during="response/failure")
def failed_without_an_error(_dialect: Dialect) -> Fault:
    """A failed response does not carry its error."""
    return lacking((DONE,), ("response", "status_details", "error"))


@faults.mutant(killed_by="response.done-lists-every-item", during=TEXT_TURN)
def done_without_its_items(_dialect: Dialect) -> Fault:
    """The output of a response that is done is empty."""
    return putting(DONE, ("response", "output"), [])


@faults.mutant(killed_by="response.done-lists-items-in-order", during="tools/two_calls")
def output_listed_backwards(_dialect: Dialect) -> Fault:
    """The output of a response is listed from its end."""

    def change(event: Event) -> Event:
        if event["type"] == DONE:
            event["response"]["output"].reverse()
        return event

    return editing(change)


@faults.mutant(killed_by="response.done-repeats-its-finished-items", during=TEXT_TURN)
def item_changes_its_status_at_the_end(_dialect: Dialect) -> Fault:
    """A completed item is incomplete in the output of its response."""
    return putting(DONE, ("response", "output", 0, "status"), "incomplete")


@faults.mutant(killed_by="response.done-is-of-the-same-conversation", during=TEXT_TURN)
def response_changes_its_conversation(_dialect: Dialect) -> Fault:
    """A response ends in another conversation."""
    return putting(DONE, ("response", "conversation_id"), "conv_other")


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

    return editing(change)


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

    return editing(change)
