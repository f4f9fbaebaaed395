"""What the terminal says of a whole run."""

from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.facts import Fact
from conformance.play.target import Target
from conformance.report.terminal import fact_lines, spending, summary, verdict
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import BaselineCount
from conformance.run.budget import Spent
from conformance.run.documented_facts import FactCoverage
from conformance.run.outcome import Ending
from conformance.run.policy import Policy
from conformance.run.prices import Price, Prices
from conformance.run.record import RuleRecord
from conformance.run.settings import Settings
from conformance.scenario.cost import Tokens
from tests.records import record, result
from tests.report.kept_lines import KeptLines

PRICE = Price({"input": 4.0, "cached": 0.4, "output": 16.0}, {"input": 32.0, "cached": 0.4, "output": 64.0})
PRICED = Policy(prices=Prices("2026-01-01", {"some-model": PRICE}), model="some-model")
MUST, SHOULD = "ordering.response-done-is-last", "usage.completed-has-usage"


def shown(told, verbosity=0):
    screen = KeptLines(verbosity)
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

    assert spending(told).endswith("partly estimated: some responses reported no usage")


def test_what_is_cut_off_is_not_counted_and_said_not_to_be():
    told = result(record("items/roles", spent=spent(5)), ending=Ending(interrupted=True))

    assert spending(told).endswith("; without the conversations that were cut off")


def test_what_a_finding_explains_stands_under_it():
    lines = shown(result(record("a", {SHOULD: "warning", MUST: RuleRecord(Verdict.UNPROVEN, cause=SHOULD)})))

    assert f"       it leaves 1 rule unproven: {MUST}" in lines
    assert not any(line.startswith("MUST   unproven") for line in lines)


def test_a_reason_that_keeps_many_conversations_from_being_judged_is_told_once():
    broken = [record(name, {MUST: "pass"}, "environment", message="It is down.") for name in ("a/b", "c/d", "e/f")]
    lines = shown(result(*broken, record("g/h", {MUST: "pass"}, "environment", message="It is late.")))

    assert lines.count("3 conversations not judged: It is down.") == 1
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


TARGET = Target("wss://endpoint.test/v1/realtime", DIALECTS["ga"], "sk-a-secret-0123456789")


def test_what_was_found_on_the_way_and_which_auth_styles_were_not_tried_is_told():
    told = result(record("a", {MUST: "pass"}), record("b", {MUST: "pass"}), ending=Ending(selection=True))
    told = replace(told, notes=("model: m, as nobody named one",), settings=Settings(TARGET))

    lines = "\n".join(shown(told))

    assert "note: model: m, as nobody named one" in lines
    assert "auth styles that were not tried: " in lines
    assert "never sent:" not in lines  # of a part of the library that says nothing


def test_who_plays_one_conversation_again_hears_nothing_of_other_styles():
    told = replace(result(record("a", {MUST: "pass"})), settings=Settings(TARGET))

    assert "auth styles that were not tried" not in "\n".join(shown(told))


def test_where_nothing_applies_each_reason_is_told_once():
    apart = {"outcome": "not applicable", "message": "the conversation is for ga"}
    lines = shown(result(record("a", **apart), record("b", **apart)))

    assert "2 conversations not applicable: the conversation is for ga" in lines


def test_a_run_that_judged_nothing_has_no_numbers():
    assert shown(result()) == []


def test_under_v_the_rules_that_hold_are_listed_too():
    told = result(record("a", {MUST: "pass"}))

    assert not any(MUST in line for line in shown(told))
    assert any(line.startswith(f"MUST   pass      {MUST}") for line in shown(told, 1))


def test_a_rule_that_nothing_shows_says_what_it_looks_at():
    told = result(record("a", {MUST: "unproven"}, promises=(MUST,)))

    lines = " ".join(" ".join(shown(told)).split())

    assert f"MUST unproven {MUST}" in lines
    assert "a: the conversation was played, but did not exercise the rule (it looks at: " in lines


def test_a_baseline_that_was_or_was_not_written_is_told(tmp_path):
    told = result(record("a", {MUST: "pass"}), policy=Policy(file=tmp_path / "known.yaml", update=True))

    assert "Written: known.yaml" in shown(replace(told, baseline=BaselineCount(written=True)))
    refused = shown(replace(told, baseline=BaselineCount(refused="only a part was played")))
    assert "The baseline was not written: only a part was played." in refused


def test_documented_facts_that_were_not_shown_are_told_by_why_they_were_not():
    facts = [Fact("usage field", name) for name in ("shown", "missing", "unsought", "unselected", "excused")]
    shown_fact, missing, unsought, unselected, excused = facts
    coverage = FactCoverage(
        {shown_fact: ("a",), missing: (), unsought: (), unselected: (), excused: ()},
        {missing: ("a", "b", "c", "d"), unsought: (), excused: ()},
        excused=frozenset({str(excused)}),
    )
    lines = [*fact_lines(coverage)]

    assert f"documented, but not shown: {missing} (looked for in a, b, c and 1 more)" in lines
    assert f"not shown, but listed in the baseline: {excused}" in lines
    assert f"documented, but checked by no conversation: {unsought}" in lines
    assert f"not shown in what was played: {unselected}" in lines
    told = "\n".join(shown(replace(result(record("a", {MUST: "pass"})), facts=coverage)))
    assert "documented facts proved: 1/5" in told


def test_the_last_lines_lead_to_the_page_and_hold_the_verdict_in_one_line(tmp_path):
    screen = KeptLines()
    (tmp_path / "index.html").touch()
    verdict(screen, result(record("a", {MUST: "pass"}), reports=tmp_path))

    page, sentence = screen.lines
    assert page.startswith("read on: ")
    assert page.endswith("index.html")
    assert sentence.startswith("conformant: 1 MUST")
