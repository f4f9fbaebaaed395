"""From files to scenarios, and what is said about broken ones."""

from pathlib import Path

import pytest

from conformance.errors import ScenarioError
from conformance.resources import folder
from conformance.scenario.load import load, loads
from conformance.scenario.sniff import looks_like_scenario


def script(steps, head="scenario: Something happens."):
    return loads(f"{head}\nsteps:\n{steps}", Path("talk.yaml"))


def refused(steps, head="scenario: Something happens."):
    with pytest.raises(ScenarioError) as error:
        script(steps, head)
    return error.value


def test_a_scenario_is_its_file():
    loaded = load(folder("scenarios") / "response" / "text_turn.yaml")

    assert (loaded.id, loaded.topic, loaded.each) == ("response/text_turn", "response", "")
    assert loaded.dialects == {"ga", "beta"}
    assert [step.name for step in loaded.steps] == ["configure", "say", "respond", "await"]


def test_a_step_knows_its_line_and_its_modifiers():
    first, second = script(
        "  - connect\n  - retrieve: x\n    answer: error\n    as: kept\n    within: 5\n    on: there\n    only: ga\n"
    ).steps

    assert (first.name, first.line, first.argument) == ("connect", 3, None)
    assert (second.line, second.answer, second.remember, second.within) == (4, "error", "kept", 5)
    assert (second.on, second.only) == ("there", "ga")


def test_a_step_on_several_connections_is_played_on_each():
    steps = script("  - say: {id: 'item_${on}', text: 'I am ${on}.'}\n    on: [anna, bert]\n").steps

    assert [(step.on, step.argument["id"]) for step in steps] == [("anna", "item_anna"), ("bert", "item_bert")]
    assert steps[1].argument["text"] == "I am bert."


@pytest.mark.parametrize(
    ("steps", "message", "cure", "place"),
    [
        ("  - configur: {}\n", "unknown step 'configur'", "Did you mean 'configure'?", "3:5"),
        ("  - connect\n  - comit\n", "unknown step 'comit'", "Did you mean 'commit'?", "4:5"),
        ("  - say\n", "the step 'say' needs an argument", "See docs/steps.md.", "3:5"),
        ("  - say: Hello.\n    respond: {}\n", "a step has one name", "", "3:5"),
        ("  - answer: error\n", "a step has one name", "", "3:5"),
        ("  - 5\n", "steps.0: 5 is not of type", "", "3:5"),
        ("  - say: {txt: Hello.}\n", "steps.0.say", "", "3:5"),
        ("  - configure: {modality: text}\n", "steps.0.configure", "", "3:5"),
        ("  - outcome: done\n", "steps.0.outcome", "", "3:5"),
        ("  - commit:\n    answer: maybe\n", "steps.0.answer", "", "4:5"),
        ("  - pause: -5\n", "steps.0.pause", "", "3:5"),
        ("  - speak: helo\n", "there is no audio clip 'helo'", "Did you mean 'hello'?", "3:5"),
        ("  - speak: ../../etc/passwd\n", "there is no audio clip '../../etc/passwd'", "Known: ", "3:5"),
        ("  - say: {clip: nobody}\n", "there is no audio clip 'nobody'", "Known: ", "3:5"),
        ("  - !!python/name:os.system x\n", "the tag", "", "3:5"),
    ],
)
def test_a_broken_step_is_told_with_its_place_and_cure(steps, message, cure, place):
    error = refused(steps)

    assert message in error.message
    assert error.cure.startswith(cure)
    assert error.where == f"talk.yaml:{place}"


@pytest.mark.parametrize(
    ("head", "message", "place"),
    [
        ("scenarios: x", "unknown key 'scenarios'", "1:1"),
        ("scenario: x\nneeds: [tool]", "needs.0", "2:9"),
        ("scenario: x\nproves: [not a rule]", "proves.0", "2:10"),
        ("scenario: x\ndialects: []", "dialects", "2:1"),
        ("scenario: 5", "scenario: 5 is not of type", "1:1"),
        ("scenario: x\ntags: smoke", "tags", "2:1"),
    ],
)
def test_a_broken_head_is_told_with_its_place(head, message, place):
    error = refused("  - connect\n", head)

    assert message in error.message
    assert error.where == f"talk.yaml:{place}"


@pytest.mark.parametrize("rest", ["", "steps:", "steps: []", "steps: 3"])
def test_a_scenario_without_steps_is_refused(rest):
    with pytest.raises(ScenarioError, match="steps"):
        loads(f"scenario: x\n{rest}", Path("talk.yaml"))


def test_an_error_reads_as_one_message():
    assert str(refused("  - configur: {}\n")) == "talk.yaml:3:5: unknown step 'configur'\nDid you mean 'configure'?"


def test_ids_are_relative_to_the_home_and_plain_elsewhere(tmp_path):
    path = tmp_path / "deep" / "own.yaml"
    path.parent.mkdir()
    path.write_text("scenario: Mine.\nsteps: [connect]\n")

    assert load(path, tmp_path).id == "deep/own"
    assert load(path).id == "own"


def test_only_what_has_both_keys_looks_like_a_scenario(tmp_path):
    files = {"scenario: x\nsteps: []": True, "steps: []": False, "a:\n  scenario: 1\n  steps: 2": False}
    for text, expected in files.items():
        path = tmp_path / "file.yaml"
        path.write_text(text)
        assert looks_like_scenario(path) is expected
    assert not looks_like_scenario(tmp_path / "nothing.yaml")


def test_who_asks_for_answers_in_text_needs_them():
    assert script("  - configure: {modalities: text}\n").needs == {"text_output"}
    assert script("  - respond: {modalities: text}\n", "scenario: It happens.\nneeds: [tools]").needs == {
        "text_output",
        "tools",
    }
    assert (
        script("  - configure: {modalities: text}\n    answer: either\n  - respond: {modalities: audio}\n").needs
        == set()
    )
