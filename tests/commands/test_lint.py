"""What `lint` tells of a scenario: what is wrong, dead, or promised in vain."""

import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from conformance.commands.cli import main
from conformance.commands.exercise import exercises, shown_by_every_endpoint
from conformance.commands.lint import remarks
from conformance.commands.remark import Remark
from conformance.errors import ScenarioError
from conformance.resources import PACKAGE, folder
from conformance.rules import RULES
from conformance.run.promises import promises_exist
from conformance.scenario.load import load

ERRORS = "errors.are-objects-with-a-message"
TOTAL = "usage.total-is-the-sum"
GA_ONLY = "items.every-item-gets-done"


@pytest.fixture
def written(tmp_path):
    """Return `written(head, *steps) -> path`."""

    def write(head, *steps):
        path = tmp_path / "talk.yaml"
        lines = "".join(f"  - {line}\n" for line in steps)
        path.write_text(f"scenario: Something happens.\n{head}steps:\n{lines}", encoding="utf-8")
        return path

    return write


def told(path):
    return [(each.where.removeprefix(f"{path}:"), each.message, each.warning) for each in remarks(path)]


def vain(rule):
    return f"proves: {rule}: nothing in this script exercises it"


@pytest.mark.parametrize("path", sorted(folder("scenarios").rglob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_to_be_told_of_the_library(path):
    assert [str(each) for each in remarks(path)] == []


def test_a_broken_file_is_one_mistake(written):
    assert told(written("", "conect")) == [("3:5", "unknown step 'conect'", False)]


def test_every_unknown_promise_is_told(written):
    path = written("proves: [errors.are-object, usage.totals]\n", "barrier")

    assert told(path) == [
        ("2:10", "proves: there is no rule 'errors.are-object'", False),
        ("2:29", "proves: there is no rule 'usage.totals'", False),
    ]
    with pytest.raises(ScenarioError, match="Did you mean"):
        promises_exist(load(path))


def test_what_is_dead_is_told_once_and_the_rehearsal_does_not_repeat_it(written):
    path = written("", "connect", "close", "say: Hello.")

    assert told(path) == [("5:5", "`say` on the connection without a name, which line 4 has closed", False)]


def test_a_dead_key_is_told_at_its_place(written):
    path = written("needs: [tools]\nwithout: [tools]\n", "barrier")

    assert told(path) == [("3:1", "`needs` and `without` both name tools", False)]


def test_a_promise_that_nothing_exercises_is_a_mistake(written):
    path = written(f"proves: [{TOTAL}, {ERRORS}]\n", "say: Hello.", "respond", "await: response.done")

    (remark,) = remarks(path)

    assert (remark.where, remark.message, remark.warning) == (f"{path}:2:34", vain(ERRORS), False)
    assert remark.detail.startswith("Played on the reference endpoint (beta and ga).\nAdd steps that exercise it")


def test_a_promise_names_the_dialect_in_which_it_is_not_kept(written):
    path = written(f"proves: [{ERRORS}]\n", "connect", "{delete: nothing, answer: error, only: ga}")

    (remark,) = remarks(path)

    assert "(beta)." in remark.detail


def test_a_promise_that_one_dialect_does_not_know_is_kept_by_the_other(written):
    assert told(written(f"proves: [{GA_ONLY}]\n", "say: Hello.")) == []


def test_a_promise_that_no_dialect_of_the_script_knows_is_a_mistake(written):
    path = written(f"proves: [{GA_ONLY}]\ndialects: [beta]\n", "say: Hello.")

    assert told(path) == [("2:10", f"proves: {GA_ONLY}: it cannot apply in this dialect", False)]


def test_where_the_rehearsal_stops_is_a_warning_and_the_promise_names_the_line(written):
    path = written(f"proves: [{TOTAL}]\n", "say: Hello.", "delete: nothing", "respond", "await: response.done")

    stop, promise = remarks(path)

    assert (stop.where, stop.message, stop.warning) == (f"{path}:5:5", "the rehearsal stops here (beta and ga)", True)
    assert stop.detail.startswith("`delete`: the endpoint refused; expected: conversation.item.deleted; actual: error")
    assert (promise.message, promise.warning) == (vain(TOTAL), False)
    assert "(beta and ga), where it stops at line 5." in promise.detail


@pytest.mark.parametrize(
    ("event", "cure"),
    [
        ("response.dine", "ga has no 'response.dine'. Did you mean 'response.done'?"),
        ("vendor.thing", ""),
    ],
)
def test_an_event_that_never_comes_may_be_misspelt(written, event, cure):
    path = written("dialects: [ga]\n", "respond", f"await: {event}")

    (stop,) = remarks(path)

    assert stop.warning
    assert stop.detail.partition("\n")[2] == cure


def test_an_event_of_the_other_dialect_is_named_as_such(written):
    (stop,) = remarks(written("", "say: Hello.", "await: conversation.item.done"))

    assert "(beta)" in stop.message
    assert "beta has no 'conversation.item.done'. ga alone has it: `only: ga`." in stop.detail


def test_the_choice_of_the_reference_model_says_nothing_about_the_script(written):
    path = written(f"proves: [{ERRORS}]\n", "say: Hello.", "respond", "call")

    (stop,) = remarks(path)

    assert stop.warning
    assert f"So it is unknown whether the script exercises {ERRORS}." in stop.detail


def test_a_rule_for_which_few_endpoints_give_the_occasion_is_a_warning(written):
    rare = "session.the-conversation-is-announced-early"

    assert told(written(f"proves: [{rare}]\n", "connect")) == [("2:10", vain(rare), True)]
    assert rare in set(RULES) - shown_by_every_endpoint()


def test_the_endpoint_lacks_what_the_scenario_says(written):
    steps = ("say: {id: item_1, text: Hello.}", "retrieve: item_1")

    assert told(written("", *steps)) == []
    assert told(written("without: [retrieve]\n", *steps)) == [("5:5", "the rehearsal stops here (beta and ga)", True)]


def test_what_the_reference_always_has_is_no_mistake_of_the_script(written):
    path = written(f"proves: [{ERRORS}]\nwithout: [g711]\n", "{configure: {input_format: g711_ulaw}, answer: error}")

    stop, promise = remarks(path)

    assert (stop.warning, promise.warning) == (True, True)
    assert "cannot be without g711" in stop.detail
    assert "cannot be without g711" in promise.detail


def test_a_clip_lies_beside_the_script(written, tmp_path):
    with wave.open(str(tmp_path / "mine.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(24_000)
        sound.writeframes(b"\0\1" * 4800)
    heard = ("configure: {turn_detection: null}", "speak: mine", "commit")

    assert told(written("", *heard)) == []
    assert told(written("", "configure: {input_format: g711_ulaw, turn_detection: null}", *heard[1:])) == [
        ("1:1", "cannot be rehearsed: there is no audio clip 'mine' in g711_ulaw (mine.ulaw)", False)
    ]


def test_each_auth_style_is_played(written):
    scenario = load(written("each: auth\ndialects: [ga]\n", "connect"))

    (found,) = exercises(scenario, [RULES["session.created-comes-first"]])

    assert found.stopped is None
    assert found.unproven == set()


def test_a_place_is_known_although_the_file_is_gone_or_says_it_in_a_comment(written):
    scenario = load(written("# without: [tools]\nneeds: [tools]\nwithout: [tools]\n", "connect"))
    scenario.path.unlink()

    assert scenario.where_is("without") == f"{scenario.path}:4:1"
    assert scenario.where_is(scenario.steps[0]) == f"{scenario.path}:6:5"


def test_a_promise_is_found_as_a_whole(written):
    scenario = load(written(f"# {TOTAL}-of-all\nproves: [x.{TOTAL}, {TOTAL}]\n".replace("x.", "x-"), "connect"))

    assert scenario.where_is(TOTAL) == f"{scenario.path}:3:36"


def test_a_remark_fits_into_80_columns_behind_its_first_line():
    remark = Remark("talk.yaml:3:5", "the rehearsal stops here", "A cause. " * 20 + "\nA cure.", warning=True)

    first, *others = str(remark).splitlines()

    assert first == "talk.yaml:3:5: warning: the rehearsal stops here"
    assert max(map(len, others)) <= 80
    assert all(re.match(r" {4}\S", line) for line in others)
    assert others[-1] == "    A cure."


def test_reading_promises_does_not_load_the_reference_endpoint():
    code = "import sys, conformance.commands.lint; print('conformance.mutants.rehearsal' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_page_on_scenarios_shows_what_is_really_told(tmp_path, monkeypatch, capsys):
    page = (
        (PACKAGE.parent / "docs" / "scenarios.md")
        .read_text(encoding="utf-8")
        .partition("## Checking scenarios: `lint`")[2]
    )
    script, shown = re.search(r"```yaml\n(.*?)```.*?```text\n(.*?)```", page, re.DOTALL).groups()
    monkeypatch.chdir(tmp_path)
    Path("anna.yaml").write_text(script, encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["lint", "anna.yaml"])

    heard = capsys.readouterr()
    assert left.value.code == 4
    assert heard.err + heard.out == shown


def test_warnings_alone_are_no_failure(written, capsys):
    with pytest.raises(SystemExit) as left:
        main(["lint", str(written("", "say: Hello.", "respond", "call").parent)])

    assert left.value.code == 0
    assert capsys.readouterr().out == "1 file, 0 mistakes, 1 warning\n"
