"""Generated configurations: what they ask for, they bear out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.dialects import DIALECTS
from conformance.generate.configs import valid


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_choice_of_tools_is_borne_out_by_the_tools_of_the_session(dialect):
    @settings(max_examples=100, deadline=None, database=None)
    @given(valid(DIALECTS[dialect]))
    def every_update_fits(scenario):
        tools, choice = [], "auto"
        for step in scenario.steps:
            tools = step.argument.get("tools", tools)
            choice = step.argument.get("tool_choice", choice)
            names = [each["name"] for each in tools]
            assert choice in ("auto", "none") or (choice == "required" and names) or choice["name"] in names

    every_update_fits()


def test_every_kind_of_choice_is_generated():
    seen = set()

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.data())
    def look(data):
        for step in data.draw(valid(DIALECTS["ga"])).steps:
            choice = step.argument.get("tool_choice")
            seen.add(choice if isinstance(choice, str | None) else "named")

    look()
    assert {"auto", "none", "required", "named"} <= seen
