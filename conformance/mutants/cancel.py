"""Endpoints that cancel nothing, or too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.changes import dropping
from conformance.mutants.edits import putting
from conformance.mutants.mutant import Fault, FaultTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect, Event

faults = FaultTable()

CANCEL = "response.cancel"


@faults.mutant(killed_by="cancel.ends-the-response", during="response/cancel", like="cancel-not-implemented")
def cancel_is_ignored(_dialect: Dialect) -> Fault:
    """`response.cancel` has no effect: the response completes."""
    return Fault(hears=lambda event: () if event.get("type") == CANCEL else (event,))


@faults.mutant(killed_by="cancel.reason-is-the-client", during="response/cancel", like="cancel-wrong-terminal")
def cancelled_by_speech_that_nobody_heard(_dialect: Dialect) -> Fault:
    """A response that the client cancelled says that speech was detected."""
    return putting("response.done", ("response", "status_details", "reason"), "turn_detected")


@faults.mutant(killed_by="cancel.with-nothing-active-is-refused", during="response/cancel_with_nothing_active")
def needless_cancel_is_ignored(_dialect: Dialect) -> Fault:
    """A `response.cancel` while nothing runs has no answer."""
    return dropping("error")


@faults.mutant(killed_by="cancel.with-nothing-active-has-its-code", during="response/cancel_with_nothing_active")
def needless_cancel_without_its_code(_dialect: Dialect) -> Fault:
    """The refusal of a needless cancel has a code that says nothing."""
    return putting("error", ("error", "code"), "invalid_value")


@faults.mutant(killed_by="cancel.by-id-spares-the-others", during="response/cancel_by_id")
def cancel_ends_everything(_dialect: Dialect) -> Fault:
    """A `response.cancel` with an id cancels every running response."""

    def hears(event: Event) -> Iterable[Event]:
        yield event
        if event.get("type") == CANCEL and "response_id" in event:
            yield {"type": CANCEL}

    return Fault(hears=hears)
