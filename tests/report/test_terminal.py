"""What the terminal says of a whole run."""

import pytest

from conformance.report.terminal import spending, summary
from conformance.rules.engine.judge import Verdict
from conformance.run.budget import Spent
from conformance.run.policy import Policy
from conformance.run.prices import Price, Prices
from conformance.run.record import RuleRecord
from conformance.scenario.cost import Tokens
from tests.records import record, result

PRICE = Price({"input": 4.0, "cached": 0.4, "output": 16.0}, {"input": 32.0, "cached": 0.4, "output": 64.0})
PRICED = Policy(prices=Prices("2026-01-01", {"some-model": PRICE}), model="some-model")
MUST, SHOULD = "ordering.response-done-is-last", "usage.completed-has-usage"


class Screen:
    verbosity = 0

    def __init__(self):
        self.lines = []

    def write_line(self, line, **_markup):
        self.lines.append(line)

    def write_sep(self, sep, title=None, _fullwidth=None, **_markup):
        self.lines.append(title or sep)


def shown(told):
    screen = Screen()
    summary(screen, told)
    return screen.lines


def spent(tokens):
    return Spent(1, Tokens(text_in=tokens))


def test_the_last_line_says_what_was_spent_and_on_what():
    told = result(record("response/audio_turn", spent=spent(60)), record("items/roles", spent=spent(40)), policy=PRICED)

    assert spending(told) == (
        "spent: 100 tokens (about $0.0004), 2 sessions, 0 s of audio, 0 s; most by response/audio_turn (60%)"
    )


def test_an_estimate_is_called_one():
    told = result(record("items/roles", spent=Spent(1, Tokens(5), estimated=True)))

    assert spending(told).endswith("in part estimated: not every response told its usage")


def test_what_a_finding_explains_stands_under_it():
    lines = shown(result(record("a", {SHOULD: "warning", MUST: RuleRecord(Verdict.UNPROVEN, cause=SHOULD)})))

    assert f"       it leaves 1 rule unproven: {MUST}" in lines
    assert not any(line.startswith("MUST   unproven") for line in lines)


def test_a_reason_that_keeps_many_conversations_from_being_judged_is_told_once():
    broken = [record(name, {MUST: "pass"}, "environment", message="It is down.") for name in ("a/b", "c/d", "e/f")]
    lines = shown(result(*broken, record("g/h", {MUST: "pass"}, "environment", message="It is late.")))

    assert lines.count("not judged in 3 conversations: It is down.") == 1
    assert "  a/b, c/d, e/f" in lines
    assert "not judged g/h: It is late." in lines


def test_events_that_nobody_said_are_named():
    lines = shown(result(record("a", {MUST: "pass"})))

    assert any(line.startswith("  never sent:") for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("outcome", ["stopped", "inconclusive", "environment"])
def test_a_conversation_that_did_not_get_through_is_named_with_its_reason(outcome):
    lines = shown(result(record("a/b", {MUST: "pass"}, outcome, message="Nothing came.")))

    told = "\n".join(lines)
    assert "Nothing came." in told
    assert "a/b" in told
