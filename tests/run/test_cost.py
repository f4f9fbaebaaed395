"""What the plan says bounds what the conversations then really do."""

from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import bundled, rehearse
from conformance.report.layout import WIDTH
from conformance.report.plan import plan_lines
from conformance.resources import folder
from conformance.run.cost import Plan, cost_of
from conformance.run.prices import load_prices, tokens_of
from conformance.scenario.audio import clip
from conformance.scenario.cost import LARGEST_OUTPUT, Tokens
from conformance.scenario.load import library, loads
from conformance.trace.views import View

HOME = folder("scenarios")
SCENARIOS = sorted(path.relative_to(HOME).with_suffix("").as_posix() for path in library())


def cost(text, dialect="ga"):
    return cost_of(loads(f"scenario: A test.\nsteps:\n{text}", Path("test.yaml")), dialect, clip)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_bundled_conversation_uses_more_than_planned(name):
    scenario = bundled(name)
    for dialect in scenario.dialects:
        planned = cost_of(scenario, dialect, clip)
        played = rehearse(scenario, dialect)
        ledgers = [View(trace, DIALECTS[dialect]).ledger for trace in played.traces]
        used = sum(map(tokens_of, ledgers), Tokens())
        sent = sum(each.seconds_sent or 0.0 for each in ledgers)

        assert len(played.traces) <= planned.sessions
        assert used.total <= planned.tokens.total
        assert used.audio_in <= planned.tokens.audio_in
        assert used.audio_out <= planned.tokens.audio_out
        assert sent <= planned.heard + 1e-6


def test_a_response_without_a_limit_may_be_as_long_as_the_protocol_allows():
    planned = cost("  - configure: {modalities: text}\n  - respond\n")

    assert planned.tokens.text_out == LARGEST_OUTPUT
    assert planned.tokens.audio_out == 0


def test_a_later_response_takes_the_earlier_ones_as_input():
    one = "  - configure: {modalities: text, max_output_tokens: 100}\n  - respond\n  - await: response.done\n"
    first, both = cost(one), cost(one + "  - respond\n")

    assert both.tokens.text_in >= 2 * first.tokens.text_in + 100


def test_each_connection_is_a_session():
    assert cost("  - connect:\n    on: [a, b, c]\n").sessions == 3


def test_steps_of_the_other_revision_cost_nothing():
    script = "  - connect\n  - respond:\n    only: beta\n"

    assert cost(script, "ga").tokens.total == 0
    assert cost(script, "beta").tokens.total > 0


def test_the_plan_says_it_in_words():
    costs = {name: cost_of(bundled(name), "ga", clip) for name in ("response/text_turn", "usage/several_turns")}
    prices = load_prices()
    text = "\n".join(plan_lines(Plan(costs, 3, 16, prices.of("gpt-realtime"), prices.as_of, "gpt-realtime")))

    assert "conversations  2 (and 3 not applicable)" in text
    assert "sessions       3" in text
    assert f"(gpt-realtime, prices of {prices.as_of})" in text
    assert "most tokens    usage/several_turns" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_model_without_a_price_has_no_price():
    text = "\n".join(plan_lines(Plan({}, model="somebody-elses")))

    assert "unknown: no prices for somebody-elses" in text


def test_a_translation_is_planned_to_be_spoken_as_well():
    planned = cost_of(bundled("translation/session"), "ga", clip)

    assert planned.tokens.audio_out >= 20 * planned.heard > 0
