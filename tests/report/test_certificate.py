"""A certificate, and every way in which one can lie."""

import json
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

import tests.report.whole_run
from conformance.commands import verify
from conformance.commands.cli import command, main
from conformance.commands.verify import verified
from conformance.contract.profile import Waiver, load_profile
from conformance.errors import CertificateError
from conformance.play.player import Outcome
from conformance.report import archive, certificate, recomputed
from conformance.report.archive import SUMS, write_archive
from conformance.report.certificate import CertifiedRun, certified, certify
from conformance.report.levels import levels_of
from tests.records import record
from tests.report.whole_run import whole_run

NOW = datetime.now(UTC).replace(microsecond=0)


#: One conversation or two of each level: what is judged is the same, and quickly.
FEW = (
    "response/text_turn",
    "response/two_turns",
    "connection/accepts_the_key",
    "audio/manual_turn",
    "tools/round_trip",
)
FEW += ("turns/server_vad", "transcription/in_a_conversation", "unsupported/tools", "isolation/two_sessions")


@pytest.fixture(scope="module")
def few():
    """The suite, as if it had only these conversations."""
    whole = certificate.library()
    some = {name: whole[name] for name in FEW}
    with pytest.MonkeyPatch.context() as patch:
        for module in (certificate, recomputed, verify, tests.report.whole_run):
            patch.setattr(module, "library", lambda: some)
        patch.setattr(archive, "COMPRESSION", 1)
        yield


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, few):
    """What a certificate of an endpoint holds whose conversations stop, as members of an archive."""
    home = tmp_path_factory.mktemp("stopped")
    result = whole_run(home / "reports", "commits-are-not-acknowledged")
    certify(home / "stopped.zip", [CertifiedRun(result, home / "reports")] * 3, NOW)
    with zipfile.ZipFile(home / "stopped.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != SUMS}


@pytest.fixture(scope="module")
def good(tmp_path_factory, few):
    """A certificate of the reference."""
    home = tmp_path_factory.mktemp("good")
    result = whole_run(home / "reports")
    statement = certify(home / "good.zip", [CertifiedRun(result, home / "reports")] * 3, NOW)
    return home / "good.zip", statement


@pytest.fixture
def members(good):
    """What the good certificate holds, to be tampered with."""
    with zipfile.ZipFile(good[0]) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != SUMS}


@pytest.fixture
def brief(tmp_path, few, monkeypatch):
    """What a certificate of two conversations holds, for those who change one field after the other."""
    two = {name: certificate.library()[name] for name in FEW[:2]}
    for module in (certificate, recomputed, verify, tests.report.whole_run):
        monkeypatch.setattr(module, "library", lambda: two)
    result = whole_run(tmp_path / "reports")
    certify(tmp_path / "brief.zip", [CertifiedRun(result, tmp_path / "reports")] * 3, NOW)
    with zipfile.ZipFile(tmp_path / "brief.zip") as held:
        return {name: held.read(name) for name in held.namelist() if name != SUMS}


@pytest.fixture
def rejected(tmp_path):
    """Return `rejected(members) -> the reasons`: the tampered members under honest checksums."""

    def judge(members):
        write_archive(tmp_path / "tampered.zip", members)
        return verified(tmp_path / "tampered.zip", NOW).differences

    return judge


def test_the_reference_is_certified_in_each_level(good):
    path, statement = good

    assert set(statement["levels"]) == {"core", "audio", "turns", "tools", "transcription"}
    assert set(statement["levels"].values()) == {"conformant"}
    assert certified(statement["levels"])
    assert verified(path, NOW).differences == ()


def told_by_verify(home, result):
    """Certify a run, verify that, and return what is told, line by line."""
    certify(home / "it.zip", [CertifiedRun(result, home / "reports")] * 3, NOW)
    found = verified(home / "it.zip")
    assert found.differences == ()
    return verify.as_text(found).splitlines()


def test_without_a_profile_what_the_endpoint_refuses_is_not_claimed_and_said_to_be_so(tmp_path, few):
    told = told_by_verify(tmp_path, whole_run(tmp_path / "reports", profile=None, lacking={"tools": "invalid_value"}))

    assert "  tools          not claimed" in told
    assert "  core           conformant" in told
    assert "  not judged, because the endpoint refuses it: tools" in told


def test_an_endpoint_of_few_sessions_is_certified_for_what_fits_into_them(tmp_path, few):
    run = whole_run(tmp_path / "reports", session_limit=1)
    assert run.conversations["isolation/two_sessions"].outcome is Outcome.NOT_APPLICABLE
    told = told_by_verify(tmp_path, run)

    assert "  core           conformant" in told
    assert "  not judged, because the endpoint holds no more: more than 1 session at once" in told


def test_a_conversation_that_got_its_sessions_is_judged_whatever_limit_was_met_later(tmp_path, few):
    run = whole_run(tmp_path / "reports")
    told = told_by_verify(tmp_path, replace(run, settings=replace(run.settings, session_limit=1)))

    assert told[-1].startswith("verified")


def test_a_profile_that_leaves_a_feature_out_claims_nothing_of_its_level(few):
    levels = levels_of([{"unsupported/tools": record("unsupported/tools", {}, "played")}], certificate.library())

    assert levels["tools"] == "not claimed"
    assert levels["core"] == "conformant"


def test_what_is_claimed_in_one_repetition_and_not_in_another_is_not_proved(few):
    runs = [{"tools/round_trip": record("tools/round_trip", {}, each)} for each in ("played", "not applicable")]

    assert levels_of(runs, certificate.library())["tools"] == "not proved"


def test_the_command_says_that_it_holds(good):
    done = CliRunner().invoke(command, ["verify", str(good[0])])

    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == "verified: every verdict follows from the traces"


def test_one_flipped_byte_in_any_kind_of_member_is_noticed(good, tmp_path):
    with zipfile.ZipFile(good[0]) as archive:
        names = archive.namelist()
    kinds = {name.rpartition(".")[2]: name for name in names}
    for name in kinds.values():
        flipped = tmp_path / "flipped.zip"
        with zipfile.ZipFile(good[0]) as archive, zipfile.ZipFile(flipped, "w") as copy:
            for each in names:
                data = bytearray(archive.read(each))
                if each == name:
                    data[len(data) // 2] ^= 1
                copy.writestr(each, bytes(data))
        with pytest.raises(CertificateError, match=r"changed|damaged|does not name it|missing"):
            verified(flipped, NOW)


def test_a_byte_of_the_archive_itself_is_noticed(good, tmp_path):
    data = bytearray(good[0].read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(data)

    with pytest.raises(CertificateError):
        verified(tmp_path / "flipped.zip", NOW)


def test_an_edited_verdict_is_noticed_even_under_honest_checksums(members, rejected):
    name = "runs/2/report.json"
    report = json.loads(members[name])
    record = next(each for each in report["conversations"] if each["conversation"] == "response/text_turn")
    record["rules"]["ordering.response-done-is-last"]["verdict"] = "fail"
    members[name] = json.dumps(report).encode()

    (why,) = rejected(members)
    assert "run 2: response/text_turn: ordering.response-done-is-last is pass, not fail" in why


def test_a_finding_that_was_taken_out_is_noticed(tmp_path, few):
    result = whole_run(tmp_path / "reports", "delta-follows-its-response")
    statement = certify(tmp_path / "bad.zip", [CertifiedRun(result, tmp_path / "reports")] * 3, NOW)
    assert statement["levels"]["core"] == "not conformant"
    assert verified(tmp_path / "bad.zip", NOW).valid

    with zipfile.ZipFile(tmp_path / "bad.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name != SUMS}
    told = json.loads(held["statement.json"])
    told["levels"] = dict.fromkeys(told["levels"], "conformant")
    held["statement.json"] = json.dumps(told).encode()
    write_archive(tmp_path / "forged.zip", held)

    assert any(
        "the levels are core not conformant" in each for each in verified(tmp_path / "forged.zip", NOW).differences
    )


def edited(members, edit, *, statement=False):
    """Return the members after *edit* of the statement, or of the report of each run."""
    changed = dict(members)
    for name in members:
        if name == "statement.json" if statement else name.endswith("/report.json"):
            told = json.loads(members[name])
            edit(told)
            changed[name] = json.dumps(told).encode()
    return changed


@pytest.mark.parametrize("excuse", ["inconclusive", "environment", "error", "not run", "not applicable", "played"])
def test_a_red_conversation_is_not_hidden_by_calling_it_something_else(stopped, rejected, excuse):
    def hide(report):
        for each in report["conversations"]:
            each["outcome"] = excuse if each["outcome"] == "stopped" else each["outcome"]

    found = rejected(edited(stopped, hide))

    assert any(f"run 1: audio/manual_turn is stopped, not {excuse}" in each for each in found)


def test_a_broken_rule_is_not_hidden_by_calling_its_question_not_asked(tmp_path, few, rejected):
    result = whole_run(tmp_path / "reports", "delta-follows-its-response")
    certify(tmp_path / "bad.zip", [CertifiedRun(result, tmp_path / "reports")] * 3, NOW)
    with zipfile.ZipFile(tmp_path / "bad.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name != SUMS}

    def hide(report):
        for each in report["conversations"]:
            each["questions"] = ["plays"]
            each["rules"] = {}

    assert any("ordering.response-done-is-last is fail" in each for each in rejected(edited(held, hide)))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda told: told["runs"][0]["about"].update(keyed=False), "sends a key, but the statement says that there"),
        (lambda told: told["runs"][1]["about"].update(allow_unproven=True), "run 2: it was played with --allow-unp"),
        (lambda told: told["runs"][1]["about"].update(excused=["path /v1"]), "a baseline excuses the documented fact"),
        (lambda told: told["runs"][2]["about"].update(dialect="beta"), "run 3 has the dialect beta, the statement ga"),
        (lambda told: told["runs"][1].update(folder="runs/1"), "it contains 2 runs: 3 are required"),
        (lambda told: told.update(product="Another one"), "the statement Another one"),
        (lambda told: told.update(auth=["api-key"]), "the statement ['api-key']"),
        (lambda told: told.update(expires="2999-01-01T00:00:00+00:00"), "180 are the most"),
        (lambda told: told.update(date=(NOW + timedelta(days=9)).isoformat()), "which is in the future"),
    ],
)
def test_an_edited_statement_is_noticed(members, rejected, edit, why):
    found = rejected(edited(members, edit, statement=True))

    assert any(why in each for each in found), found


@pytest.mark.parametrize(
    "value", [None, "\x1b[2J", *(pytest.param(each, marks=pytest.mark.slow) for each in ([], 1, {}, -1.5))]
)
@pytest.mark.parametrize("statement", [True, False], ids=["statement", "report"])
def test_what_is_no_statement_or_no_report_is_refused_in_words(brief, tmp_path, capsys, value, statement):
    told = json.loads(brief["statement.json" if statement else "runs/1/report.json"])
    for key in (each for each in told if told[each] != value):
        write_archive(
            tmp_path / "x.zip",
            edited(brief, lambda told, key=key: told.update({key: value}), statement=statement),
        )
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(tmp_path / "x.zip")])
        assert ended.value.code in ((1, 4) if statement else (0, 1, 4)), key
        assert "".join(capsys.readouterr()).replace("\n", "").isprintable()


def test_a_conversation_that_did_not_end_its_script_is_not_called_played(members, rejected):
    name = "runs/1/traces/response/text_turn.jsonl"
    members[name] = b"".join(line for line in members[name].splitlines(keepends=True) if b"_barrier" not in line)

    why = "connection 1 lacks the barrier and the close that follow the last step"
    assert f"run 1: response/text_turn is stopped, not played ({why})" in rejected(members)


def test_a_dropped_trace_is_noticed(members, rejected):
    del members["runs/1/traces/response/text_turn.jsonl"]

    assert any("traces/response/text_turn.jsonl is missing" in each for each in rejected(members))


def test_a_trace_of_another_conversation_does_not_stand_in(members, rejected):
    traces = "runs/1/traces/response/"
    members[f"{traces}text_turn.jsonl"] = members[f"{traces}two_turns.jsonl"]

    assert any("is a trace of response/two_turns, not of response/text_turn" in each for each in rejected(members))


def test_a_dropped_conversation_is_noticed(members, rejected):
    for number in (1, 2, 3):
        name = f"runs/{number}/report.json"
        report = json.loads(members[name])
        report["conversations"] = [
            each for each in report["conversations"] if each["conversation"] != "response/text_turn"
        ]
        members[name] = json.dumps(report).encode()

    assert any("response/text_turn is missing" in each for each in rejected(members))


def test_fewer_repetitions_are_noticed(members, rejected):
    statement = json.loads(members["statement.json"])
    del statement["runs"][2]
    members["statement.json"] = json.dumps(statement).encode()

    assert rejected(members) == ("it contains 2 runs: 3 are required",)


def test_an_expired_one_is_rejected(good):
    (why,) = verified(good[0], NOW + timedelta(days=400)).differences

    assert "expired" in why


@pytest.mark.parametrize("name", ["suite", "rules", "scenarios"])
def test_another_version_cannot_judge_it(members, rejected, name):
    statement = json.loads(members["statement.json"])
    statement[name] = "another"
    members["statement.json"] = json.dumps(statement).encode()

    with pytest.raises(CertificateError, match="another version of the suite"):
        rejected(members)


def test_a_waiver_that_is_not_on_the_suites_list_is_refused():
    profile = replace(
        load_profile("openai"), name="own.yaml", waivers={"ordering.response-done-is-last": Waiver("we like it")}
    )

    with pytest.raises(CertificateError, match="waivers of its own"):
        certificate.refuse_own_waivers(profile)


def test_a_run_that_lost_its_files_is_not_certified(tmp_path, few):
    result = whole_run(tmp_path / "reports")
    shutil.rmtree(tmp_path / "reports" / "traces")

    with pytest.raises(CertificateError, match="jsonl"):
        certify(tmp_path / "x.zip", [CertifiedRun(result, tmp_path / "reports")], NOW)


def test_the_whole_suite_is_certified_and_verified(tmp_path):
    result = whole_run(tmp_path / "reports")
    certify(tmp_path / "whole.zip", [CertifiedRun(result, tmp_path / "reports")], NOW)

    assert verified(tmp_path / "whole.zip", NOW).differences == ("it contains 1 runs: 3 are required",)
