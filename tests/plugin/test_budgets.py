"""The plan connects to nothing and bounds what the run does; budgets end a run before they are exceeded."""

import json
import re
import socket

import pytest


def numbers(text):
    """Read a plan, or the last line of a run."""
    found = {
        "conversations": r"^conversations +(\d+)",
        "sessions": r"(?:^sessions +|, )(\d+)(?: sessions)?",
        "tokens": r"(?:^tokens +at most |spent: )([\d,]+)",
        "seconds": r"(?:^audio sent +|, )(\d+) s(?: of audio|$)",
        "usd": r"(?:^price +at most |about )\$([\d.]+)",
    }
    read = {name: re.search(pattern, text, re.MULTILINE) for name, pattern in found.items()}
    return {name: float(match[1].replace(",", "")) for name, match in read.items() if match}


def spent(result):
    lines = result.stdout.splitlines()
    first = max(number for number, line in enumerate(lines) if line.startswith("spent: "))
    return " ".join(line.strip() for line in lines[first:])


def records(folder):
    report = json.loads((folder.path / "reports/report.json").read_text())
    return {each["conversation"]: each for each in report["conversations"]}


def test_a_plan_connects_to_nothing(folder):
    folder.talk("talk")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        result = folder.pytest(f"--endpoint=ws://127.0.0.1:{port}/v1/realtime", "--plan", "--model=gpt-realtime", ".")
        with pytest.raises(BlockingIOError):
            server.accept()

    assert result.returncode == 0, result.stdout + result.stderr
    assert "conversations  1" in result.stdout
    assert not (folder.path / "reports").exists()


def test_the_plan_bounds_what_the_run_then_does(folder):
    options = ["-m", "smoke", "--model=gpt-realtime"]
    planned, result = folder.pytest("--plan", *options), folder.pytest(*options)
    bound, used = numbers(planned.stdout), numbers(spent(result))

    assert result.returncode == 0, result.stdout
    assert {"sessions", "tokens", "seconds", "usd"} <= used.keys() <= bound.keys()
    assert used["sessions"] == bound["sessions"]
    assert 0 < used["tokens"] <= bound["tokens"]
    assert 0 < used["seconds"] <= bound["seconds"] + 1
    assert used["usd"] <= bound["usd"]


def test_smoke_is_at_most_ten_conversations(folder):
    for options in ((), ("--auth=all",), ("--profile=anyone",), ("--profile=azure",)):
        plan = folder.pytest("--plan", "-m", "smoke", *options)

        assert 3 <= numbers(plan.stdout)["conversations"] <= 10, plan.stdout + plan.stderr


@pytest.mark.parametrize(
    "limit", ["--max-tokens=1200", "--max-sessions=3", "--max-usd=0.007"], ids=lambda limit: limit.split("=")[0]
)
def test_a_budget_ends_the_run_before_it_is_exceeded(folder, endpoint, limit):
    for number in range(8):
        folder.talk(f"talk{number}")
    result = folder.pytest(f"--endpoint={endpoint()}", limit, ".")
    outcomes = [each["outcome"] for each in records(folder).values()]
    used = numbers(spent(result))
    most = float(limit.partition("=")[2])

    assert result.returncode == 7, result.stdout
    assert 0 < outcomes.count("played") < 8
    assert outcomes.count("played") + outcomes.count("not run") == 8
    assert (
        used[{"--max-tokens": "tokens", "--max-sessions": "sessions", "--max-usd": "usd"}[limit.partition("=")[0]]]
        <= most
    )
    not_run = f"{outcomes.count('not run')} conversations not run because of the budget"
    assert not_run in result.stdout.replace("\n ", "")


def test_when_the_time_is_over_what_is_left_is_not_run(folder, endpoint):
    folder.write("slow.yaml", "scenario: Nobody says anything.\nsteps:\n  - connect\n  - idle: 30\n")
    folder.talk("talk")
    result = folder.pytest(f"--endpoint={endpoint()}", "--max-time=2", ".")

    assert result.returncode == 7, result.stdout
    assert {name: each["outcome"] for name, each in records(folder).items()} == {"slow": "not run", "talk": "played"}
    assert "--max-time=2 is over" in records(folder)["slow"]["message"]


def test_a_budget_too_small_for_anything_connects_to_nothing(folder):
    folder.talk("talk")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/v1/realtime"
        result = folder.pytest(f"--endpoint={url}", "--max-sessions=0", "talk.yaml")
        with pytest.raises(BlockingIOError):
            server.accept()

    assert result.returncode == 7
    assert "--max-sessions=0 is too small" in result.stdout


def test_what_fails_outweighs_a_budget(folder, endpoint):
    for number in range(8):
        folder.talk(f"talk{number}")
    result = folder.pytest(f"--endpoint={endpoint('delta-follows-its-response')}", "--max-sessions=3", ".")

    assert result.returncode == 1


def test_workers_share_a_budget(folder, endpoint):
    for number in range(8):
        folder.talk(f"talk{number}")
    result = folder.pytest(f"--endpoint={endpoint()}", "--max-sessions=5", "-n2", ".")

    assert result.returncode == 7, result.stdout
    assert numbers(spent(result))["sessions"] <= 5
