"""Responses that bear the id of an earlier one: told once, and the rest judged as if each had an id of its own.

A mock that answers every `response.create` with the same recorded events repeats not only the response's id but
those of its items: every order inside the second response then looks like a repetition of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.rules.engine.rule import Finding
from conformance.trace.responses import Response, id_of
from conformance.trace.trace import Entry
from conformance.trace.views import View

#: The rule that tells of a response that begins under an id that was there before.
CREATED_AGAIN = "ordering.response-created-comes-once"
#: What nobody can judge where the events of two responses that run at once bear the same ids.
INSIDE = ("ordering.", "streaming.", "deltas.")


def with_own_ids(view: View) -> View:
    """Return the view with an id of its own for every response, and for its items, that came again after its end.

    The view itself where none did.
    """
    renames = _renames(view)
    if not renames:
        return view
    known: dict[str, str] = {}
    entries, due = [], list(renames)
    for entry in view.trace.entries:
        while due and due[0][0] <= entry.index:
            known = known | due.pop(0)[1]
        entries.append(_renamed(entry, known) if known else entry)
    return View(replace(view.trace, entries=tuple(entries)), view.dialect)


def _renames(view: View) -> list[tuple[int, dict[str, str]]]:
    """Return from which entry on which ids stand for others, in the order of the entries."""
    times: dict[str, int] = {}
    items: set[str] = set()
    found = []
    for response in view.responses:
        times[response.id] = times.get(response.id, 0) + 1
        if times[response.id] > 1 and response.created is not None:
            mark = f" (response {times[response.id]})"
            again = {response.id, *(item for item in response.items if item in items)}
            found.append((response.created.index, {name: name + mark for name in again}))
        items.update(response.items)
    return found


def _renamed(entry: Entry, names: Mapping[str, str]) -> Entry:
    return entry if entry.event is None else replace(entry, event=_with(entry.event, names))


def _with(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _with(each, names) for key, each in value.items()}
    return [_with(each, names) for each in value] if isinstance(value, list) else value


def entangled(view: View) -> frozenset[int]:
    """Return the entries of responses that began again while they ran: nobody can tell which response is meant."""
    return frozenset(frame.index for response in view.responses if _began_again(response) for frame in response.frames)


def _began_again(response: Response) -> bool:
    return sum(frame.type == "response.created" and id_of(frame) == response.id for frame in response.frames) > 1


def beyond_judging(rule_id: str, finding: Finding, entries: frozenset[int]) -> bool:
    """Return whether a finding is about the inside of such an entangled response."""
    return finding.index in entries and rule_id != CREATED_AGAIN and rule_id.startswith(INSIDE)
