import asyncio

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import every_feature
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import Rehearsal, rehearsal_target
from conformance.play.discovery import KNOCKS, ONLY, QUESTIONS, discover
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.reference.server.server import Server
from conformance.reference.session.core import FEATURES
from conformance.secrets import Scrubber

#: What cannot be had without a feature.
WITHOUT = {"server_vad": {"idle_timeout"}}


def asked(dialect):
    """Give every feature that is asked for in a dialect."""
    return {each for each in (*QUESTIONS, *KNOCKS) if ONLY.get(each, dialect) == dialect}


def found(dialect, features=None, fault=None):
    target = rehearsal_target(DIALECTS[dialect])
    discovery = asyncio.run(discover(Rehearsal(target, features=features, fault=fault), target, Scrubber()))
    return discovery, discovery.lacking.keys() - {"scripted_failure"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_endpoint_that_offers_everything_lacks_nothing(dialect):
    discovery, lacking = found(dialect)

    assert discovery.complete
    assert lacking == set()
    assert discovery.offered == asked(dialect)


@pytest.mark.parametrize(
    ("dialect", "feature"),
    [(dialect, feature) for dialect in DIALECTS for feature in sorted(asked(dialect) & FEATURES)],
)
def test_a_feature_that_is_refused_properly_is_found_lacking(dialect, feature):
    discovery, lacking = found(dialect, every_feature() - {feature})

    assert discovery.complete
    assert lacking == {feature} | (WITHOUT.get(feature, set()) & asked(dialect))
    assert feature not in discovery.offered


def test_questions_are_about_features_that_scenarios_need():
    assert QUESTIONS.keys() | KNOCKS.keys() <= every_feature()


def test_silence_is_no_declaration():
    deaf = frozenset({"conversation.item.retrieve", "conversation.item.delete"})

    def fault():
        return Fault(receives=lambda event: [] if event.get("type") in deaf else [event])

    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert discovery.offered == asked("ga") - {"retrieve", "delete"}


def test_a_setting_that_is_accepted_and_forgotten_is_not_offered():
    def fault():
        return Fault(
            sends=lambda event: (
                [{**event, "session": {**event["session"], "tools": []}}] if "session" in event else [event]
            )
        )

    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert discovery.offered == asked("ga") - {"tools"}


def test_only_the_reference_fails_on_request(run):
    async def ask():
        async with Server(tokens=("k",)) as server:
            target = Target(server.url, DIALECTS["ga"], "k", "gpt-realtime")
            return await discover(Wire(target), target, Scrubber())

    assert run(ask()).lacking == {}
    assert "scripted_failure" in found("ga")[0].lacking


def test_an_endpoint_that_breaks_off_has_told_nothing_more(run, served):
    async def talk(ws):
        await ws.send(orjson.dumps({"type": "session.created", "session": {}}).decode())
        await ws.recv()
        await ws.close(1011, "worker died")

    async def ask():
        async with served(talk) as target:
            return await discover(Wire(target), target, Scrubber())

    discovery = run(ask())

    assert not discovery.complete
    assert discovery.lacking.keys() == {"scripted_failure"}
