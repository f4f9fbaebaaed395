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
    """Return what is printed, however it is broken into lines, with single spaces."""
    return " ".join(" ".join(plan_lines(Plan(**{"costs": COSTS, "model": "m", **how}))).split())


def test_a_plan_counts_the_connection_before_the_first_conversation():
    lines = told(not_applicable=2, at_once=4)

    assert "conversations 4 (and 2 not applicable)" in lines
    assert "sessions 5 (one of them to check that the endpoint is reachable)" in lines
    assert "audio sent 8 s" in lines
    assert lines.endswith("most tokens a/4 400, a/3 300, a/2 200")


def test_the_sessions_that_ask_for_what_is_lacking_are_counted_and_told():
    assert f"sessions {5 + SESSIONS} ({1 + SESSIONS} of them to check that" in told(discovers=True)


def test_the_searches_are_told_beside_as_most_of_them_is_seldom_played():
    lines = told(generated=Cost(45, Tokens(text_in=9_000)))

    assert "45 of the sessions and 9,000 of the tokens at most; most of them only if something is broken" in lines
    assert "sessions 50 " in lines


def test_a_price_is_told_where_it_is_known():
    assert "price at most $0.0040 (m, prices of 2026-01-01)" in told(price=PRICE, prices_of="2026-01-01")
    assert "price unknown: no prices for m (--model, --prices)" in told()


@pytest.mark.parametrize(("at_once", "time"), [(1, "about 2 min, 1 conv"), (4, "about 30 s, 4 conv")])
def test_the_time_depends_on_how_many_are_played_at_once(at_once, time):
    assert f"time {time}" in told(at_once=at_once)
