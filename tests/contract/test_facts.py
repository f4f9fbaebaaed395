"""Documented facts: proved by what can be seen, and by nothing less."""

import pytest

from conformance.contract.facts import Fact, named, reflects, shown
from conformance.contract.profile import load_profile
from conformance.contract.revisions.beta import BETA
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import bundled, rehearse
from conformance.resources import folder
from conformance.scenario.load import library
from conformance.trace.trace import Credential, Direction, Entry, Handshake, Trace
from conformance.trace.views import View

HOME = folder("scenarios")


def view(*events, handshake=None):
    """Make a trace: (`c` or `s`, event) in order."""
    sides = {"c": Direction.CLIENT, "s": Direction.SERVER}
    entries = tuple(Entry(index, sides[side], event=event) for index, (side, event) in enumerate(events))
    return View(Trace(entries, "beta", handshake), BETA)


CREATED = ("s", {"type": "session.created", "session": {}})


def update(field, value, shown_value):
    return view(
        ("c", {"type": "session.update", "session": {field: value}}),
        ("s", {"type": "session.updated", "session": {field: shown_value}}),
    )


def test_path_and_style_need_a_session_that_a_valid_key_opened():
    facts = [Fact("path", "/v1/realtime"), Fact("auth", "bearer")]
    url = "wss://host/v1/realtime?model=m"

    assert shown(facts, view(CREATED, handshake=Handshake(url, "bearer"))) == set(facts)
    assert shown(facts, view(handshake=Handshake(url, "bearer"))) == set()
    wrong = Handshake(url, "bearer", Credential.WRONG)
    assert shown(facts, view(CREATED, handshake=wrong)) == {facts[0]}
    assert shown(facts, view(CREATED, handshake=Handshake("wss://host/other", "api-key"))) == set()


def test_a_client_event_counts_when_it_is_acknowledged():
    fact = Fact("client_event", "response.create")
    asked = ("c", {"type": "response.create", "event_id": "a"})

    assert shown([fact], view(asked, ("s", {"type": "response.created", "response": {"id": "r"}}))) == {fact}
    assert shown([fact], view(asked)) == set()
    assert shown([fact], view(asked, ("s", {"type": "error", "error": {"event_id": "a"}}))) == set()


@pytest.mark.parametrize(
    ("sent", "effect", "other"),
    [
        ("input_audio_buffer.append", {"type": "input_audio_buffer.committed"}, {"type": "input_audio_buffer.cleared"}),
        ("input_audio_buffer.append", {"type": "input_audio_buffer.speech_started"}, {"type": "response.created"}),
        (
            "response.cancel",
            {"type": "response.done", "response": {"status": "cancelled"}},
            {"type": "response.done", "response": {"status": "completed"}},
        ),
    ],
)
def test_an_event_without_acknowledgement_counts_when_its_effect_is_seen_and_nobody_refused_it(sent, effect, other):
    fact, asked = Fact("client_event", sent), ("c", {"type": sent, "event_id": "a"})
    refusal = ("s", {"type": "error", "error": {"event_id": "a"}})

    assert shown([fact], view(asked, ("s", effect))) == {fact}
    assert shown([fact], view(("s", effect), asked)) == set()
    assert shown([fact], view(asked, ("s", other))) == set()
    assert shown([fact], view(asked, refusal, ("s", effect))) == set()


def test_a_session_field_counts_when_it_comes_back_as_it_was_set():
    fact = Fact("session_field", "voice")

    assert shown([fact], update("voice", "echo", "echo")) == {fact}
    assert shown([fact], update("voice", "echo", "alloy")) == set()
    assert shown([fact], update("speed", 1, 1)) == set()


def test_a_default_that_stays_as_it_was_shows_nothing():
    fact = Fact("session_field", "voice")
    same = ("c", {"type": "session.update", "session": {"voice": "alloy"}})
    answer = ("s", {"type": "session.updated", "session": {"voice": "alloy"}})
    before = ("s", {"type": "session.created", "session": {"voice": "alloy"}})
    another = ("s", {"type": "session.created", "session": {"voice": "echo"}})

    assert shown([fact], view(before, same, answer)) == set()
    assert shown([fact], view(another, same, answer)) == {fact}
    assert shown([fact], view(another, same, answer, same, answer)) == {fact}


def test_the_model_is_chosen_before_the_session_and_only_shown():
    fact = Fact("session_field", "model")
    before = ("s", {"type": "session.created", "session": {"model": "m"}})
    same = ("c", {"type": "session.update", "session": {"model": "m"}})

    assert shown([fact], view(before, same, ("s", {"type": "session.updated", "session": {"model": "m"}}))) == {fact}
    assert shown([fact], view(before, same, ("s", {"type": "session.updated", "session": {}}))) == set()


def test_a_fact_is_found_again_by_its_words():
    facts = load_profile("anyone").facts

    assert [named(str(fact)) for fact in facts] == list(facts)
    assert named("usage.total-is-the-sum") is None
    assert named("usage field ") is None


def test_a_server_event_counts_under_the_name_that_is_documented():
    fact = Fact("server_event", "response.audio.delta")

    assert shown([fact], view(("s", {"type": "response.audio.delta"}))) == {fact}
    assert shown([fact], view(("c", {"type": "response.audio.delta"}))) == set()


def test_a_usage_field_counts_when_it_is_filled():
    facts = [Fact("usage_field", "total_tokens"), Fact("usage_field", "input_tokens")]
    usage = {"total_tokens": 5, "input_tokens": None}

    assert shown(facts, view(("s", {"type": "response.done", "response": {"usage": usage}}))) == {facts[0]}
    assert shown(facts, view(("s", {"type": "response.done", "response": {"usage": 7}}))) == set()


@pytest.mark.parametrize("value", ["x", "34", 12.5, True, -1, [1]])
def test_a_usage_field_that_counts_nothing_shows_nothing(value):
    fact = Fact("usage_field", "total_tokens")
    done = ("s", {"type": "response.done", "response": {"id": "r", "usage": {"total_tokens": value}}})

    assert shown([fact], view(done)) == set()


@pytest.mark.parametrize(
    ("asked", "actual", "same"),
    [
        ({"type": "server_vad"}, {"type": "server_vad", "threshold": 0.5}, True),
        ({"type": "server_vad"}, None, False),
        (["text", "audio"], ["audio", "text"], True),
        (["text"], ["audio", "text"], False),
        ([{"name": "a"}], [{"name": "a", "strict": None}], True),
        ([{"name": "a"}], [{"name": "b"}], False),
        (None, None, True),
        (1, True, False),
        (0.8, 0.8, True),
    ],
)
def test_a_setting_is_reflected_when_what_was_asked_for_is_there(asked, actual, same):
    assert reflects(asked, actual) is same


def not_shown(profile, fault=None):
    """Play the library as the profile is played, in memory, and give the documented facts that nothing shows."""
    missing = set(profile.facts)
    for path in library():
        scenario = bundled(path.relative_to(HOME).with_suffix("").as_posix())
        if scenario.without or "beta" not in scenario.dialects or "large" in scenario.tags:
            continue
        for style in profile.auth if scenario.each == "auth" else profile.auth[:1]:
            for trace in rehearse(scenario, "beta", fault, variant=style).traces:
                missing -= shown(missing, View(trace, BETA))
    return [str(fact) for fact in missing]


@pytest.mark.parametrize("name", ["anyone", "openopen8", "yuhuan"])
def test_the_library_proves_every_documented_fact_on_the_reference(name):
    assert not_shown(load_profile(name)) == []


def test_a_documented_event_that_is_never_sent_is_what_stays_unproved():
    silent = lambda: Fault(sends=lambda event: [] if event["type"] == "response.output_audio.delta" else [event])  # noqa: E731

    assert not_shown(load_profile("yuhuan"), silent) == ["server event response.audio.delta"]
