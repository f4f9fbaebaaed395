import subprocess

import pytest

HEAVY = "websockets hypothesis jsonschema jsonschema_rs asyncio yaml rich orjson allure conformance.rules"
FOREIGN = f"""
import sys

def test_nothing_heavy_was_imported(pytestconfig):
    ours = [name for name in {HEAVY.split()} if name in sys.modules]
    assert ours == []
    assert not pytestconfig.pluginmanager.hasplugin("realtime-conformance-run")
    assert pytestconfig.option.allure_report_dir is None if hasattr(pytestconfig.option, "allure_report_dir") else True
"""
NO_ALLURE = ("-pno:allure_pytest", "-pno:xdist", "-pno:xdist.looponfail")


def test_a_foreign_project_imports_nothing_heavy(folder):
    folder.write("test_theirs.py", FOREIGN)

    result = folder.new_interpreter(*NO_ALLURE)

    assert result.returncode == 0, result.stdout
    assert "conformance" not in result.stdout.replace("realtime-conformance-", "")


def test_yaml_that_is_no_scenario_wakes_nobody(folder):
    folder.write("tests/test_theirs.py", FOREIGN)
    folder.write("tests/data/pipeline.yaml", "name: build\nsteps: [checkout]\n")

    result = folder.new_interpreter(*NO_ALLURE, "tests")

    assert result.returncode == 0, result.stdout
    assert not (folder.path / "reports").exists()


def test_a_folder_of_scenarios_that_nobody_names_wakes_nobody(folder):
    folder.write("test_theirs.py", FOREIGN)
    folder.talk("mine/talk")

    result = folder.new_interpreter(*NO_ALLURE)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("named", ["mine", "mine/talk.yaml", "mine/talk.yaml::plays"])
def test_scenarios_that_are_named_are_played(folder, named):
    folder.talk("mine/talk", proves="")

    result = folder.pytest(named)

    assert result.returncode == 0, result.stdout
    assert "the embedded reference endpoint" in result.stdout
    assert (folder.path / "reports/traces/mine/talk.jsonl").exists()


def test_a_project_of_scenarios_plays_them_unasked(folder):
    folder.write("pytest.ini", "[pytest]\nrealtime_suite = true\ntestpaths = mine\n")
    folder.talk("mine/talk", proves="")

    assert "1 conversation" in folder.pytest().stdout


def test_a_project_of_scenarios_can_still_run_its_other_tests(folder):
    folder.write("pytest.ini", "[pytest]\nrealtime_suite = true\ntestpaths = mine\n")
    folder.talk("mine/talk", proves="")
    folder.write("tests/test_theirs.py", FOREIGN)

    result = folder.new_interpreter(*NO_ALLURE, "tests")

    assert result.returncode == 0, result.stdout


def test_the_bundled_scenarios_run_from_an_empty_folder(folder, endpoint):
    result = folder.pytest(f"--endpoint={endpoint()}", "-v", "-k", "text_turn and plays")

    assert result.returncode == 0, result.stdout
    assert "scenarios/response/text_turn.yaml::plays PASSED" in result.stdout


def test_a_bundled_item_can_be_named_from_anywhere(folder, endpoint):
    result = folder.pytest(f"--endpoint={endpoint()}", "-v", "scenarios/response/text_turn.yaml::plays")

    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def test_collecting_connects_to_nothing(folder, deaf_port):
    result = folder.pytest(f"--endpoint=ws://127.0.0.1:{deaf_port}", "--collect-only", "-q")

    assert result.returncode == 0
    assert "scenarios/response/text_turn.yaml::plays" in result.stdout
    assert not (folder.path / "reports").exists()


def test_an_option_name_that_another_plugin_has_taken_does_not_break_it(folder):
    folder.write("taken.py", "def pytest_addoption(parser):\n    parser.addoption('--profile', action='store_true')\n")
    folder.write(
        "test_theirs.py", "def test_it(pytestconfig):\n    assert pytestconfig.getoption('--profile') is True\n"
    )

    result = folder.pytest("-p", "taken", "--profile")

    assert result.returncode == 0, result.stdout + result.stderr


LAST_WORDS = """
import sys

def pytest_unconfigure():
    print("unused:", sorted(name for name in ("hypothesis", "rich.console") if name in sys.modules))
"""


def test_a_run_of_one_conversation_imports_nothing_that_it_does_not_use(folder):
    folder.write("conftest.py", LAST_WORDS)
    folder.talk("mine/talk", proves="")

    command = folder.command("mine/talk.yaml", "--examples=0")
    with_hypothesis = [each for each in command if each != "-pno:hypothesispytest"]

    result = subprocess.run(
        with_hypothesis,
        cwd=folder.path,
        env=folder.environment("key"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "unused: []" in result.stdout, result.stdout + result.stderr
