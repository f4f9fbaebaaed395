"""What a connection does for the steps that look back, wait for nothing, or ask for the other revision."""

from pathlib import Path

import pytest

from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome
from conformance.scenario.load import loads


def play(steps, dialect="ga"):
    return rehearse(loads(f"scenario: x\nsteps:\n{steps}", Path("test.yaml")), dialect)


def test_what_comes_while_nothing_is_said_is_kept_for_later_steps():
    turn = "  - configure: {modalities: text}\n  - say: Hello.\n  - respond\n"
    conversation = play(f"{turn}  - idle: 3\n  - await: response.done\n")

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.traces[0].end.at >= 3


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ("  - unheard: canary-bert\n", Outcome.PLAYED),
        ("  - unheard: canary-anna\n", Outcome.UNMET),
        ("  - unheard: {text: canary-, but: canary-anna}\n", Outcome.PLAYED),
    ],
)
def test_a_canary_is_looked_for_in_all_that_was_heard(steps, outcome):
    assert play(f"  - configure: {{instructions: canary-anna}}\n{steps}").outcome is outcome


@pytest.mark.parametrize(("asked", "spoken"), [("ga", "beta"), ("beta", "ga")])
def test_who_asks_for_the_other_revision_is_judged_by_what_comes(asked, spoken):
    conversation = play("  - knock: {revision: other}\n    answer: either\n  - close\n", asked)

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.traces[0].dialect == spoken
