"""How patterns fit events."""

import pytest

from conformance.scenario.match import OPERATORS, mismatch

EVENT = {"type": "response.done", "response": {"status": "completed", "output": [{"id": "a"}], "usage": None, "n": 3}}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"type": "response.done"},
        {"response": {"status": "completed"}},
        {"response.status": "completed"},
        {"response.output": [{"id": "a"}]},
        {"response.output": {"$has": {"id": "a"}}},
        {"response.output": {"$empty": False}},
        {"response.usage": {"$null": True}},
        {"response.nothing": {"$null": True}},
        {"response.nothing": {"$absent": True}},
        {"response.usage": {"$any": True}},
        {"response.n": {"$atleast": 3}},
        {"response.n": {"$type": "number"}},
        {"response.status": {"$in": ["failed", {"$starts": "comp"}]}},
        {"response.status": {"$not": "failed"}},
        {"response.status": {"$starts": "comp"}},
    ],
)
def test_a_pattern_fits_an_event_that_has_at_least_that(pattern):
    assert mismatch(pattern, EVENT) == ""


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ({"response.status": "failed"}, "response.status: expected 'failed', actual 'completed'"),
        ({"response": {"status": "failed"}}, "response.status: expected 'failed', actual 'completed'"),
        ({"response.output": []}, "response.output: expected an array of 0, actual [{'id': 'a'}]"),
        ({"response.output": [{"id": "b"}]}, "response.output[0].id: expected 'b', actual 'a'"),
        ({"response.output": {"$empty": True}}, "response.output: expected $empty True, actual [{'id': 'a'}]"),
        ({"nothing": 1}, "nothing: expected 1, actual nothing"),
        ({"type": {"a": 1}}, "type: expected an object, actual 'response.done'"),
        ({"response.n": True}, "response.n: expected True, actual 3"),
        ({"response.n": {"$type": "string"}}, "response.n: expected $type 'string', actual 3"),
        ({"response.usage": {"$absent": True}}, "response.usage: expected $absent True, actual None"),
        ({"nothing": {"$any": True}}, "nothing: expected $any True, actual nothing"),
        ({"response.usage": {"$starts": "x"}}, "response.usage: expected $starts 'x', actual None"),
        ({"response.status": {"$atleast": 1}}, "response.status: expected $atleast 1, actual 'completed'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(pattern, said):
    assert mismatch(pattern, EVENT) == said


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_is_no_number(value):
    assert mismatch(int(value), value)
    assert mismatch({"$type": "number"}, value)
    assert not mismatch({"$type": "boolean"}, value)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("value", [None, 0, "text", [], {}, [[1]], 1.5])
def test_no_operator_stumbles_over_any_value(operator, value):
    wanted = {"$in": [1], "$type": "string", "$atleast": 1, "$starts": "t"}.get(operator, True)

    assert isinstance(mismatch({operator: wanted}, value), str)


def test_what_came_is_shortened():
    assert len(mismatch("x", "y" * 1000)) < 130
