"""An endpoint that takes an idle timeout and forgets it is told so once, after a short silence, and stops nothing."""

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import rehearse
from conformance.mutants.turns import an_idle_timeout_is_shown_and_forgotten
from conformance.play.player import Outcome
from conformance.resources import folder
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict, judge
from conformance.scenario.load import load
from conformance.trace.views import View

GA = DIALECTS["ga"]


def played(fault=None):
    return rehearse(load(folder("scenarios") / "turns" / "idle_timeout.yaml"), GA, fault)


def found(conversation):
    judged = judge(View(conversation.traces[0], GA), RULES.values())
    return {each.rule.id: each.verdict for each in judged if each.findings}


def test_a_timeout_that_never_comes_is_a_finding_and_neither_a_stop_nor_a_long_wait():
    conversation = played(lambda: an_idle_timeout_is_shown_and_forgotten(GA))

    assert conversation.outcome is Outcome.INCONCLUSIVE
    assert "input_audio_buffer.timeout_triggered" in conversation.message
    assert conversation.seconds < 20
    assert found(conversation) == {"turns.an-idle-timeout-ends-the-silence": Verdict.WARNING}


def test_a_timeout_that_comes_proves_the_rule():
    conversation = played()

    assert conversation.outcome is Outcome.PLAYED
    assert found(conversation) == {}
