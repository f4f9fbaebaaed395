"""The seeds' documents against the reference over a socket: proved in full, and what is left out is named.

All facts in every way are left out in memory: tests/contract/test_facts_dropped.py.
"""

import json
import os
import subprocess
import sys

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.contract.facts import named
from conformance.contract.profile import load_profile
from conformance.mutants.omissions import omissions_of
from conformance.reference.server.server import Server

pytestmark = pytest.mark.matrix

KEY = "sk-facts-0123456789"
SEEDS = ("anyone", "openopen8", "yuhuan")
STYLE_TRIALS = [(name, style) for name in SEEDS for style in ("", *load_profile(name).auth)]

#: Profile, what is left out, in which way, and what cannot be shown without it.
TRIALS = [
    ("anyone", "auth bearer", "", ()),
    ("anyone", "auth query-token", "", ()),
    ("anyone", "server event response.function_call_arguments.done", "never sent", ()),
    ("anyone", "client event input_audio_buffer.append", "ignored", ()),
    ("anyone", "session field temperature", "not shown", ()),
    ("anyone", "usage field input_token_details", "not counted", ()),
    ("openopen8", "auth query-token", "", ()),
    ("openopen8", "server event response.audio_transcript.delta", "never sent", ()),
    ("openopen8", "client event conversation.item.create", "refused", ()),
    ("openopen8", "session field voice", "never changed", ()),
    ("openopen8", "usage field total_tokens", "not counted", ()),
    ("yuhuan", "auth query-api_key", "", ()),
    ("yuhuan", "auth bearer", "", ()),
    (
        "yuhuan",
        "client event input_audio_buffer.commit",
        "refused",
        ("client event input_audio_buffer.append",),  # without turns nothing else shows that audio came
    ),
    ("yuhuan", "session field model", "not shown", ()),
]


@pytest.fixture
def served(listen):
    """Serve the reference, or one that leaves a fact out, until the test is over."""

    def serve(profile, fact=None, way=""):
        understood = tuple(style for style in STYLES if fact is None or (fact.kind, fact.name) != ("auth", style))
        server = Server(
            tokens=(KEY,),
            features=load_profile(profile).features,
            auth_styles=understood,
            hooks=hooks_without(fact, way) if way else None,
        )
        return listen(server).url

    return serve


def hooks_without(fact, way):
    omission = omissions_of(fact)[way]
    return lambda dialect: omission(fact.name, DIALECTS[dialect]).spelled_for(DIALECTS[dialect])


def played(folder, url, profile, *arguments):
    """Run the real command in *folder*; give its status, its words on one line, and what was not shown."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--rootdir=.", "-c", "pytest.ini", f"--endpoint={url}", "-q", "--tb=no"]
    command += [f"--profile={profile}", "--model=gpt-realtime", "--answer-timeout=1.5", "--examples=0"]
    command += ["-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    run = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "REALTIME_TOKEN": KEY},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    report = folder / "reports" / "report.json"
    facts = json.loads(report.read_text(encoding="utf-8"))["documented_facts"] if report.exists() else []
    missing = {f"{each['kind'].replace('_', ' ')} {each['name']}" for each in facts if not each["conversation"]}
    return run.returncode, " ".join((run.stdout + run.stderr).split()), missing


@pytest.mark.parametrize(("profile", "style"), STYLE_TRIALS)
def test_every_documented_fact_is_proved_in_every_style(profile, style, served, tmp_path):
    asked = len(load_profile(profile).facts) - (1 if style else 0)  # of two styles, if one was chosen
    status, told, _ = played(tmp_path, served(profile), profile, *([f"--auth={style}"] if style else []))

    assert status == 0, told[-3000:]
    assert f"documented facts proved: {asked}/{asked} " in told


@pytest.mark.parametrize(("profile", "fact", "way", "also"), TRIALS)
def test_what_is_left_out_makes_the_run_fail_and_is_named(profile, fact, way, also, served, tmp_path):
    status, told, missing = played(tmp_path, served(profile, named(fact), way), profile)

    assert status == 1, told[-3000:]
    assert missing == {fact, *also}
    assert f"documented, but not shown: {fact} (looked for in " in told
    assert told.count("documented, but not shown") == 1 + len(also)


def test_without_its_audio_a_model_may_be_the_reason_and_what_was_promised_fails_all_the_same(served, tmp_path):
    fact = "server event response.audio.delta"
    status, told, missing = played(tmp_path, served("yuhuan", named(fact), "never sent"), "yuhuan")

    assert status == 1, told[-3000:]
    assert missing == {fact}
    assert f"not shown in what was played: {fact}" in told
    assert "not proved: 3 promised requirements unproven" in told


@pytest.mark.parametrize(
    ("fact", "way", "told"),
    [
        ("path /v1/realtime", "not found", "there is no such path"),
        ("server event session.created", "never sent", "session.created never came, though a session.update was"),
    ],
)
def test_without_path_or_first_event_nothing_is_judged_and_the_diagnosis_says_so(fact, way, told, served, tmp_path):
    status, said, _ = played(tmp_path, served("yuhuan", named(fact), way), "yuhuan")

    assert status == 6, said[-3000:]
    assert told in said


def test_a_part_of_the_library_only_tells_what_it_did_not_show(served, tmp_path):
    status, told, _ = played(tmp_path, served("yuhuan"), "yuhuan", "-m", "smoke")

    assert status == 0, told[-3000:]
    assert "not shown in what was played: auth bearer, session field model, session field voice" in told


def test_the_baseline_takes_a_fact_that_is_not_shown_and_notices_when_it_is(served, tmp_path):
    fact = named("session field model")
    lacking, whole = served("yuhuan", fact, "not shown"), served("yuhuan")

    written, _, _ = played(tmp_path, lacking, "yuhuan", "--baseline=known.yaml", "--update-baseline")
    known, told, _ = played(tmp_path, lacking, "yuhuan", "--baseline=known.yaml")
    fixed, news, _ = played(tmp_path, whole, "yuhuan", "--baseline=known.yaml")

    assert (written, known, fixed) == (0, 0, 1), told[-3000:]
    assert '- rule: "session field model"' in (tmp_path / "known.yaml").read_text(encoding="utf-8")
    assert "not shown, but listed in the baseline: session field model" in told
    assert "session field model passes now. Delete the entry" in news
