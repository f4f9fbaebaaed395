"""A script that waits in vain for what the vendor does not document says nothing of the endpoint."""

import pytest

from conformance.contract.profile import load_profile
from conformance.play.player import Conversation, Outcome
from conformance.run.library import settings_for
from conformance.run.undocumented import excused
from conformance.scenario.load import loads
from conformance.scenario.model import Scenario
from conformance.trace.trace import Direction, End, EndKind, Trace


def settings_of(reports, url="ws://x/v1/realtime", profile=None):
    return settings_for(url, key="k", model=None, dialect="auto", profile=profile, reports=reports)


def stopped(awaiting):
    end = End(EndKind.TIMEOUT, Direction.CLIENT, awaiting=awaiting)
    told = f"{awaiting} never came"
    return Conversation(Scenario("x", "x", ()), "", (Trace(end=end),), Outcome.STOPPED, message=told)


@pytest.mark.parametrize(
    ("profile", "awaiting", "outcome"),
    [
        ("yuhuan", "session.updated", Outcome.INCONCLUSIVE),
        ("yuhuan", "response.done", Outcome.STOPPED),
        ("yuhuan", "conversation.item.added or error", Outcome.STOPPED),
        ("openopen8", "session.updated", Outcome.STOPPED),
        ("openopen8", "conversation.item.added", Outcome.STOPPED),
        ("anyone", "response.created", Outcome.STOPPED),
        (None, "session.updated", Outcome.STOPPED),
    ],
)
def test_what_nobody_documents_is_owed_by_nobody(profile, awaiting, outcome):
    profile = load_profile(profile) if profile else None

    assert excused(stopped(awaiting), profile).outcome is outcome


def test_a_script_that_sends_what_nobody_documents_is_not_applicable(tmp_path):
    script = loads("scenario: x\nsteps:\n  - speak: hello\n  - clear\n", tmp_path / "x.yaml")
    settings = settings_of(tmp_path, profile="yuhuan")

    assert settings.not_applicable(script) == "the vendor documents no input_audio_buffer.clear"


def test_where_the_url_names_no_model_a_missing_one_is_no_occasion(tmp_path):
    script = loads("scenario: x\nsteps:\n  - expect_refusal: {model: missing}\n", tmp_path / "x.yaml")
    bare = settings_of(tmp_path)
    named = settings_of(tmp_path, "ws://x/v1/realtime?model=m")

    assert bare.not_applicable(script) == "the URL names no model"
    assert named.not_applicable(script) == ""


def test_without_a_key_none_is_offered_in_another_style(tmp_path):
    script = loads("scenario: x\nsteps:\n  - connect: {auth: subprotocol}\n", tmp_path / "x.yaml")
    keyless = settings_for("ws://x/v1/realtime", key="", model=None, dialect="auto", profile=None, reports=tmp_path)

    assert keyless.not_applicable(script) == "no key was given to send in the auth style subprotocol"
    assert settings_of(tmp_path).not_applicable(script) == ""
