import json
import os
import signal
import subprocess
import sys
from errno import ENOSPC
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.commands import cli
from conformance.mutants import MUTANTS
from conformance.reference.server.server import Server

TRACES = Path(__file__).parents[3] / "shared" / "traces"
SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}
ENDLESS = {"type": "response.done", "event_id": "event_1", "response": {}}
#: From 8.4 on, click tells which command was meant.
CLICK = tuple(int(part) for part in version("click").split(".")[:2])
COMMAND = [sys.executable, "-c", "import sys; from conformance.commands.cli import main; main(sys.argv[1:])"]


@pytest.fixture
def command(capsys):
    """Return `command(*arguments) -> (status, stdout, stderr)`."""

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            cli.main([str(each) for each in arguments])
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    return run


@pytest.fixture
def saved(tmp_path):
    def write(*events, name="trace.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
        return path

    return write


def test_check_of_a_clean_trace_is_0(command, saved):
    from conformance.rules import RULES

    greeting = json.loads((Path(__file__).parents[1] / "contract/samples/ga/server/session.created.json").read_text())
    status, out, _ = command("check", saved(greeting))

    assert status == 0, out
    assert out.startswith("clean ")
    assert len(RULES) > 45


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("check", ""), "an argument, behind check,"),
        (("check", "trace.jsonl", "--expect="), "--expect"),
        (("check", "trace.jsonl", "--expect", ""), "an argument, behind --expect,"),
        (("check", "trace.jsonl", "-j", " "), "an argument, behind -j,"),
        (("verify", ""), "an argument, behind verify,"),
        (("report", ""), "an argument, behind report,"),
        (("compare", "before", ""), "an argument, behind before,"),
        (("matrix", "", "after"), "an argument, behind matrix,"),
        (("lint", ""), "an argument, behind lint,"),
        (("discover", "wss://host/v1/realtime", "--token="), "--token"),
        (("serve", "--token", ""), "an argument, behind --token,"),
    ],
)
def test_what_is_empty_is_a_variable_that_is_not_set_and_never_the_current_folder(command, saved, arguments, named):
    status, out, err = command(*arguments)

    assert (status, out) == (4, "")
    assert err == f"error: {named} is empty\nWas a variable not set? Give it a value, or leave it out.\n"


def test_an_endpoint_that_cannot_be_asked_is_6_and_the_cure_names_what_this_command_has(command, listen, monkeypatch):
    monkeypatch.delenv("REALTIME_TOKEN", raising=False)
    url = listen(Server(tokens=("sk-mine",))).url

    status, out, err = command("discover", url, "--model=gpt-realtime")
    assert (status, out) == (6, "")
    assert "no key was given, and the endpoint requires one" in err
    assert err.endswith("export REALTIME_TOKEN=… (or --token=KEY)\n")

    status, _, err = command("discover", f"{url}s", "--model=gpt-realtime")
    assert status == 6
    assert "Check the path of the URL; it usually ends in /v1/realtime." in err


def test_check_of_a_broken_trace_is_1(command, saved):
    status, out, _ = command("check", saved(SESSION, ENDLESS))

    assert status == 1
    assert out.startswith("broken ")
    assert "spec  https://" in out


def test_check_of_an_unreadable_trace_is_4_and_judges_the_others(command, saved, tmp_path):
    status, out, _ = command("check", tmp_path / "missing.jsonl", saved(SESSION))

    assert status == 4
    assert "missing.jsonl: No such file" in out
    assert "trace.jsonl" in out


def test_check_as_json_is_json(command, saved):
    _, out, _ = command("check", "--json", saved(SESSION, ENDLESS))

    assert json.loads(out)[0]["entries"] == 2


@pytest.mark.skipif(not TRACES.is_dir(), reason="needs the recordings in ../shared/traces")
def test_recordings_of_openai_and_azure_break_no_must(command):
    recordings = sorted(TRACES.glob("*.jsonl"))
    good = [each for each in recordings if "xai" not in each.name]
    foreign = [each for each in recordings if "xai" in each.name]

    status, out, _ = command("check", *good)
    assert status == 0, out
    assert command("check", *foreign)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek"], "Did you mean 'check'" if CLICK >= (8, 4) else "No such command 'chek'"),
        (["check"], "Missing argument"),
        (["rules", "no.such-rule"], "there is no rule"),
        (["selftest", "no-such-mutant"], "there is no mutant"),
        (["serve", "--mutant", "delta-follows-its-respons"], "Did you mean 'delta-follows-its-response'?"),
        (["serve", "--port", "99999"], "not in the range"),
        (["serve", "--traces", "traces"], "--traces needs --upstream"),
        (
            ["serve", "--upstream", "relay/unknown_event", "--mutant", "x"],
            "--upstream cannot be combined with --mutant",
        ),
        (["serve", "--cert", "no.pem"], "the certificate no.pem cannot be used: No such file or directory"),
        (["tap", "--to", "wss://a", "--ca-file", "no.pem"], "--ca-file: no.pem cannot be used: No such file"),
        (["check", "a.jsonl", "--upstream", "b.jsonl", "--json", "-j", "2"], "cannot be combined with --jobs, --json"),
    ],
)
def test_a_wrong_call_is_one_message_and_4(command, arguments, told):
    status, out, err = command(*arguments)

    assert status == 4
    assert told in err
    assert "Traceback" not in out + err


def test_rules_lists_them_and_tells_about_one(command):
    status, out, _ = command("rules")
    assert status == 0
    assert "response-done-is-last" in out

    status, out, _ = command("rules", "ordering.response-done-is-last")
    assert status == 0
    assert "delta-follows-its-response" in out


def test_selftest_of_one_mutant(command):
    status, out, _ = command("selftest", "delta-follows-its-response")

    assert status == 0, out
    assert "1/1 mutants killed" in out


def test_lint_names_the_place_and_the_cure(command, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("scenario: It breaks.\nsteps:\n  - conect\n", encoding="utf-8")
    right = tmp_path / "right.yaml"
    right.write_text("scenario: It works.\nsteps: [connect]\n", encoding="utf-8")

    status, out, err = command("lint", tmp_path)

    assert status == 4
    assert "wrong.yaml:3" in err
    assert "'connect'" in err
    assert "2 files, 1 mistake" in out
    assert command("lint", right)[0] == 0


def test_a_folder_without_scenarios_is_not_linted_in_vain(command, tmp_path):
    status, out, err = command("lint", tmp_path)

    assert (status, out) == (4, "")
    assert f"there are no scenarios behind the folder {tmp_path}" in err


def test_files_with_either_ending_are_linted(command, tmp_path):
    (tmp_path / "wrong.yml").write_text("scenario: It breaks.\nsteps:\n  - conect\n", encoding="utf-8")

    assert "wrong.yml:3" in command("lint", tmp_path)[2]


def test_help_names_every_command():
    told = CliRunner().invoke(cli.command, ["--help"]).output

    assert all(name in told for name in ("check", "serve", "rules", "selftest", "lint"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_where_it_listens_and_stops_cleanly(number):
    how = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "env": {**os.environ, "PYTHONUNBUFFERED": "1"},
    }
    mutant = next(iter(MUTANTS))
    with subprocess.Popen([*COMMAND, "serve", "--token=sk-canary", f"--mutant={mutant}"], **how) as process:
        head = first_lines(process.stdout)
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)

    assert "ws://127.0.0.1:" in head
    assert mutant in head
    assert process.returncode == 0
    assert "Traceback" not in errors


def first_lines(stream):
    """Read until the line that says how to try it."""
    lines = []
    for line in stream:
        lines.append(line)
        if "pytest --endpoint=" in line:
            break
    return "".join(lines)


def test_serve_on_a_taken_port_is_one_message():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        how = {"capture_output": True, "text": True, "timeout": 30}
        done = subprocess.run([*COMMAND, "serve", f"--port={taken.getsockname()[1]}"], check=False, **how)

    assert done.returncode == 4
    assert "cannot listen on 127.0.0.1 port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_encoding_that_lacks_a_character_is_no_bug(folder, endpoint):
    folder.talk("talk")
    folder.pytest(f"--endpoint={endpoint('delta-follows-its-response')}", "talk.yaml")
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    how = {"cwd": folder.path, "env": ascii_only, "capture_output": True, "text": True, "timeout": 30}

    done = subprocess.run([*COMMAND, "report"], check=False, **how)

    assert done.returncode == 1, done.stderr
    assert "\\u2026" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("NOT conformant")


def test_run_plays_what_pytest_plays_and_warns_of_nothing(endpoint, key, tmp_path):
    told = {**os.environ, "REALTIME_TOKEN": key}
    arguments = [*COMMAND, "run", endpoint(), "response/text_turn", "-p", "no:randomly"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, env=told, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout


@pytest.mark.parametrize(("name", "told"), [("out.html", "out.html"), (None, "the output")])
def test_a_full_disk_is_no_bug(command, tmp_path, monkeypatch, name, told):
    def full(_):
        raise OSError(ENOSPC, "No space left on device", name)

    monkeypatch.setattr("conformance.commands.lint.remarks", full)

    status, out, err = command("lint", tmp_path / "a.yaml")

    assert (status, out, err) == (4, "", f"error: {told}: No space left on device\n")


def test_a_tap_that_cannot_write_does_not_blame_its_port(command, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    status, _, err = command("tap", "--to=ws://127.0.0.1:1/v1/realtime", "--out", tmp_path / "file/recordings")

    assert status == 4
    assert "error: --out: " in err
    assert "listen" not in err
