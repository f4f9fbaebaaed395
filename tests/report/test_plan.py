"""What `--plan` says would be played, and what it could cost."""

import pytest

from conformance.play.discovery import SESSIONS
from conformance.report.plan import plan_lines
from conformance.run.cost import Plan
from conformance.run.prices import Price
from conformance.scenario.cost import Cost, Tokens

PRICE = Price({"input": 4.0, "cached": 0.4, "output": 16.0}, {"input": 32.0, "cached": 0.4, "output": 64.0})
COSTS = {f"a/{number}": Cost(1, Tokens(text_in=100 * number), heard=2.0, expected=30.0) for number in range(1, 5)}


def told(**how):
    return [*plan_lines(Plan(**{"costs": COSTS, "model": "m", **how}))]


def test_a_plan_counts_the_connection_before_the_first_conversation():
    lines = told(not_applicable=2, at_once=4)

    assert lines[0] == "conversations  4  (and 2 not applicable)"
    assert lines[1] == "sessions       5  (one of them to see whether the endpoint is there)"
    assert lines[2] == "audio sent     8 s"
    assert lines[-1] == "most tokens    a/4 400, a/3 300, a/2 200"


def test_the_sessions_that_ask_for_what_is_lacking_are_counted_and_told():
    assert told(discovers=True)[1].startswith(f"sessions       {5 + SESSIONS}  ({1 + SESSIONS} of them to see whether")


def test_the_searches_are_told_beside_as_most_of_them_is_seldom_played():
    lines = told(generated=Cost(45, Tokens(text_in=9_000)))

    assert "generated      45 of the sessions and 9,000 of the tokens at most; most of them only where" in lines[2]
    assert lines[1].startswith("sessions       50 ")


def test_a_price_is_told_where_it_is_known():
    assert "price          at most $0.0040  (m, prices of 2026-01-01)" in told(price=PRICE, prices_of="2026-01-01")
    assert "price          unknown: no prices of m (--model, --prices)" in told()


@pytest.mark.parametrize(
    ("at_once", "line"),
    [
        (1, "time           about 2 min, 1 conversations at once"),
        (4, "time           about 30 s, 4 conversations at once"),
    ],
)
def test_the_time_depends_on_how_many_are_played_at_once(at_once, line):
    assert line in told(at_once=at_once)
