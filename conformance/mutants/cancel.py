"""Endpoints that cancel nothing, or too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.mutants.mutant import Fault, FaultTable
from conformance.mutants.operators import dropping, ignoring, putting
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.contract.dialect import Dialect

faults = FaultTable()

CANCEL = "response.cancel"


@faults.mutant(killed_by="cancel.by-id-spares-the-others", during="response/cancel_by_id")
def cancel_ends_everything(_dialect: Dialect) -> Fault:
    """A `response.cancel` with an id cancels every running response."""

    def receives(event: Event) -> Iterable[Event]:
        yield event
        if event.get("type") == CANCEL and "response_id" in event:
            yield {"type": CANCEL}

    return Fault(receives=receives)


# fmt: off
faults.rows(
    ("an-unknown-cancel-is-ignored", "cancel.of-an-unknown-response-is-refused", "response/cancel_unknown", "",
     "The cancel of a response that never was gets no answer.",
     lambda _: Fault(receives=lambda event: () if event.get("response_id") == "resp_never" else (event,))),
    ("any-cancel-hits", "cancel.by-id-spares-the-others", "response/cancel_unknown", "",
     "The cancel of a response that never was ends the one that runs.",
     lambda _: Fault(receives=lambda event: (
         {**event, "response_id": None} if event.get("response_id") == "resp_never" else event,))),
    ("cancel-is-ignored", "cancel.ends-the-response", "response/cancel", "cancel-not-implemented",
     "`response.cancel` has no effect: the response completes.",
     lambda _: ignoring(CANCEL)),
    ("cancelled-by-speech-that-nobody-heard", "cancel.reason-is-the-client", "response/cancel", "cancel-wrong-terminal",
     "A response that the client cancelled says that speech was detected.",
     lambda _: putting("response.done", ("response", "status_details", "reason"), "turn_detected")),
    ("needless-cancel-is-ignored", "cancel.with-nothing-active-is-refused", "response/cancel_with_nothing_active", "",
     "A `response.cancel` while nothing runs has no answer.", lambda _: dropping("error")),
    ("needless-cancel-without-its-code", "cancel.with-nothing-active-has-its-code",
     "response/cancel_with_nothing_active", "",
     "The refusal of a needless cancel has a code that says nothing.",
     lambda _: putting("error", ("error", "code"), "invalid_value")),
)
