"""What a script remembers, and how it says it again."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.scenario.audio import clip
from conformance.scenario.commands import ModelDidNot, Unmet
from conformance.scenario.context import ScriptContext


@pytest.fixture
def talk():
    return ScriptContext(DIALECTS["ga"], clip, values={"a": {"b": [{"c": 7}]}, "run": {"model": "m"}})


def test_a_reference_alone_keeps_its_type_and_one_inside_text_becomes_text(talk):
    filled = talk.filled({"x": "${a.b.0.c}", "y": ["n${a.b.0.c}-${run.model}"], "z": 1})

    assert filled == {"x": 7, "y": ["n7-m"], "z": 1}


@pytest.mark.parametrize("path", ["${nobody}", "${a.c}", "${a.b.c}", "${a.b.0.c.d}"])
def test_what_the_endpoint_never_said_is_not_met(talk, path):
    with pytest.raises(Unmet):
        talk.filled(path)


def test_that_a_list_holds_less_is_a_matter_of_the_model(talk):
    with pytest.raises(ModelDidNot, match="holds only 1"):
        talk.filled("${a.b.1}")


def test_event_ids_are_readable_and_unique(talk):
    assert [talk.event_id("say"), talk.event_id("say")] == ["client_1_say", "client_2_say"]
    assert talk.event_ids == {"client_1_say", "client_2_say"}
