"""What findings say, where a careless sentence would mislead."""

import pytest

from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from tests.rules.test_deviations import client, server, view_of


def response(kind, name):
    return server(kind, response={"id": name, "status": "in_progress", "output": []})


def item(kind, name):
    return server(kind, response_id=name, output_index=0, item={"id": "item_1", "type": "message"})


@pytest.mark.parametrize(
    ("second", "said"),
    [("resp_1", "item_1 belongs twice to resp_1."), ("resp_2", "item_1 belongs to resp_1 and to resp_2.")],
)
def test_an_item_of_two_responses_is_told_of_both_and_one_of_a_repeated_response_twice_of_that(second, said):
    view = view_of(
        *(
            each
            for name in ("resp_1", second)
            for each in (
                response("response.created", name),
                item("response.output_item.added", name),
                response("response.done", name),
            )
        )
    )

    findings = judge_one(RULES["streaming.ids-never-contradict"], view).findings

    assert [each.message for each in findings] == [said]


def test_findings_about_a_beta_session_name_its_events():
    here = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    view = view_of(
        client("response.create"), response("response.created", "resp_1"), item("response.output_item.added", "resp_1"),
        server("response.content_part.added", **here, part={"type": "text", "text": ""}),
        server("response.text.delta", **here, delta="a"),
        server("response.done", response={"id": "resp_1", "status": "completed", "output": []}), dialect="beta",
    )  # fmt: skip
    told = [each for rule in RULES.values() for each in judge_one(rule, view).findings]
    texts = " ".join(f"{each.message} {each.expected} {each.actual}" for each in told)

    assert "response.text.done" in texts
    assert "output_text" not in texts
