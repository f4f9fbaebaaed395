"""What a run leaves for Allure: one result for each item, whoever played it."""

import json

import pytest

SOME = ("response/text_turn", "usage/text_only")


@pytest.fixture
def results(folder, endpoint):
    """Return `results(*options) -> the results by the name that their history hangs on`."""
    url = endpoint("delta-follows-its-response")

    def play(*options):
        done = folder.pytest(*SOME, f"--endpoint={url}", *options)
        assert done.returncode == 1, done.stdout
        files = (folder.path / "reports/allure-results").glob("*-result.json")
        return {each["fullName"]: each for each in (json.loads(path.read_text()) for path in files)}

    return play


def test_several_processes_leave_the_same_results_as_one(results):
    alone, together = results(), results("-n2")

    assert alone.keys() == together.keys()
    assert len(alone) > 40
    for name, each in alone.items():
        assert each["historyId"] == together[name]["historyId"]
        assert each["status"] == together[name]["status"]
        same = [[attached["name"] for attached in told.get("attachments", ())] for told in (each, together[name])]
        assert same[0] == same[1]


def test_a_failing_item_carries_its_evidence(results):
    failed = [each for each in results("-n2").values() if each["status"] == "failed"]

    assert len(failed) == len(SOME)
    for each in failed:
        assert each["name"].startswith("Nothing that belongs to a response follows its")
        assert {"ladder", "trace", "reproduce"} <= {attached["name"] for attached in each["attachments"]}
        assert {"epic", "feature", "story", "rule", "requirement"} <= {label["name"] for label in each["labels"]}
