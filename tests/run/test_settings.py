"""What the options come to: which conversations have nothing to say about an endpoint, and how a run is repeated."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import load_profile
from conformance.play.target import Target
from conformance.relay.setup import RelaySetup
from conformance.run.settings import Settings, embedded_on
from conformance.scenario.load import loads
from conformance.secrets import Scrubber

KEY = "sk-canary-0123456789abcdef"
TARGET = Target("wss://endpoint.test/v1/realtime", DIALECTS["ga"], KEY, "m", styles=("bearer", "subprotocol"))
OPENAI = load_profile("openai")
NARROW = replace(OPENAI, features=frozenset({"tools"}))


def script(steps="connect", **head):
    told = "".join(f"{name}: {value}\n" for name, value in head.items())
    return loads(f"scenario: A talk.\n{told}steps: [{steps}]\n", Path("talk.yaml"))


def why(written, target=TARGET, **how):
    return Settings(target, **how).not_applicable(written)


def test_a_conversation_that_asks_for_nothing_special_applies_to_everybody():
    assert why(script()) == ""
    assert why(script(), profile=OPENAI) == ""


@pytest.mark.parametrize(
    ("written", "how", "reason"),
    [
        (script(dialects="[beta]"), {}, "the conversation is for beta"),
        (script(needs="[semantic_vad]"), {"profile": NARROW}, "the profile does not claim semantic_vad"),
        (script(needs="[semantic_vad]"), {"lacking": {"semantic_vad": "no"}}, "the endpoint refuses semantic_vad"),
        (script(without="[tools]"), {}, "the endpoint is not known to lack tools"),
        (
            script(without="[images]"),
            {"profile": NARROW, "unclaimed": ("images",)},
            "the endpoint offers images, which its profile does not claim",
        ),
        (script("connect, {connect: {}, on: b}"), {"session_limit": 1}, "the endpoint holds only 1 session at once"),
        (
            script("connect, close, connect"),
            {"session_row": 1},
            "the endpoint opens only 1 session one right after the other",
        ),
        (script("{connect: {key: other-tenant}}"), {}, "there is no key to try: --token-for other-tenant=KEY"),
    ],
)
def test_a_conversation_that_cannot_be_held_says_why(written, how, reason):
    assert why(written, **how) == reason


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (script("{connect: {auth: subprotocol}}"), "no key was given to send in the auth style subpr"),
        (script("{expect_refusal: {credential: wrong}}"), "no key was given, so refusing a wrong one cannot be tested"),
    ],
)
def test_without_a_key_there_is_nothing_to_offer_and_nothing_to_refuse(written, reason):
    assert why(written, replace(TARGET, key="")).startswith(reason)
    assert why(written) == ""


def test_two_keys_that_contradict_each_other_need_two_styles():
    conflicting = script("{expect_refusal: {credential: conflicting}}")

    assert (
        why(conflicting, replace(TARGET, styles=("bearer",))) == "the endpoint is known to read keys in one style only"
    )
    assert why(conflicting) == ""


def test_a_key_that_cannot_travel_in_a_style_is_not_offered_in_it():
    odd = replace(TARGET, key="a key with spaces")

    assert "cannot travel in the auth style subprotocol" in why(script("{connect: {auth: subprotocol}}"), odd)
    assert "subprotocol" not in Settings(odd, auth="all").styles


def test_a_style_that_somebody_chose_is_the_only_one():
    chosen = Settings(TARGET, profile=OPENAI, auth="subprotocol")

    assert chosen.styles == ("subprotocol",)
    assert chosen.other_styles == ()
    assert "bearer" in chosen.untried
    assert Settings(replace(TARGET, key="")).untried == ()


def test_what_the_endpoint_offers_beyond_its_profile_is_only_told():
    told = Settings(TARGET, profile=NARROW).with_offers({}, ["tools", "images"])

    assert (told.unclaimed, told.lacking) == (("images",), {})


def test_who_reads_keys_from_a_subprotocol_is_asked_in_that_style_too():
    alone = replace(TARGET, styles=("bearer",))

    assert Settings(alone).with_offers({}, ["subprotocol"]).target.styles == ("bearer", "subprotocol")
    assert Settings(alone).with_offers({"tools": "no"}, []).claimed is not None
    assert Settings(alone).claimed is None


def test_names_that_somebody_chose_stay():
    found = {"transcriber": "found", "voices": ("a", "b")}
    chosen = Settings(TARGET, names_its_transcriber=True, names_its_voices=True).with_names(**found).target
    free = Settings(TARGET).with_names(**found).target

    assert (chosen.transcriber, chosen.voices) == (TARGET.transcriber, TARGET.voices)
    assert (free.transcriber, free.voices) == ("found", ("a", "b"))


def test_the_options_that_play_the_same_again_hold_no_secret():
    keyed = replace(TARGET, url=f"{TARGET.url}?key={KEY}")
    told = Settings(keyed, scrub=Scrubber((KEY,)), profile=OPENAI, waive=False, dialect="ga").repeats

    assert KEY not in told
    assert "--endpoint=" in told
    assert "--profile=openai" in told
    assert told.endswith("--dialect=ga --model=m --no-waivers")


def test_a_run_through_a_gateway_is_repeated_with_its_upstream():
    told = Settings(TARGET, relay=RelaySetup(port=9_123)).repeats

    assert told == "--relay=wss://endpoint.test/v1/realtime --upstream-listen=127.0.0.1:9123 --model=m"


def test_the_embedded_reference_has_the_path_that_the_profile_documents():
    bare = Settings(replace(TARGET, url=""), embedded=True)
    elsewhere = replace(OPENAI, path="/openai/v1/realtime")

    assert embedded_on(bare, "ws://127.0.0.1:1/v1/realtime").target.url == "ws://127.0.0.1:1/v1/realtime"
    told = embedded_on(replace(bare, profile=elsewhere), "ws://127.0.0.1:1/v1/realtime")
    assert told.target.url == "ws://127.0.0.1:1/openai/v1/realtime"


def test_a_refusal_of_what_a_profile_documents_excuses_nothing():
    documented = replace(NARROW, auth=("bearer", "subprotocol"), features=frozenset({"subprotocol", "auth"}))
    told = Settings(TARGET, profile=documented).with_offers({"subprotocol": "HTTP 401"}, [])

    assert told.lacking == {}
    assert "subprotocol" in told.claimed
