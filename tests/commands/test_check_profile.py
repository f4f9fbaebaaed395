"""`check --profile`: a recording is judged by what its vendor documents, as a run of the suite is."""

import json
import pickle

import pytest
from click.testing import CliRunner

from conformance.commands.check import demands_of
from conformance.commands.cli import command
from conformance.contract.profile import Waiver, load_profile
from conformance.corpus.verdict import Demands, RecordingOutcome, judge_recording
from conformance.errors import ProfileError
from conformance.mutants.relay_behaviour import Behaviour
from conformance.mutants.relays import RELAY_MUTANTS
from conformance.relay.rehearsal import rehearse_relayed
from conformance.rules.rule_packs import judged_rules
from conformance.run.ruling import rule_on, view_of
from conformance.trace.formats.recording import Recording
from conformance.trace.jsonl import dump
from conformance.trace.trace import Entry, Trace
from conformance.trace.trace_reader import direction_by_type

ID = "envelope.events-have-an-id"
SCHEMA = "envelope.fits-its-schema"
CLEARED = {"type": "input_audio_buffer.cleared"}
ERROR = {"type": "error", "event_id": "event_1", "error": {"type": "invalid_request_error", "code": "a",
         "message": "no", "param": None, "event_id": None}}  # fmt: skip
PROFILE = """
title: Acme
sources: [their page]
dialect: {dialect}
path: /v1/realtime
auth: [bearer]
waivers: {{{waivers}}}
"""


@pytest.fixture
def recording(tmp_path):
    """Return a recording of an endpoint that leaves out the ids of events."""
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in (ERROR, CLEARED)), encoding="utf-8")
    return path


@pytest.fixture
def profile(tmp_path):
    """Return `profile(rule=fields, …) -> path` of a profile that waives these rules."""

    def write(waivers, dialect="ga"):
        path = tmp_path / "acme.yaml"
        told = (
            f"{rule}: {{reason: They say so., source: page{f', fields: {json.dumps(fields)}' if fields else ''}}}"
            for rule, fields in waivers.items()
        )
        path.write_text(PROFILE.format(dialect=dialect, waivers=", ".join(told)), encoding="utf-8")
        return f"--profile={path}"

    return write


def check(*arguments):
    result = CliRunner().invoke(command, ["check", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def plainly(text):
    return " ".join(text.split())


def test_what_the_profile_excuses_breaks_nothing_and_is_told_as_known(recording, profile):
    excused = profile({ID: []})

    assert check(recording)[0] == 1
    status, told = check(excused, recording)
    assert status == 0
    assert told.startswith("clean ")
    assert f"excused: {ID}: " in plainly(told)
    assert "(waived by the profile: They say so. (page))" in plainly(told)


def test_what_it_does_not_excuse_still_breaks(recording, profile):
    status, told = check(profile({ID: ["error /event_id"]}), recording)

    assert status == 1
    assert f"rule  {ID}" in told
    assert "excused" not in told


def test_a_waived_rule_is_told_as_data_as_report_json_tells_it(recording, profile):
    told = json.loads(check(profile({ID: ["input_audio_buffer.cleared"]}), "--json-lines", recording)[1])

    assert told["verdict"] == "clean"
    assert told["rules"][ID]["verdict"] == "not applicable"
    assert told["rules"][ID]["reason"] == "waived by the profile: They say so. (page)"
    assert told["rules"][ID]["findings"][0]["entry"] == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_many_are_summed_up_with_what_is_excused(recording, profile, jobs):
    for number in range(24):
        (recording.parent / f"b{number}.jsonl").write_bytes(recording.read_bytes())
    status, told = check(profile({ID: []}), "-j", jobs, *sorted(recording.parent.glob("*.jsonl")))

    assert status == 0
    assert f"{ID} MUST, excused in 25 (100.0%)" in plainly(told)
    assert "/a.jsonl:2: " in plainly(told)
    assert "(waived by the profile: They say so. (page))" in plainly(told)
    assert "broken" not in told


def test_a_waived_rule_is_neither_proved_nor_missed(recording, profile, tmp_path):
    expected = tmp_path / "expected.yaml"
    expected.write_text(f"proves: [{ID}]\n", encoding="utf-8")
    recording.write_text(json.dumps(ERROR) + "\n", encoding="utf-8")

    told = json.loads(check(profile({ID: []}), "--json-lines", f"--expect={expected}", recording)[1])

    assert told["verdict"] == "clean"
    assert ID not in told["rules"]
    assert ID in json.loads(check("--json-lines", recording)[1])["rules"]


def test_a_profile_s_revision_is_that_of_recordings_which_show_none(recording, profile):
    shown = recording.parent / "beta.jsonl"
    session = {"type": "session.created", "event_id": "event_1", "session": {"modalities": ["text"], "voice": "a"}}
    shown.write_text(json.dumps(session) + "\n", encoding="utf-8")

    def dialect(*arguments):
        return json.loads(check("--json-lines", *arguments)[1])["dialect"]

    assert dialect(profile({}, "beta"), recording) == "beta"
    assert dialect(profile({}, "ga"), shown) == "beta"
    assert dialect(profile({}, "beta"), "--dialect=ga", recording) == "ga"


@pytest.mark.parametrize(
    ("named", "told"), [("opena", "Did you mean 'openai'?"), ("missing.yaml", "cannot be read"), ("", "no profile")]
)
def test_a_profile_that_is_not_there_is_one_message(recording, named, told):
    with pytest.raises(ProfileError, match=told.replace("?", r"\?")):
        check(f"--profile={named}", recording)


def test_a_waiver_of_no_rule_is_refused_as_in_a_run(recording, profile):
    with pytest.raises(ProfileError, match="there is no rule"):
        check(profile({"envelope.no-such-rule": []}), recording)


WAIVERS = [
    {},
    {ID: Waiver("so")},
    {ID: Waiver("so", ("error /event_id",))},
    {ID: Waiver("so", ("input_audio_buffer.*",)), SCHEMA: Waiver("so")},
    {"envelope.events-have-a-type": Waiver("so"), "envelope.frames-are-text": Waiver("so", ("error",))},
]


@pytest.mark.parametrize("waivers", WAIVERS)
def test_a_recording_comes_to_what_a_live_conversation_comes_to(waivers):
    trace = Trace(tuple(Entry(at, direction_by_type(each), event=each) for at, each in enumerate((ERROR, CLEARED))))
    live = rule_on((view_of(trace),), tuple(judged_rules().values()), waivers)

    found = judge_recording(Recording(trace, "file"), Demands(waivers=waivers))

    spoken = {name: each for name, each in live.items() if each.findings or each.held}
    waived = {name for name, each in spoken.items() if each.verdict == "not applicable" and each.findings}
    assert {each.rule for each in found.waived} == waived
    assert {each.rule for each in found.findings} == {name for name, each in spoken.items() if each.findings} - waived
    assert found.held.keys() == {name for name, each in spoken.items() if each.verdict == "pass"}
    assert (found.kind is RecordingOutcome.BROKEN) == any(each.verdict == "fail" for each in live.values())


def test_what_is_asked_of_other_processes_can_be_sent_to_them():
    asked = {"dialect": "auto", "strict": False, "fail_on": "must", "expect": ""}
    demands = demands_of(asked, load_profile("xai"))

    assert pickle.loads(pickle.dumps(demands)) == demands


def test_a_pair_is_judged_by_what_the_gateway_declares_and_is_excused(tmp_path, profile):
    mutant = RELAY_MUTANTS["an-append-is-lost"]
    pair = rehearse_relayed(mutant.during, "ga", mutant.behave or Behaviour).pairs[0]
    named = [tmp_path / "client.jsonl", "--upstream", tmp_path / "upstream.jsonl"]
    dump(pair.client.trace, named[0])
    dump(pair.upstream.trace, named[2])

    assert check(*named)[0] == 1
    status, told = check(profile({mutant.killed_by: []}), *named)
    assert status == 0
    assert f"excused: {mutant.killed_by}: " in plainly(told)
    assert f"rule  {mutant.killed_by}" not in told
