import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.commands import check as checking
from conformance.commands.cli import command, main
from conformance.errors import UsageError
from conformance.rules import RULES
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Entry, Trace
from conformance.trace.trace_reader import direction_by_type

SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}
TWICE = (SESSION, {"type": "response.done", "event_id": "event_1", "response": {}})


def write(path, *events):
    path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
    return str(path)


@pytest.fixture
def check(monkeypatch):
    """Return `check(*arguments) -> (status, output)`."""

    def called(*arguments, stdin=None):
        monkeypatch.setattr("sys.argv", ["realtime-conformance"])
        result = CliRunner().invoke(command, ["check", *map(str, arguments)], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return called


@pytest.fixture
def good(tmp_path):
    """Return a conversation that breaks nothing: what came before and after was not recorded."""
    error = {"type": "error", "event_id": "event_1", "error": {"type": "invalid_request_error", "code": "a",
             "message": "no", "param": None, "event_id": None}}  # fmt: skip
    return write(tmp_path / "good.jsonl", error)


def test_clean_says_what_was_and_was_not_exercised(check, good):
    status, output = check(good)

    assert status == 0
    assert output.startswith("clean ")
    assert f"of {len(RULES)} rules proved" in output
    assert "exercised: envelope" in output
    assert re.search(r"not exercised: [^:]*\bsession\b", output)
    assert "no handshake was recorded" in output


def test_a_chapter_in_which_something_was_found_was_exercised(check, tmp_path):
    response = {"id": "resp_1", "object": "realtime.response", "status": "in_progress", "usage": {}}
    begun = {"type": "response.created", "event_id": "event_1", "response": response}
    told = check(write(tmp_path / "a.jsonl", begun))[1]

    assert "rule  usage.created-has-none" in told
    assert "usage" not in re.search(r"not exercised: ([^:]*)\n[^:]*:", told).group(1)


def test_what_only_may_be_otherwise_is_not_called_broken(check, tmp_path):
    beats = [{"type": "session.created", "event_id": "event_1", "session": {}}, {"type": "ping", "timestamp": 1}]
    for number in range(21):
        write(tmp_path / f"{number}.jsonl", *beats)

    assert "envelope.types-are-documented  MAY, noted in 21 (100.0%)" in check(tmp_path)[1]


def test_a_finding_is_told_with_its_place_and_breaks_the_conversation(check, tmp_path):
    status, output = check(write(tmp_path / "a.jsonl", *TWICE))

    assert status == 1
    assert output.startswith("broken ")
    assert "MUST " in output
    assert "\n>    1" in output


def test_the_reports_of_a_run_are_no_recordings_but_their_traces_are(check, tmp_path, good):
    (tmp_path / "traces").mkdir()
    Path(good).rename(tmp_path / "traces/good.jsonl")
    (tmp_path / "verdicts.jsonl").touch()

    with pytest.raises(UsageError, match="holds the reports of a run") as told:
        check(tmp_path)
    assert told.value.cure == f"Judge its traces: realtime-conformance check {tmp_path / 'traces'}"
    assert check(tmp_path / "traces")[0] == 0


def test_a_finding_has_its_hint_in_text_and_data(check, tmp_path):
    beats = [{"type": "session.created", "event_id": "event_1", "session": {}}, {"type": "ping", "timestamp": 1}]
    path = write(tmp_path / "a.jsonl", *beats)

    assert "hint      An event of the application keeps the connection alive" in check(path)[1]
    (told,) = json.loads(check("--json", path)[1])
    found = told["rules"]["envelope.types-are-documented"]["findings"]
    assert "WebSocket has pings for that" in found[0]["hint"]


def test_what_breaks_a_conversation_can_be_chosen(check, tmp_path):
    assert check("--fail-on", "nothing", write(tmp_path / "a.jsonl", *TWICE))[0] == 0


def test_the_dialect_can_be_told(check, tmp_path):
    assert "(beta, 2 entries)" in check("--dialect", "beta", write(tmp_path / "a.jsonl", *TWICE))[1]


def test_another_protocol_is_never_called_clean(check):
    status, output = check("-", stdin='{"type":"ping"}\n{"type":"pong"}\n')

    assert status == 4
    assert "not a Realtime conversation" in output
    assert "clean" not in output


def test_an_unreadable_file_is_told_and_does_not_hide_the_others(check, good, tmp_path):
    (tmp_path / "b.jsonl").write_text("{oops\n", encoding="utf-8")

    status, output = check(tmp_path / "b.jsonl", good)

    assert status == 4
    assert "b.jsonl:1: not JSON" in output
    assert "clean " in output


def test_expected_rules_have_to_be_proved(check, good, tmp_path):
    wanted = tmp_path / "wanted.yaml"
    wanted.write_text("proves: [usage.total-is-the-sum]\n", encoding="utf-8")

    status, output = check("--expect", wanted, good)

    assert status == 1
    assert "expected and not proved: usage.total-is-the-sum" in output
    assert check("--expect", "response/text_turn", good)[0] == 1


@pytest.mark.parametrize("text", ["proves: [no-such-rule]", "proves: 3", "[", "a: b"])
def test_an_expectation_that_names_no_rules_is_one_clear_error(good, tmp_path, text, capsys):
    wanted = tmp_path / "wanted.yaml"
    wanted.write_text(text, encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["check", "--expect", str(wanted), good])

    assert left.value.code == 4
    assert str(wanted) in capsys.readouterr().err


def test_json_has_the_verdict_and_the_rules_that_had_something_to_say(check, good, tmp_path):
    broken = write(tmp_path / "a.jsonl", *TWICE)

    _, output = check("--json", good, broken)

    first, second = json.loads(output)
    assert (first["file"], first["verdict"], second["verdict"]) == (good, "clean", "broken")
    assert {each["verdict"] for each in first["rules"].values()} == {"pass"}
    found = [each for rule in second["rules"].values() for each in rule.get("findings", ())]
    assert f"{broken}:2" in {each["place"] for each in found}


def test_json_lines_hold_one_object_a_conversation(check, good, tmp_path):
    (tmp_path / "b.jsonl").write_text("{oops\n", encoding="utf-8")

    _, output = check("--json-lines", good, tmp_path / "b.jsonl")

    assert [json.loads(line)["verdict"] for line in output.splitlines()] == ["clean", "unreadable"]


def test_many_conversations_are_summed_up_with_the_first_places_of_each_rule(check, tmp_path):
    for number in range(checking.MOST_TOLD + 5):
        write(tmp_path / f"{number:02}.jsonl", *TWICE)

    status, output = check(tmp_path)

    assert status == 1
    assert output.startswith("25 conversations of 50 entries")
    assert "envelope.event-ids-are-unique  MUST, broken in 25 (100.0%)" in output
    assert f"{tmp_path}/00.jsonl:2" in output


def test_many_conversations_of_one_file_are_summed_up_too(check, tmp_path):
    entries = tuple(Entry(at, direction_by_type(each), event=each) for at, each in enumerate(TWICE))
    path = tmp_path / "all.jsonl"
    path.write_bytes(dumps(Trace(entries)) * 30)

    _, output = check(path)

    assert output.count("broken  ") < 30
    assert "30 conversations of 60 entries" in output


def test_processes_tell_the_same(check, tmp_path):
    for number in range(30):
        write(tmp_path / f"{number:02}.jsonl", *TWICE)

    assert check("-j", "2", "--json-lines", tmp_path) == check("--json-lines", tmp_path)


def test_an_interrupt_keeps_what_was_judged(check, good, tmp_path, monkeypatch):
    first = next

    def interrupted(files, task):
        source = checking_source(files, task)
        yield first(source)
        raise KeyboardInterrupt

    checking_source = checking.judge_in_batches
    monkeypatch.setattr(checking, "judge_in_batches", interrupted)

    status, output = check(good, tmp_path / "nowhere.jsonl")

    assert status == 2
    assert "clean " in output
    assert "1 conversations were judged" in output


def test_nothing_is_drawn_where_nobody_looks_on(check, good, tmp_path):
    assert "files," not in check(good, write(tmp_path / "a.jsonl", *TWICE))[1]


@pytest.mark.parametrize("order", [["-", "good"], ["good", "-"], ["good", "-", "good"]])
def test_standard_input_is_read_by_the_process_that_was_asked(check, good, order):
    named = [good if each == "good" else each for each in order]
    stdin = Path(good).read_text(encoding="utf-8")

    assert check("-j", 2, "--json-lines", *named, stdin=stdin) == check("--json-lines", *named, stdin=stdin)


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="needs /dev/fd")
def test_what_a_shell_pipes_in_is_read_by_the_process_that_was_asked(check, good):
    end, start = os.pipe()
    with os.fdopen(start, "w") as pipe:
        pipe.write(Path(good).read_text(encoding="utf-8"))
    try:
        status, output = check("-j", 2, "--json-lines", f"/dev/fd/{end}", good, good)
    finally:
        os.close(end)

    assert (status, len(output.splitlines())) == (0, 3)
