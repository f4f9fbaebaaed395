"""The response object: what it says of itself when it is created and when it is done.

The order of a response's events is in `ordering`, what was asked for in `response_create`,
its cancellation in `cancel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.rules.engine.left_out import conversations_of_responses
from conformance.rules.engine.rule import HELD, SERVER_EVENTS, STATUS_DETAILS, Chapter, Finding, Judged, ended_as
from conformance.trace.frames import listing, mapping, string
from conformance.trace.lens import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trace.frames import Frame
    from conformance.trace.responses import Response
    from conformance.trace.views import View

rules = Chapter("response")

CREATED, DONE = SERVER_EVENTS + "response/created", SERVER_EVENTS + "response/done"
TERMINAL = frozenset({"completed", "cancelled", "failed", "incomplete"})
#: What the conversation's items and `response.done` must tell alike; their contents are judged in `streaming`.
OF_AN_ITEM = ("type", "role", "status")


@gathered
def whole_dones(view: View) -> Iterator[tuple[Response, Frame]]:
    """Yield each response that is over, with its unshortened `response.done`."""
    for response in view.responses:
        if response.done is not None and response.done.whole:
            yield response, response.done


def reason_of(response: Response) -> str | None:
    """Return why a response is incomplete or cancelled, as its `status_details` say."""
    return string(mapping(response.final.get("status_details")).get("reason"))


@rules.must("response.created-is-in-progress", about={"response.created"}, covers=("RSP-02",), spec=CREATED)
def created_is_in_progress(view: View) -> Judged:
    """A response that was just created has the status `in_progress`."""
    for response in view.responses:
        status = string(response.initial.get("status"))
        if status == "in_progress":
            yield HELD
        elif status in TERMINAL and response.created is not None:
            message = f"{response.id} was created with a terminal status."
            yield Finding(response.created.index, message, "in_progress", status, "/response/status")


@rules.must("response.created-has-no-output", about={"response.created"}, covers=("RSP-02",), spec=CREATED)
def created_has_no_output(view: View) -> Judged:
    """A response that was just created has no output yet."""
    for response in view.responses:
        output = response.initial.get("output")
        if response.created is None or not isinstance(output, list):
            continue
        if output:
            message = f"{response.id} was created with output."
            yield Finding(response.created.index, message, "[]", f"{len(output)} items", "/response/output")
        else:
            yield HELD


@rules.should("response.created-has-no-status-details", about={"response.created"}, covers=("RSP-02",), spec=CREATED)
def created_has_no_status_details(view: View) -> Judged:
    """A response that was just created has no `status_details` yet."""
    for response in view.responses:
        if response.created is None or not response.initial:
            continue
        details = response.initial.get("status_details")
        if details is None:
            yield HELD
        elif isinstance(details, dict):  # anything else breaks the schema
            message = f"{response.id} was created with status details."
            yield Finding(response.created.index, message, "null", path="/response/status_details")


@rules.must("response.done-has-a-terminal-status", about={"response.done"}, covers=("RSP-06",), spec=DONE)
def done_has_a_terminal_status(view: View) -> Judged:
    """A response that is over is completed, cancelled, failed or incomplete."""
    for response in view.responses:
        if response.status in TERMINAL:
            yield HELD
        elif response.status == "in_progress" and response.done is not None:
            message = f"{response.id} is done and still in progress."
            yield Finding(response.done.index, message, "a terminal status", response.status, "/response/status")


@rules.must("response.status-details-type-is-the-status", about=STATUS_DETAILS, covers=("RSP-07",), spec=DONE)
def status_details_type_is_the_status(view: View) -> Judged:
    """The type of `status_details` is the status of the response."""
    for response, done in whole_dones(view):
        kind = string(mapping(response.final.get("status_details")).get("type"))
        if kind not in TERMINAL or response.status not in TERMINAL:
            continue  # a type that does not exist breaks the schema
        if kind == response.status:
            yield HELD
        else:
            message = f"{response.id} is {response.status}, its details say {kind}."
            yield Finding(done.index, message, response.status, kind, "/response/status_details/type")


def _reasons(view: View, status: str, allowed: frozenset[str]) -> Judged:
    for response, done in whole_dones(view):
        details = response.final.get("status_details")
        if response.status != status or not (details is None or isinstance(details, dict)):
            continue
        reason = mapping(details).get("reason")
        if isinstance(reason, str) and reason in allowed:
            yield HELD
        elif reason is None or isinstance(reason, str):
            message, wanted = f"{response.id} is {status} for no reason it may have.", " or ".join(sorted(allowed))
            yield Finding(done.index, message, wanted, str(reason), "/response/status_details/reason")


@rules.must("response.cancelled-names-its-reason", about=ended_as("cancelled"), covers=("RSP-08",), spec=DONE)
def cancelled_names_its_reason(view: View) -> Judged:
    """A cancelled response says who cancelled it: detected speech or the client."""
    return _reasons(view, "cancelled", frozenset({"turn_detected", "client_cancelled"}))


@rules.must("response.incomplete-names-its-reason", about=ended_as("incomplete"), covers=("RSP-08",), spec=DONE)
def incomplete_names_its_reason(view: View) -> Judged:
    """An incomplete response says what cut it off: the token limit or the content filter."""
    return _reasons(view, "incomplete", frozenset({"max_output_tokens", "content_filter"}))


@rules.must("response.failed-names-its-error", about=ended_as("failed"), covers=("RSP-08", "RSP-25"), spec=DONE)
def failed_names_its_error(view: View) -> Judged:
    """A failed response carries an error with its type or its code."""
    for response, done in whole_dones(view):
        details = response.final.get("status_details")
        if response.status != "failed" or not (details is None or isinstance(details, dict)):
            continue
        error = mapping(mapping(details).get("error"))
        if string(error.get("type")) or string(error.get("code")):
            yield HELD
        else:
            message = f"{response.id} failed without an error."
            yield Finding(done.index, message, "error.type or error.code", "nothing", "/response/status_details/error")


@rules.must("response.done-lists-every-item", about={"response.done"}, covers=("RSP-09",), spec=DONE)
def done_lists_every_item(view: View) -> Judged:
    """The output of a response that is over lists every item that was announced for it, once, and no other."""
    for response, done in whole_dones(view):
        if response.gapped or view.partial or not isinstance(response.final.get("output"), list):
            continue
        names = [name for name in _ids(response.outputs) if name is not None]
        listed = set(names)
        announced = {item.id for item in response.items.values() if item.added is not None}
        for name in sorted(announced ^ listed):
            how = "is not listed" if name in announced else "was never announced"
            yield Finding(done.index, f"{name} of {response.id} {how}.", path="/response/output")
        if len(names) > len(listed):
            twice = max(names, key=names.count)
            yield Finding(done.index, f"{twice} of {response.id} is listed more than once.", path="/response/output")
        elif announced == listed:
            yield HELD


def _ids(output: list[Any]) -> list[str | None]:
    return [string(mapping(each).get("id")) for each in output]


@rules.must("response.done-lists-items-in-order", about={"response.done"}, covers=("RSP-09",), spec=DONE)
def done_lists_items_in_order(view: View) -> Judged:
    """The output of a response that is over lists its items by output index."""
    for response, done in whole_dones(view):
        if len(response.outputs) < 2:
            continue
        known = [response.items[name] for name in _ids(response.outputs) if name is not None and name in response.items]
        indices = [item.output_index for item in known]
        if len(indices) < 2 or None in indices or len(set(indices)) < len(indices):
            continue
        numbers = [index for index in indices if index is not None]
        if numbers == sorted(numbers):
            yield HELD
        else:
            message = f"{response.id} lists its items in the order {numbers}."
            yield Finding(done.index, message, str(sorted(numbers)), str(numbers), "/response/output")


@rules.should("response.done-repeats-its-finished-items", about={"response.done"}, covers=("RSP-10",), spec=DONE)
def done_repeats_its_finished_items(view: View) -> Judged:
    """The items in the output of a response are as `response.output_item.done` showed them."""
    for response, done in whole_dones(view):
        for place, listed in enumerate(map(mapping, response.outputs)):
            name = string(listed.get("id"))
            item = response.items.get(name) if name is not None else None
            if item is None or item.done is None or not item.done.whole:
                continue
            shown = item.done.part("item")
            unlike = [key for key in OF_AN_ITEM if string(shown.get(key)) != string(listed.get(key))]
            for key in unlike:
                message = f"{name} of {response.id} has another {key} than its output_item.done."
                path = f"/response/output/{place}/{key}"
                yield Finding(done.index, message, str(string(shown.get(key))), str(string(listed.get(key))), path)
            if not unlike:
                yield HELD


@rules.must(
    "response.done-is-of-the-same-conversation",
    about={"response.done"},
    covers=("RSP-26",),
    spec=DONE,
    left_out=conversations_of_responses,
)
def done_is_of_the_same_conversation(view: View) -> Judged:
    """A response ends in the conversation in which it was created."""
    for response, done in whole_dones(view):
        if "conversation_id" not in response.initial or "conversation_id" not in response.final:
            continue
        before, after = (string(each["conversation_id"]) for each in (response.initial, response.final))
        if before == after:
            yield HELD
        else:
            message = f"{response.id} changed its conversation."
            yield Finding(done.index, message, str(before), str(after), "/response/conversation_id")


@rules.should("response.completed-has-output", about={"response.done"}, covers=("RSP-20",), spec=DONE)
def completed_has_output(view: View) -> Judged:
    """A completed response has at least one output item."""
    for response, done in whole_dones(view):
        if response.status != "completed" or not isinstance(response.final.get("output"), list):
            continue
        if response.outputs or any(item.added is not None for item in response.items.values()):
            yield HELD
        else:
            yield Finding(done.index, f"{response.id} completed with nothing.", "an item", "[]", "/response/output")


@rules.should(
    "response.cut-off-item-is-incomplete",
    about=ended_as("incomplete"),
    covers=("RSP-19",),
    spec=SERVER_EVENTS + "response/output_item/done",
    relaxed="Recordings show a cancelled response whose only item was complete already, "
    "so only responses that ended as incomplete are judged.",
)
def cut_off_item_is_incomplete(view: View) -> Judged:
    """The last item of a response that was cut off by a limit or a filter is incomplete."""
    for response, done in whole_dones(view):
        if response.status != "incomplete" or not response.outputs:
            continue
        status = string(mapping(listing(response.outputs)[-1]).get("status"))
        if status == "incomplete":
            yield HELD
        elif status is not None:
            message = f"{response.id} is incomplete, its last item is {status}."
            path = f"/response/output/{len(response.outputs) - 1}/status"
            yield Finding(done.index, message, "incomplete", status, path)
