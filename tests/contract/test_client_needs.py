from __future__ import annotations

import orjson
import pytest

from conformance.contract.client_needs import NeededField, absences
from conformance.contract.schemas import schemas_for
from conformance.resources import folder
from conformance.trace.trace import Direction

ENTRIES = orjson.loads((folder("schemas") / "wanted.json").read_bytes())


def want(path: str, **more) -> NeededField:
    return NeededField(path, "a client", "a source", **more)


def test_null_is_there_unless_it_must_be_filled() -> None:
    event = {"response": {"usage": None}}
    assert absences([want("/response/usage")], event) == ()
    assert [each.path for each in absences([want("/response/usage", filled=True)], event)] == ["/response/usage"]


def test_each_element_of_an_array_is_asked() -> None:
    event = {"output": [{"id": 1}, {}, {"id": 2}, {}]}
    assert [each.path for each in absences([want("/output/*/id")], event)] == ["/output/1/id", "/output/3/id"]


def test_a_field_is_wanted_only_where_it_applies() -> None:
    wanted = want("/item/call_id", when={"type": ["function_call", "function_call_output"]})
    assert absences([wanted], {"item": {"type": "message"}}) == ()
    assert len(absences([wanted], {"item": {"type": "function_call"}})) == 1


@pytest.mark.parametrize("event", [{}, {"response": None}, {"response": "x"}, {"response": {"output": {"0": 1}}}])
def test_what_is_not_there_lacks_nothing(event: dict) -> None:
    assert absences([want("/response/usage/total"), want("/response/output/*/id")], event) == ()


def test_a_missing_status_details_is_an_absence_and_no_problem() -> None:
    response = {
        "object": "realtime.response",
        "id": "resp_1",
        "status": "in_progress",
        "output": [],
        "usage": None,
    }
    event = {"type": "response.created", "event_id": "event_1", "response": response}
    schemas = schemas_for("beta")
    assert schemas.problems(Direction.SERVER, event) == ()
    (wanted,) = schemas.absences(event)
    assert wanted.path == "/response/status_details"
    assert "Pipecat" in wanted.breaks
    assert "152" in wanted.source


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["path"])
def test_an_entry_names_known_events_a_client_and_a_source(entry: dict) -> None:
    assert set(entry) - {"when", "filled"} == {"events", "path", "breaks", "source"}
    for dialect, types in entry["events"].items():
        assert schemas_for(dialect).types(Direction.SERVER).issuperset(types)
    assert entry["breaks"]
    assert entry["source"]


def test_dropping_a_wanted_field_from_a_sample_is_noticed(sample) -> None:
    """Every entry bites: each wanted field that a sample has is missed when it is taken away."""
    if sample.side is Direction.CLIENT:
        return
    schemas = schemas_for(sample.dialect)
    already = {wanted.path for wanted in schemas.absences(sample.event)}
    for entry in ENTRIES:
        way = entry["path"].split("/")[1:]
        if sample.event["type"] not in entry["events"].get(sample.dialect, ()) or "*" in way:
            continue
        event = sample.copy()
        around = event
        for step in way[:-1]:
            around = (around or {}).get(step)
        applies = isinstance(around, dict) and all(
            around.get(key) in (value if isinstance(value, list) else [value])
            for key, value in entry.get("when", {}).items()
        )
        if applies and around.pop(way[-1], None) is not None:
            assert {wanted.path for wanted in schemas.absences(event)} - already == {entry["path"]}
