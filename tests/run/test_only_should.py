"""Who breaks nothing but a SHOULD is warned, and nothing else that the same conversation promises goes red for it."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.mutant import Mutant
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.run.recording import rule_record
from conformance.run.ruling import judge_conversation

#: Whose scripts cannot go on: a session that is gone, a response that has nothing in it.  That much is the endpoint's.
STOPS = ("a-session-ends-without-a-reason", "completed-with-nothing")


def mild():
    """Yield the mutants that break only what should be, each in one of its dialects."""
    for mutant in MUTANTS.values():
        must = RULES[mutant.killed_by].keyword is Keyword.MUST
        if isinstance(mutant, Mutant) and not must and mutant.id not in STOPS:
            yield pytest.param(mutant, max(mutant.dialects), id=mutant.id)


@pytest.mark.parametrize(("mutant", "dialect"), list(mild()))
def test_what_only_should_be_makes_nothing_else_red(mutant, dialect):
    conversation = rehearse(mutant.during, dialect, lambda: mutant.make(DIALECTS[dialect]))
    judged = judge_conversation(conversation, RULES.values())
    told = {name: rule_record(judged, judged.rulings[name]) for name in conversation.scenario.proves}
    red = {
        name: each.verdict
        for name, each in told.items()
        if RULES[name].keyword is Keyword.MUST and each.verdict in (Verdict.FAIL, Verdict.UNPROVEN) and not each.cause
    }

    assert judged.conversation.outcome is not Outcome.STOPPED or judged.cause_of_the_stop
    assert red == {}
