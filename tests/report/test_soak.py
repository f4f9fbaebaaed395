"""What a soak is told as: lines for a terminal, and a file."""

import json

import pytest

from conformance.report.soak import SHOWN, soak_lines, write_soak
from conformance.run.soak_tally import Leak, SoakTally
from conformance.trace.trace import Direction, Entry, Trace
from tests.records import record

RULE = "ordering.response-done-is-last"


@pytest.fixture
def tally():
    told = SoakTally(1_000, alone={"text": record("alone")})
    told.count([Trace((Entry(0, Direction.SERVER, event={"type": "session.created"}),))])
    told.add("text", record("a", {RULE: "pass"}))
    told.look(3)
    return told


def lines_of(tally):
    return "\n".join(soak_lines(tally))


def test_a_soak_without_fault_says_that_nothing_differs(tally):
    told = lines_of(tally)

    assert "1,000 sessions at once asked for: 3 open at most, 3 on average" in told
    assert "conversations  1 judged: 1 played" in told
    assert "0 sent and 1 received" in told
    assert "the same under load as in a single conversation" in told
    assert "no session received data of another one" in told
    assert "slots" not in told


def test_a_soak_that_judged_nothing_says_so():
    told = lines_of(SoakTally(1))

    assert "0 judged: none" in told
    assert "the same under load" not in told
    assert "isolation" not in told


def test_each_difference_is_counted_and_the_first_leaks_are_named(tally):
    tally.add("text", record("b", {RULE: "fail"}))
    tally.leaks += [Leak(f"soak/text~{number}", 7, "what belongs to soak/text~0") for number in range(SHOWN + 2)]
    tally.left_out, tally.slots = 4, "HTTP 429:\ntoo many"

    told = lines_of(tally)

    assert f"  {RULE}: broken in 1 of 2 conversations" in told
    assert "12 times a session received data of another one" in told
    assert told.count("entry 7") == SHOWN
    assert "a new one was refused: HTTP 429: too many" in told
    assert "not kept for 4 more conversations that differ" in told


def test_times_are_told_at_each_height_of_the_load_where_there_were_several(tally):
    tally.time({"response_done": (0.25,), "connect": ()}, 1)
    assert "of the load" not in lines_of(tally)

    tally.time({"response_done": (0.5,)}, 1_000)
    told = lines_of(tally)

    assert "response done             p50" in told
    assert "at  25 % of the load     p50   0.250 s" in told
    assert "at 100 % of the load     p50   0.500 s" in told
    assert "connect" not in told

    tally.time({"first_audio": (0.3,)}, 1_000)
    assert "at  25 % of the load     none" in lines_of(tally)


def test_a_loop_of_ours_that_is_late_is_told_beside_the_times(tally):
    tally.lag.append(0.01)
    assert "our own loop" not in lines_of(tally)

    tally.lag.extend([2.0] * 99)
    assert "our own loop was up to 2.00 s late (p99)" in lines_of(tally)


def test_the_file_holds_every_count_and_nothing_that_acts_on_a_terminal(tally, tmp_path):
    tally.slots = "refused \x1b[2J"

    write_soak(tally, tmp_path / "reports")

    told = json.loads((tmp_path / "reports/soak.json").read_text(encoding="utf-8"))
    assert (told["conversations"], told["outcomes"]) == (1, {"played": 1})
    assert told["events"]["received"] == {"session.created": 1}
    assert "\x1b" not in told["slots"]
