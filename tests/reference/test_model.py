from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.reference.session.arguments import fitting
from conformance.reference.session.model import GREETING, Call, Fail, Prompt, Say, answer, words

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "enum", "required", "anyOf", "$ref", "minItems", "const"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
WEATHER = {"type": "function", "name": "get_weather"}
STOCK = {"type": "function", "name": "lookupStock"}


@pytest.mark.parametrize(
    ("request_text", "reply"),
    [
        ("Say exactly: pong", "pong"),
        ("Please say exactly the word 'pong'", "pong"),
        ("Reply with exactly: a b c", "a b c"),
        ("Reply with the word banana and nothing else.", "banana"),
        ("Answer with only the word “yes”.", "yes"),
        ("Repeat after me: hello there", "hello there"),
        ("Count from 3 to 6", "3, 4, 5, 6"),
        ("How are you?", GREETING),
        ("", GREETING),
    ],
)
def test_a_simple_request_is_obeyed(request_text, reply):
    assert answer(Prompt([request_text])) == [Say(reply)]


@pytest.mark.parametrize("request_text", ["Tell me a long story", "Count to one hundred slowly", "Count from 1 to 100"])
def test_a_long_answer_is_long(request_text):
    (said,) = answer(Prompt([request_text]))
    assert len(words(said.text)) > 100


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("What is the weather in Rome?", ["get_weather"]),
        ("use get_weather", ["get_weather"]),
        ("Call lookupStock, then get_weather", ["lookupStock", "get_weather"]),
        ("What about the stock of the weather channel?", ["get_weather", "lookupStock"]),
        ("Call get_weather twice", ["get_weather", "get_weather"]),
        ("Nice day", []),
    ],
)
def test_tools_that_are_asked_for_are_called(said, names):
    acts = answer(Prompt([said], said, [WEATHER, STOCK]))
    assert [act.name for act in acts if isinstance(act, Call)] == names


def test_a_required_call_is_made_whatever_was_said():
    assert answer(Prompt([""], "", [WEATHER], "required")) == [Call("get_weather", "{}")]


def test_a_failure_can_be_provoked():
    assert isinstance(answer(Prompt(["Please fail now"]))[0], Fail)
    assert isinstance(answer(Prompt([""], metadata={"reference": "fail"}))[0], Fail)


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text):
    assert "".join(words(text)) == text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 9}},
            "required": ["n"],
        },
        {"type": "object", "properties": {"unit": {"enum": ["c", "f"]}}, "required": ["unit"]},
        {
            "type": "object",
            "properties": {"at": {"$ref": "#/$defs/place"}, "tags": {"type": "array", "minItems": 2}},
            "required": ["at", "tags"],
            "$defs": {"place": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}},
        },
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}},
        {"type": "object", "properties": {"s": {"type": "string", "minLength": 30}}, "required": ["s"]},
        {"type": "object"},
    ],
)
def test_arguments_fit_the_parameters(schema):
    jsonschema.validate(fitting(schema, "Tell me about Rome, 7 days"), schema)


@given(JSON, st.text(max_size=20))
def test_any_parameters_give_an_object(schema, said):
    assert isinstance(json.loads(json.dumps(fitting(schema, said))), dict)
