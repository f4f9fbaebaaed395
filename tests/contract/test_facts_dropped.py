"""A reference that lacks one documented thing is found out by exactly that: every fact of every seed, in every way."""

import asyncio
from dataclasses import replace
from functools import cache, partial

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.facts import shown
from conformance.contract.profile import load_profile
from conformance.contract.revisions.beta import BETA
from conformance.mutants.omissions import omissions_of
from conformance.mutants.rehearsal import Rehearsal, bundled, rehearsal_target, rehearse
from conformance.play.preflight import preflight
from conformance.resources import folder
from conformance.scenario.load import library
from conformance.secrets import Scrubber
from conformance.trace.views import View

SEEDS = ("anyone", "openopen8", "yuhuan")
IDS = sorted(path.relative_to(folder("scenarios")).with_suffix("").as_posix() for path in library())

EVERYTHING = "everything"
RESPONSE = "server event response"
APPEND = "client event input_audio_buffer.append"
#: What cannot be shown without something else either, and why; `kind name` or the beginning of it.
CARRIES = {
    # Nobody gets as far as a session: the preflight ends the run (status 6).
    "path /v1/realtime": [EVERYTHING],
    "server event session.created": [EVERYTHING],
    # The one acknowledges the other, and shows every setting; whoever speaks has first set how turns are detected.
    "client event session.update": ["server event session.updated", "session field", APPEND],
    "server event session.updated": ["client event session.update", "session field", APPEND],
    "server event conversation.item.created": ["client event conversation.item.create"],
    # The counts stand in it.
    "server event response.done": ["usage field"],
    # Nothing is said unasked but after a turn, and that in text.
    "client event response.create": [f"{RESPONSE}.audio", f"{RESPONSE}.function_call_arguments"],
}
#: The same where a profile claims less.
CARRIES_IN = {
    "yuhuan": {
        # Without turns there is nothing but a commit that shows that audio came, and no other way to a response.
        APPEND: ["client event input_audio_buffer.commit"],
        "client event input_audio_buffer.commit": [APPEND],
        "client event response.create": [RESPONSE],
        # Whoever commits by hand switches the detection of turns off before.
        "client event session.update": ["client event input_audio_buffer", "session field"],
    },
}


@cache
def played_by(features):
    """Return the scenarios that are played in `beta` of whom claims these features."""
    scripts = map(bundled, IDS)
    return [
        each
        for each in scripts
        if "beta" in each.dialects and not each.without and each.needs <= features and "large" not in each.tags
    ]


def shown_by(profile, fault=None, styles=tuple(STYLES)):
    """Play the library in memory as the profile is played, the key in the first style that is understood."""
    usual = next(style for style in profile.auth if style in styles)
    found = set()
    if not ready(fault, usual):
        return found
    for scenario in played_by(profile.features):
        for style in profile.auth if scenario.each == "auth" else [""]:
            play = rehearse(
                scenario, "beta", fault, variant=style, features=profile.features, auth=usual, auth_styles=styles
            )
            for trace in play.traces:
                found |= shown(profile.facts, View(trace, BETA))
    return found


def ready(fault, style):
    """Return whether a run would get beyond its preflight."""
    target = replace(rehearsal_target(BETA), auth=style)
    return asyncio.run(preflight(Rehearsal(target, fault=fault), target, Scrubber(()))).ready


def carried(profile, fact):
    """Return what is expected to vanish: the fact, and what cannot be shown without it."""
    also = CARRIES_IN.get(profile.name, {}).get(str(fact)) or CARRIES.get(str(fact), [])
    return {each for each in profile.facts if each == fact or EVERYTHING in also or str(each).startswith(tuple(also))}


def trials():
    found = []
    for name in SEEDS:
        for fact in load_profile(name).facts:
            for way in omissions_of(fact) or ["not understood"]:
                called = f"{name}-{fact}-{way}".translate({ord(" "): "_", ord("/"): "_"})
                found.append(pytest.param(name, fact, way, id=called))
    return found


@pytest.mark.parametrize("name", SEEDS)
def test_the_reference_shows_every_documented_fact(name):
    profile = load_profile(name)

    assert set(profile.facts) - shown_by(profile) == set()


def test_the_seeds_document_seventy_eight_facts():
    assert [len(load_profile(name).facts) for name in SEEDS] == [31, 31, 16]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fact", "way"), trials())
def test_what_is_left_out_is_exactly_what_is_not_shown(name, fact, way):
    profile = load_profile(name)
    if fact.kind == "auth":
        found = shown_by(profile, styles=tuple(style for style in STYLES if style != fact.name))
    else:
        found = shown_by(profile, partial(omissions_of(fact)[way], fact.name, BETA))

    assert set(profile.facts) - found == carried(profile, fact)


def test_the_tables_above_speak_of_documented_facts():
    tables = {name: {*CARRIES_IN[name]} for name in CARRIES_IN} | {"any": {*CARRIES}}
    facts = {name: {str(fact) for fact in load_profile(name).facts} for name in SEEDS}
    facts["any"] = set().union(*facts.values())

    assert {name: named - facts[name] for name, named in tables.items()} == {name: set() for name in tables}
