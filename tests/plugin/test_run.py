"""Exit statuses, and pytest's own ways to select, stop and distribute."""

import json
import re
from pathlib import Path

import pytest

from conformance.reference.session.core import FEATURES

LATE = "delta-follows-its-response"


async def say_nothing(connection):
    await connection.wait_closed()


async def close_at_once(connection):
    await connection.close(4000, "go away")


def conversations(result):
    return int(re.search(r"over (\d+) conversation", result.stdout)[1])


def test_a_refused_port_is_one_message_and_status_6(folder, deaf_port):
    result = folder.pytest(f"--endpoint=ws://127.0.0.1:{deaf_port}/v1/realtime")

    assert result.returncode == 6
    assert "Connection refused" in result.stdout
    assert "Is the endpoint running" in result.stdout
    assert "FAILED" not in result.stdout


def test_an_unknown_host_is_status_6(folder):
    result = folder.pytest("--endpoint=ws://no-such-host.invalid/v1/realtime")

    assert result.returncode == 6
    assert "Check the host name" in result.stdout


def test_a_path_that_is_not_there_is_status_6(folder, endpoint):
    result = folder.pytest(f"--endpoint={endpoint().replace('/v1/realtime', '/v1/nothing')}")

    assert result.returncode == 6
    assert "there is no such path (HTTP 404" in result.stdout


def test_a_wrong_token_is_status_6_and_stays_secret(folder, endpoint):
    result = folder.pytest(f"--endpoint={endpoint()}", token="sk-canary-that-is-wrong")

    assert result.returncode == 6
    assert "the key was refused" in result.stdout
    assert "canary" not in result.stdout + result.stderr


def test_an_endpoint_that_says_nothing_is_status_6(folder, odd_endpoint):
    result = folder.pytest(f"--endpoint={odd_endpoint(say_nothing)}", "--answer-timeout=0.3")

    assert result.returncode == 6
    assert "no event came" in result.stdout


def test_an_endpoint_that_closes_at_once_is_status_6(folder, odd_endpoint):
    result = folder.pytest(f"--endpoint={odd_endpoint(close_at_once)}")

    assert result.returncode == 6
    assert "ended at once" in result.stdout
    assert "4000" in result.stdout


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--endpoint=host/v1/realtime", "is not a WebSocket URL"),
        (
            "--endpoint=",
            "--endpoint is empty\nWas a variable not set? Without it, the reference is tested.",
        ),  # a variable that is not set: not the reference
        ("--endpoint=wss://a/v1,wss://b/v1", "names more than one endpoint\nRun it once for each"),
        ("--relay=wss://a/v1 wss://b/v1", "--relay: 'wss://a/v1 wss://b/v1' names more than one endpoint"),
        ("--auth=basic", "Known: bearer"),
        ("--profile=nobody", "there is no profile"),
        ("--sessions=0", "--sessions: 0"),
        ("--header=nonsense", "not of the form 'Name: value'"),
        ("--secret-header=nonsense", "--secret-header: not of the form 'Name: value'"),
        ("--secret-header=X-Key: ", "--secret-header: X-Key has no value\nWas a variable not set?"),
        ("--ca-file=missing.pem", "missing.pem cannot be used: No such file"),
        ("--dialect=alpha", "invalid choice"),
        ("response/text_turn@basic", "there is no auth style 'basic'\nKnown: bearer"),
        ("response/text_turn@api-key", "response/text_turn@api-key: this run plays it in the auth style bearer\nAdd"),
    ],
)
def test_a_wrong_option_is_status_4_and_one_message(folder, argument, told):
    result = folder.pytest(argument)

    assert result.returncode == 4
    assert told in result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout


def test_a_conversation_may_be_named_in_the_one_auth_style_in_which_it_is_played(folder, endpoint):
    named, bare = (
        folder.pytest(f"--endpoint={endpoint()}", f"response/text_turn{style}", "--collect-only", "-q")
        for style in ("@bearer", "")
    )

    assert named.returncode == 0, named.stdout + named.stderr
    assert named.stdout.count("::bearer::") == bare.stdout.count("::") > 0


def test_what_is_played_in_one_named_style_is_called_as_a_baseline_calls_it(folder, endpoint):
    folder.pytest(f"--endpoint={endpoint()}", "response/text_turn@bearer")

    told = json.loads((folder.path / "reports/report.json").read_text())["conversations"]
    assert [each["conversation"] for each in told] == ["response/text_turn"]


def test_a_soak_needs_no_scenarios_in_the_folder_that_is_named(folder, endpoint):
    result = folder.pytest(f"--endpoint={endpoint()}", "--soak=1", "--for=1s", ".")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "incomplete (a soak, which is not the suite): nothing broken" in result.stdout


@pytest.mark.parametrize("picked", [["-k", "talk"], ["-mtalk"], ["--deselect=talk.yaml"], ["response/text_turn"]])
def test_what_picks_conversations_is_refused_beside_a_soak_that_would_ignore_it(folder, picked):
    result = folder.pytest("--soak=1", "--for=1s", *picked)

    assert result.returncode == 4
    told = (
        picked[0][:2] if picked[0].startswith("-") and not picked[0].startswith("--") else picked[0].partition("=")[0]
    )
    assert f"--soak cannot be combined with {told}\nA soak plays conversations of its own" in result.stderr


def test_what_a_project_always_picks_is_no_reason_to_refuse_a_soak(folder):
    folder.write("pytest.ini", "[pytest]\naddopts = -m 'not nothing'\n")

    assert "cannot be combined" not in folder.pytest("--soak=1", "--for=1s", "--max-time=1").stderr


def test_a_broken_scenario_is_status_4_with_its_place(folder):
    folder.write("talk.yaml", "scenario: It breaks.\nsteps:\n  - connect\n  - comit\n")

    result = folder.pytest("talk.yaml")

    assert result.returncode == 4
    assert "talk.yaml:4" in result.stdout
    assert "'commit'" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_promise_of_an_unknown_rule_is_status_4(folder):
    folder.talk("talk", proves="ordering.response-done-is-lost")

    result = folder.pytest("talk.yaml")

    assert result.returncode == 4
    assert "talk.yaml:2:10" in result.stdout
    assert "Did you mean 'ordering.response-done-is-last'?" in result.stdout


def test_a_broken_must_is_status_1(folder, endpoint):
    folder.talk("talk")

    result = folder.pytest(f"--endpoint={endpoint(LATE)}", "talk.yaml")

    assert result.returncode == 1
    assert "\nspent: " in result.stdout
    last = [line for line in result.stdout.splitlines() if line][-1]
    assert last == "NOT conformant: 1 MUST requirement broken (over 1 conversation, a selection)"


def test_nothing_selected_is_status_5(folder):
    folder.talk("talk")

    assert folder.pytest("talk.yaml", "-k", "nothing_like_it").returncode == 5


def test_a_deselected_conversation_is_never_played(folder):
    folder.talk("one", tags="chat")
    folder.talk("two", tags="tea")

    result = folder.pytest("one.yaml", "two.yaml", "-m", "tea", "--strict-markers")

    assert "incomplete (a selection)" in result.stdout
    assert conversations(result) == 1
    assert not (folder.path / "reports/traces/one.jsonl").exists()


def test_the_first_failure_stops_the_run_and_nothing_more_is_played(folder, endpoint):
    for name in "abcd":
        folder.talk(name)

    result = folder.pytest(f"--endpoint={endpoint(LATE)}", "-x", *(f"{name}.yaml" for name in "abcd"))

    assert result.returncode == 1
    assert [path.name for path in (folder.path / "reports/traces").iterdir()] == ["a.jsonl"]


def test_stepwise_stops_likewise_and_goes_on_there(folder, endpoint):
    for name in "ab":
        folder.talk(name)
    arguments = (f"--endpoint={endpoint(LATE)}", "--stepwise", "a.yaml", "b.yaml")

    first = folder.pytest(*arguments)
    again = folder.pytest(*arguments)

    assert (first.returncode, again.returncode) == (1, 1)
    assert "1 passed" in first.stdout  # a::plays
    assert "1 deselected" in again.stdout


def test_only_what_failed_is_played_again(folder, endpoint):
    folder.talk("a")
    folder.talk("b")

    folder.pytest(f"--endpoint={endpoint(LATE)}", "a.yaml", "b.yaml::plays")
    again = folder.pytest(f"--endpoint={endpoint()}", "--lf", "a.yaml", "b.yaml")

    assert again.returncode == 0, again.stdout
    assert "1 passed" in again.stdout


def test_bundled_failures_are_found_again_from_an_empty_folder(folder, endpoint):
    chosen = ("-k", "text_turn and (plays or last)")

    first = folder.pytest(f"--endpoint={endpoint(LATE)}", *chosen)
    again = folder.pytest(f"--endpoint={endpoint()}", "--lf", *chosen)

    assert first.returncode == 1, first.stdout
    assert again.returncode == 0, again.stdout
    assert conversations(again) == 1


def test_workers_share_the_files_and_one_summary_is_told(folder, endpoint):
    for name in "abcd":
        folder.talk(name)

    result = folder.pytest(f"--endpoint={endpoint(LATE)}", "-n2", *(f"{name}.yaml" for name in "abcd"))

    assert result.returncode == 1, result.stdout
    assert "4 failed, 8 passed" in result.stdout
    assert "NOT conformant: 1 MUST requirement broken (over 4 conversations, a selection)" in result.stdout
    report = json.loads((folder.path / "reports/report.json").read_text())
    assert [each["conversation"] for each in report["conversations"]].sort() == ["a", "b", "c", "d"].sort()


def test_workers_of_an_unreachable_endpoint_are_sent_home(folder, deaf_port):
    result = folder.pytest(f"--endpoint=ws://127.0.0.1:{deaf_port}/v1/realtime", "-n2")

    assert result.returncode == 6
    assert result.stdout.count("= the endpoint is not ready =") == 1


def test_an_interrupt_ends_the_run_and_keeps_what_was_played(folder):
    folder.talk("a", proves="")
    folder.write(
        "b.yaml", "scenario: It takes its time.\nsteps:\n  - connect\n  - await: response.done\n    within: 60\n"
    )

    status, output = folder.interrupted("-v", "a.yaml", "b.yaml", when="a.yaml::keeps-every-other-rule PASSED")

    assert status == 2, output
    assert (folder.path / "reports/traces/a.jsonl").exists()
    assert "1 conversation" in output


def test_junit_tells_the_time_of_the_conversation(folder):
    folder.talk("talk")
    from xml.etree import ElementTree

    folder.pytest("talk.yaml", "--junitxml=junit.xml")

    cases = ElementTree.parse(folder.path / "junit.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == ["plays", "ordering.response-done-is-last", "keeps-every-other-rule"]
    assert float(cases[0].get("time")) > 0


def test_the_report_lists_rules_and_conversations(folder, endpoint):
    folder.talk("talk")

    folder.pytest(f"--endpoint={endpoint(LATE)}", "talk.yaml")

    report = json.loads((folder.path / "reports/report.json").read_text())
    schema = json.loads((Path(__file__).parents[2] / "schemas/harness/report.json").read_text())
    import jsonschema

    jsonschema.Draft202012Validator(schema).validate(report)
    broken = [each for each in report["rules"] if each["verdict"] == "fail"]
    assert [each["id"] for each in broken] == ["ordering.response-done-is-last"]
    assert report["conversations"][0]["traces"] == ["traces/talk.jsonl"]


@pytest.mark.parametrize("style", ["bearer", "query-token", "subprotocol"])
def test_the_key_is_nowhere_on_the_disk_or_the_terminal(folder, endpoint, style):
    folder.talk("talk")
    chatty = ("-vv", "--junitxml=j.xml", "-olog_cli=true", "--log-level=DEBUG")

    result = folder.pytest(f"--endpoint={endpoint(LATE)}", "talk.yaml", f"--auth={style}", *chatty)

    written = b"".join(path.read_bytes() for path in folder.path.rglob("*") if path.is_file())
    assert b"canary" not in written
    assert "canary" not in result.stdout + result.stderr


def test_what_an_endpoint_refuses_is_told_and_not_asked_of_it(folder, endpoint):
    url = endpoint(features=FEATURES - {"tools"})
    folder.discovers = True
    folder.write("tool.yaml", "scenario: A tool\nneeds: [tools]\nsteps:\n  - configure: {tools: []}\n")
    folder.talk("talk")

    result = folder.pytest(f"--endpoint={url}", "--model=gpt-realtime", "tool.yaml", "talk.yaml")

    assert result.returncode == 0
    assert "not offered: tools (" in result.stdout
    assert "3 passed, 2 skipped" in result.stdout


GREEN, RED = "\x1b[32m", "\x1b[31m"


@pytest.mark.parametrize(("mutant", "colour"), [("", GREEN), ("delta-follows-its-response", RED)])
def test_the_last_line_of_pytest_is_red_only_where_something_failed(folder, endpoint, mutant, colour):
    folder.talk("talk")
    told = folder.pytest(f"--endpoint={endpoint(mutant)}" if mutant else "-q", "talk.yaml", "--color=yes").stdout

    (line,) = [each for each in told.splitlines() if " passed" in each and " in " in each]
    assert line.startswith(colour)
