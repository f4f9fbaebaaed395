"""Scripts that break at play are refused before, and scripts that a search found can be played again."""

from pathlib import Path

import pytest

from conformance.errors import ScenarioError
from conformance.generate.explore import Case, Example, Flaw
from conformance.generate.found import FoundCases
from conformance.play.player import Conversation, Outcome
from conformance.scenario.load import load, loads
from conformance.scenario.model import Scenario
from conformance.scenario.step import Step

EVIL = "\x1b]0;x\x07\x00\x85\u2028\ud800\x9b\nwaivers: {}"
SCRIPT = "scenario: Odd\nsteps:\n  - connect\n  - {}\n"


@pytest.mark.parametrize(
    "step",
    [
        f"close: {{reason: {'x' * 124}}}",
        f"close: {{reason: {'ü' * 62}}}",
        "close: {code: 1006}",
        "connect: {subprotocols: [a b]}",
        "connect: {subprotocols: [a/c]}",
    ],
)
def test_what_no_frame_or_header_can_carry_is_refused_by_lint(step):
    with pytest.raises(ScenarioError, match=r"t\.yaml:4"):
        loads(SCRIPT.replace("{}", step), Path("t.yaml"))


@pytest.mark.parametrize("step", [f"close: {{reason: {'x' * 123}}}", "close: {code: 4001, reason: für dich}"])
def test_what_a_close_frame_can_carry_is_a_scenario(step):
    assert loads(SCRIPT.replace("{}", step), Path("t.yaml")).steps[-1].name == "close"


def test_a_case_with_controls_is_written_so_that_it_can_be_played(tmp_path):
    steps = (Step("connect"), Step("say", EVIL.replace("\ud800", "")))
    scenario = Scenario(id="generated/conversations", title="A case", steps=steps)
    flaw = Flaw("a.rule", "MUST", EVIL, EVIL, EVIL)
    example = Example(1, "generate", scenario, Conversation(scenario, "", (), Outcome.STOPPED), (flaw,))
    shelf = FoundCases(tmp_path, "generated/conversations", lambda path: f"pytest {path}")
    shelf.keep(Case(flaw, example))
    (written,) = tmp_path.glob("*.yaml")

    assert load(written).steps[1].argument == steps[1].argument
