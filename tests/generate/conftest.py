"""Endpoints to explore: the reference in memory and behind a socket, right and wrong; and what judges them."""

from contextlib import contextmanager
from functools import partial

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.generate.explore import MUST, Flaw
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome, Player
from conformance.play.pool import LoopThread
from conformance.play.target import Patience, Target
from conformance.play.wire import Wire
from conformance.reference.server.server import Server
from conformance.rules import RULES
from conformance.rules.engine.judge import judge
from conformance.scenario.audio import clip
from conformance.secrets import Scrubber
from conformance.trace.views import View

PATIENCE = Patience(connect=5, first_event=2, answer=2, conversation=60)


def judged(conversation):
    """Return what is wrong with a conversation, by all rules and by its own script."""
    views = [View(trace, DIALECTS[trace.dialect]) for trace in conversation.traces]
    found = [judgement for view in views for judgement in judge(view, RULES.values()) if judgement.findings]
    flaws = [Flaw(each.rule.id, str(each.rule.keyword), each.findings[0].message) for each in found]
    if conversation.outcome is Outcome.STOPPED:
        where = conversation.step.name if conversation.step is not None else "goodbye"
        flaws.append(Flaw(f"plays.{where}", MUST, conversation.message, conversation.expected, conversation.actual))
    return flaws


@contextmanager
def listening(dialect, make=None):
    """Return a way to play over a socket, against a mutant where *make* is one's."""
    loop_thread, spoken = LoopThread(), DIALECTS[dialect]
    server = Server(hooks=None if make is None else lambda _name: make(spoken).spelled_for(spoken))
    loop_thread.run(server.__aenter__())
    target = Target(url=server.url, dialect=spoken, key="sk-test", model="gpt-realtime", patience=PATIENCE)

    def play(scenario):
        return loop_thread.run(Player(Wire(target), target, Scrubber(), clip).play(scenario))

    try:
        yield play
    finally:
        loop_thread.run(server.__aexit__(None, None, None))
        loop_thread.close()


@pytest.fixture(params=sorted(DIALECTS))
def dialect(request):
    return DIALECTS[request.param]


@pytest.fixture
def flaws_of():
    return judged


@pytest.fixture
def in_memory():
    """(dialect, fault) -> a way to play in memory."""
    return lambda dialect, fault=None: partial(rehearse, dialect=dialect, fault=fault)


@pytest.fixture
def over_a_socket():
    """(dialect, make) -> a way to play over a socket, while the block lasts."""
    return listening
