"""Each auth style is refused by itself: a wrong key and an empty one, however the endpoint refuses."""

import pytest

from conformance.commands.selftest import found_in
from conformance.contract.auth_styles import STYLES, Place
from conformance.contract.dialects import DIALECTS
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome
from conformance.reference.server.admission import Admitted, Refused
from conformance.rules import RULES
from conformance.rules.engine.judge import judge_one
from conformance.trace.views import View

REFUSALS = ("connection/refuses_a_wrong_key", "connection/refuses_an_empty_key")


def held(played, rule):
    return all(judge_one(RULES[rule], View(trace, DIALECTS["ga"])).held for trace in played.traces)


@pytest.mark.parametrize("refusal", ["http", "openai"])
@pytest.mark.parametrize("scenario", REFUSALS)
@pytest.mark.parametrize("style", STYLES)
def test_a_bad_key_is_refused_in_every_style(style, scenario, refusal):
    played = rehearse(scenario, "ga", variant=style, refusal=refusal)

    assert played.outcome is Outcome.PLAYED
    assert held(played, "connection.a-bad-key-opens-no-session")
    assert [found for trace in played.traces for found in found_in(trace)] == []


@pytest.mark.parametrize("scenario", REFUSALS)
@pytest.mark.parametrize("style", STYLES)
def test_an_endpoint_that_takes_any_key_in_one_style_is_found_in_that_style_alone(style, scenario):
    selected = "realtime" if STYLES[style].place is Place.SUBPROTOCOL else None
    opened = Admitted("ga", "gpt-realtime", "conversation", selected, (), "")

    def careless():
        return Fault(admits=lambda made: opened if isinstance(made, Refused) else made)

    played = rehearse(scenario, "ga", careless, variant=style)

    assert {found for trace in played.traces for found in found_in(trace)} == {"connection.a-bad-key-opens-no-session"}


@pytest.mark.parametrize("style", STYLES)
def test_a_style_that_is_documented_and_not_read_is_found(style):
    understood = tuple(each for each in STYLES if each != style)
    played = rehearse("connection/accepts_the_key", "ga", variant=style, auth_styles=understood)

    assert {found for trace in played.traces for found in found_in(trace)} == {"connection.a-valid-key-opens-a-session"}
