"""How verdicts look as items, in pytest and in Allure."""

import json
import re

import pytest

LATE = "delta-follows-its-response"
EARLY = "item-joins-before-it-is-added"
SHOULD = "ordering.output-item-is-added-before-it-joins"


def results(folder):
    """Return {item: (status, result)} of what Allure was told."""
    files = (folder.path / "reports/allure-results").glob("*-result.json")
    told = [json.loads(file.read_text()) for file in files]
    return {each["fullName"]: (each["status"], each) for each in told}


def test_a_finding_is_told_whole_and_without_a_traceback(folder, endpoint):
    folder.talk("talk")
    url = endpoint(LATE)

    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert "MUST " in result.stdout
    assert "https://platform.openai.com/docs" in result.stdout
    assert re.search(r"^> +\d+ +\d+\.\d+ ← response\.", result.stdout, re.MULTILINE)
    assert f"reproduce: pytest talk --endpoint='{url}' --reports=reports/again" in result.stdout
    assert "Traceback" not in result.stdout
    assert "conformance/plugin" not in result.stdout


def test_a_rule_is_told_in_full_only_once_in_a_run(folder, endpoint):
    for name in ("one", "two"):
        folder.talk(name)
    url = endpoint(LATE)

    brief = folder.pytest(f"--endpoint={url}", "one.yaml", "two.yaml").stdout
    whole = folder.pytest(f"--endpoint={url}", "one.yaml", "two.yaml", "-vv").stdout

    assert brief.count("  reproduce:") == 1
    assert re.search(r"in (one|two) and 1 more conversation:", brief)  # whichever took less time
    assert whole.count("  reproduce:") > 2


def test_the_terminal_stays_within_80_columns(folder, endpoint):
    folder.talk("talk")

    result = folder.pytest("--endpoint=" + endpoint(LATE), "talk.yaml")

    whole = ("  spec  ", "  reproduce: ", "NOT conformant")  # what is to be copied is never broken
    told = result.stdout.partition("collected")[2].splitlines()
    assert [line for line in told if len(line) > 80 and not line.startswith(whole)] == []


def test_a_must_that_the_scenario_does_not_promise_breaks_the_last_item(folder, endpoint):
    folder.talk("talk", proves="ordering.response-done-comes")

    result = folder.pytest("--endpoint=" + endpoint(LATE), "talk.yaml", "-v")

    assert "talk.yaml::ordering.response-done-comes PASSED" in result.stdout
    assert "talk.yaml::keeps-every-other-rule FAILED" in result.stdout


def test_a_should_finding_warns(folder, endpoint):
    folder.talk("talk", proves=SHOULD)

    result = folder.pytest("--endpoint=" + endpoint(EARLY), "talk.yaml")

    assert result.returncode == 0, result.stdout
    assert "\nSHOULD " in result.stdout
    assert "1 SHOULD requirement not kept" in result.stdout


@pytest.mark.parametrize("flag", ["--strict-conformance", "--strict"])
def test_a_should_finding_fails_when_strict(folder, endpoint, flag):
    folder.talk("talk", proves=SHOULD, tags="smoke")

    result = folder.pytest("--endpoint=" + endpoint(EARLY), "talk.yaml", flag, "-v")

    assert result.returncode == 1
    assert f"talk.yaml::{SHOULD} FAILED" in result.stdout


def test_a_promise_that_was_not_kept_fails_as_unproven(folder):
    folder.talk("talk", proves="tools.call-arguments-are-json")
    from conformance.rules import RULES

    rule_id = next(each for each in RULES if each.startswith("tools."))
    folder.talk("talk", proves=rule_id)

    failed = folder.pytest("talk.yaml")
    allowed = folder.pytest("talk.yaml", "--allow-unproven", "-rs")

    assert failed.returncode == 1
    assert "talk: the conversation was played, but did not exercise the rule (it looks at: " in " ".join(
        failed.stdout.split()
    )
    assert "not proved: 1 promised requirement unproven" in failed.stdout
    assert allowed.returncode == 0
    assert "unproven: the conversation was played" in allowed.stdout


@pytest.mark.parametrize("order", [("quiet.yaml", "talk.yaml"), ("talk.yaml", "quiet.yaml")])
def test_a_promise_that_another_conversation_keeps_warns_whichever_is_played_first(folder, order):
    rule_id = "ordering.response-done-is-last"
    folder.talk("talk", proves=rule_id)
    folder.write("quiet.yaml", f"scenario: Nobody asks for anything.\nproves: [{rule_id}]\nsteps: [barrier]\n")

    together = folder.pytest(*order)
    strict = folder.pytest(*order, "--strict")
    alone = folder.pytest("quiet.yaml")

    assert together.returncode == 0, together.stdout
    assert "; 1 other conversation showed it" in " ".join(together.stdout.split())
    assert "1 requirement proved, but not by every conversation that promised it" in " ".join(together.stdout.split())
    assert (strict.returncode, alone.returncode) == (1, 1)


def test_a_conversation_that_stops_tells_its_line_and_drowns_nobody(folder, endpoint):
    folder.talk("talk", proves="ordering.response-done-is-last, usage.total-is-the-sum")

    result = folder.pytest("--endpoint=" + endpoint("response-never-ends"), "talk.yaml", "--answer-timeout=3")

    assert result.returncode == 1
    assert "stops 1 conversation: talk, at await (talk.yaml, line 8)" in result.stdout
    assert "expected  response.done" in result.stdout
    assert "therefore unproven: ordering.response-done-is-last, usage.total-is-the-sum" in result.stdout


def test_a_scenario_for_the_other_revision_is_not_applicable(folder):
    folder.write("talk.yaml", "scenario: Old times.\ndialects: [beta]\nsteps: [connect]\n")

    result = folder.pytest("talk.yaml", "-rs", "--dialect=ga")

    assert result.returncode == 5  # nothing was judged
    assert "2 skipped" in result.stdout
    assert "not applicable: the conversation is for beta" in result.stdout.replace("\n", " ")


def test_allure_tells_failed_from_broken(folder, endpoint, odd_endpoint):
    folder.talk("talk")

    folder.pytest("--endpoint=" + endpoint(LATE), "talk.yaml")

    status, result = results(folder)["talk::ordering.response-done-is-last"]
    labels = {label["name"]: label["value"] for label in result["labels"]}
    assert status == "failed"
    assert labels["severity"] == "critical"
    assert labels["epic"].lower().startswith("realtime") or labels["epic"]
    assert labels["story"].endswith(".")
    assert result["links"][0]["url"].startswith("https://")
    assert results(folder)["talk::plays"][1]["attachments"][0]["type"] == "text/plain"


def test_the_environment_is_broken_never_failed(folder, odd_endpoint):
    folder.talk("talk")
    folder.write("conftest.py", "from conformance.run import session_gate\n\nsession_gate.MOST_PATIENCE = 1.0\n")
    visits = []

    def busy_later(connection, request):
        visits.append(request.path)
        return connection.respond(429, "slow down\n") if len(visits) > 1 else None

    async def greet(connection):
        await connection.send(json.dumps({"type": "session.created", "event_id": "e", "session": {"object": "s"}}))
        await connection.wait_closed()

    url = odd_endpoint(greet, process_request=busy_later)

    result = folder.pytest(f"--endpoint={url}", "talk.yaml")

    assert result.returncode == 1
    assert "not judged talk: HTTP 429" in result.stdout
    assert "not proved: 1 conversation not judged" in result.stdout
    assert results(folder)["talk::plays"][0] == "broken"


def test_the_history_of_an_item_does_not_hang_on_its_place(folder, tmp_path_factory):
    chosen = ("--dialect=ga", "scenarios/response/text_turn.yaml::plays")
    from conformance.resources import folder as data

    folder.pytest(*chosen)
    elsewhere = type(folder)(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.pytest("--dialect=ga", f"{data('scenarios')}/response/text_turn.yaml::plays")

    histories = {results(each)["response/text_turn::plays"][1]["historyId"] for each in (folder, elsewhere)}
    assert len(histories) == 1
