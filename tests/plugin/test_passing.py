"""Promised rules that are kept are told without the phases of an item; nobody can see that but by the time it takes."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from conformance import resources

SOME = "talk.yaml"
#: What differs from run to run: ids, and times, which the text of a failure quotes.
CHANCE = {"uuid", "start", "stop", "statusDetails"}
LISTENER = """
import pathlib

def pytest_runtest_setup(item):
    with pathlib.Path("heard.txt").open("a") as file:
        file.write(item.name + "\\n")
"""
TESTS = """
import pytest

@pytest.fixture(scope="package")
def resource():
    yield 1

def test_it(resource):
    assert resource
"""


@pytest.fixture
def talk(folder):
    """A folder with one conversation that promises many rules, and what plays it."""
    bundled = resources.folder("scenarios") / "response" / "text_turn.yaml"
    folder.write(SOME, bundled.read_text(encoding="utf-8"))
    return folder


def allure_of(folder):
    """Return the results by name, without what differs from run to run."""
    told = [json.loads(path.read_text()) for path in (folder.path / "reports/allure-results").glob("*-result.json")]
    for each in told:
        for attached in each.get("attachments", ()):
            attached.pop("source")
        for step in each.get("steps", ()):
            step |= dict.fromkeys(CHANCE, 0)
    return {each["fullName"]: {name: text for name, text in each.items() if name not in CHANCE} for each in told}


def junit_of(folder):
    """Return the names and outcomes in pytest's own JUnit file."""
    cases = ElementTree.parse(folder.path / "out.xml").iter("testcase")
    return {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in cases}


@pytest.mark.parametrize("mutant", ["", "delta-follows-its-response"])
def test_results_are_the_same_as_those_of_items_with_all_phases(talk, endpoint, mutant):
    url = endpoint(mutant)
    quick = talk.pytest(SOME, f"--endpoint={url}", "--junitxml=out.xml", "-v")
    told = allure_of(talk), junit_of(talk)
    (talk.path / "conftest.py").write_text(LISTENER)

    whole = talk.pytest(SOME, f"--endpoint={url}", "--junitxml=out.xml", "-v")

    assert (allure_of(talk), junit_of(talk)) == told
    assert len(told[0]) > 20
    assert quick.returncode == whole.returncode == bool(mutant)
    passed = [
        sorted(line.split(" [")[0] for line in each.stdout.splitlines() if "PASSED" in line) for each in (quick, whole)
    ]
    assert passed[0] == passed[1]


def test_whoever_takes_part_in_a_phase_gets_every_item(talk, endpoint):
    (talk.path / "conftest.py").write_text(LISTENER)

    talk.pytest(SOME, f"--endpoint={endpoint()}")

    assert len((talk.path / "heard.txt").read_text().split()) == len(allure_of(talk))


def test_fixtures_of_tests_before_and_behind_are_torn_down(folder, endpoint):
    folder.talk("b/talk")
    for name in ("a", "b", "c"):
        (folder.path / name).mkdir(exist_ok=True)
        (folder.path / name / "__init__.py").write_text("")
        (folder.path / name / f"test_{name}.py").write_text(TESTS)

    result = folder.pytest("a", "b/test_b.py", "b/talk.yaml", "c", f"--endpoint={endpoint()}")

    assert result.returncode == 0, result.stdout
