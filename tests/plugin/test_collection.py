from itertools import groupby

from conformance import resources
from conformance.contract.auth_styles import STYLES
from conformance.scenario.load import suite


def test_each_auth_style_is_a_conversation_of_its_own(folder):
    folder.write("key.yaml", "scenario: A key opens.\neach: auth\nsteps: [connect]\n")

    result = folder.pytest("key.yaml", "-v")

    assert result.returncode == 0, result.stdout
    for style in STYLES:
        assert f"key.yaml::{style}::plays PASSED" in result.stdout
        assert (folder.path / f"reports/traces/key@{style}.jsonl").exists()


def test_one_auth_style_can_be_asked_for(folder):
    folder.write("key.yaml", "scenario: A key opens.\neach: auth\nsteps: [connect]\n")

    result = folder.pytest("key.yaml", "-v", "--auth=query-token")

    assert "key.yaml::query-token::plays PASSED" in result.stdout
    assert "2 passed" in result.stdout


def test_all_auth_styles_can_be_asked_for_in_every_scenario(folder):
    folder.talk("talk", proves="")

    result = folder.pytest("talk.yaml", "--auth=all", "--collect-only", "-q")

    assert f"{2 * len(STYLES)} tests collected" in result.stdout


def test_tags_topic_and_keyword_are_markers(folder):
    folder.talk("chat/talk", tags="tea")

    selections = {name: folder.pytest("chat", "--strict-markers", "--co", "-q", "-m", name) for name in ("tea", "chat")}
    must = folder.pytest("chat", "--co", "-q", "-m", "must")

    assert all("3 tests collected" in each.stdout for each in selections.values())
    assert "1/3 tests collected" in must.stdout
    assert "chat/talk.yaml::ordering.response-done-is-last" in must.stdout


def test_a_bundled_scenario_has_one_name_even_below_the_root(folder):
    root = resources.folder("scenarios").parent.parent

    result = folder.pytest("response/text_turn", "--co", "-q", f"--rootdir={root}", "-pno:cacheprovider")

    assert "\nscenarios/response/text_turn.yaml::plays\n" in f"\n{result.stdout}"


def test_a_whole_run_collects_every_conversation_of_the_suite(folder):
    result = folder.pytest("--collect-only", "-q", "--examples=0")

    files = {line.partition("::")[0] for line in result.stdout.splitlines() if line.startswith("scenarios/")}
    assert files == {f"scenarios/{each}.yaml" for each in suite()}


def test_a_conversation_is_told_in_one_piece_however_the_items_are_shuffled(folder):
    folder.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = items[::2] + items[1::2]\n")
    folder.write("test_own.py", "def test_one(): pass\ndef test_two(): pass\n")
    folder.talk("chat/one")
    folder.talk("chat/two")

    result = folder.pytest("chat", "test_own.py", "--collect-only", "-q", "-p", "no:randomly")

    files = [line.partition("::")[0] for line in result.stdout.splitlines() if "::" in line]
    assert len(files) == 8
    assert [name for name, _ in groupby(files)] == ["chat/one.yaml", "chat/two.yaml", "test_own.py"]
