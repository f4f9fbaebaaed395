"""However a run ends, every report tells the same verdict and the same reason, and none is green where it is not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.report.allure_files import environment_of
from conformance.report.evidence import Evidence
from conformance.report.github import annotations_of, summary_of
from conformance.report.json import report_of
from conformance.report.junit import junit_of
from conformance.report.page import page_of
from conformance.report.sentence import sentence_of
from conformance.report.terminal import summary, verdict
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import Baseline, BaselineCount, BaselineEntry
from conformance.run.finished import finished
from conformance.run.journal import Journal, about
from conformance.run.outcome import Ending, ExitStatus
from conformance.run.policy import Policy
from conformance.run.record import FindingRecord, KnownFailure, RuleRecord
from tests.records import record, result
from tests.report.kept_lines import KeptLines

WHEN = datetime(2026, 9, 1, tzinfo=UTC)
MUST, SHOULD = "ordering.response-done-is-last", "usage.completed-has-usage"
SMALL = "--max-tokens=300 is too small (up to 488 with the next conversation)"
GOOD = record("a/good", {MUST: "pass"})


def found(verdict):
    told = FindingRecord("came too late") if verdict in ("fail", "warning") else None
    return RuleRecord(Verdict(verdict), findings=(told,) if told else ())


def unplayed(name, outcome, why):
    return record(name, outcome=outcome, message=why)


ENTRY = BaselineEntry(MUST, "https://x.test/7", where="known.yaml:12")
LISTED = Policy(file=Path("known.yaml"), baseline=Baseline((ENTRY,)))


def known(name):
    return record(name, {MUST: RuleRecord(Verdict.KNOWN, known=KnownFailure("https://x.test/7", "fail"))})


#: How a run ends -> what it came to, and the reason that everybody is told.
ENDINGS = {
    "clean": (result(GOOD), ""),
    "a selection": (result(GOOD, ending=Ending(selection=True)), ""),
    "a wrong key": (result(ending=Ending(unreachable="the key was refused (HTTP 401)")), "the key was refused"),
    "Ctrl-C": (result(GOOD, ending=Ending(interrupted=True)), ""),
    "a budget": (
        result(
            GOOD,
            unplayed("a/next", "not run", SMALL),
            unplayed("a/last", "not run", SMALL),
            ending=Ending(exhausted=SMALL),
        ),
        f"2 conversations not run: {SMALL}",
    ),
    "a budget for nothing": (result(ending=Ending(exhausted=SMALL)), SMALL),
    "nothing applies": (
        result(unplayed("a/tools", "not applicable", "the endpoint refuses tools")),
        "not applicable a/tools: the endpoint refuses tools",
    ),
    "the environment": (
        result(GOOD, unplayed("a/b", "environment", "HTTP 429")),
        "not judged a/b: HTTP 429",
    ),
    "a MUST": (result(record("a/b", {MUST: found("fail")})), ""),
    "a MUST beside a budget": (
        result(
            record("a/b", {MUST: found("fail")}),
            unplayed("a/next", "not run", SMALL),
            unplayed("a/s", "environment", "HTTP 429"),
            ending=Ending(exhausted=SMALL),
        ),
        f"not run a/next: {SMALL}",
    ),
    "a baseline that was not written": (
        replace(result(GOOD, ending=Ending(selection=True)), baseline=BaselineCount(refused="only a part was played")),
        "",
    ),
    "a known failure": (result(known("a/b"), known("a/c"), policy=LISTED), ""),
    "a known failure that is gone": (
        result(GOOD, policy=LISTED),
        f"{MUST} passes now. Delete the entry in line 12 of known.yaml.",
    ),
    "a baseline just written": (
        replace(
            result(record("a/b", {MUST: found("fail")}), record("a/s", outcome="stopped")),
            baseline=BaselineCount(added=2, written=True),
        ),
        "",
    ),
    "a SHOULD": (result(GOOD, record("a/b", {SHOULD: found("warning")})), ""),
    "unproven": (
        result(
            GOOD, record("a/b", {"session.created-comes-first": "unproven"}, promises=("session.created-comes-first",))
        ),
        "",
    ),
    "inconclusive": (
        result(GOOD, record("a/c", {MUST: "pass"}), unplayed("a/b", "inconclusive", "nothing was said")),
        "inconclusive a/b: nothing was said",
    ),
}


@pytest.fixture(params=ENDINGS)
def ended(request):
    return ENDINGS[request.param]


def told_by_terminal(ran):
    screen = KeptLines()
    summary(screen, ran)
    verdict(screen, ran)
    return screen.lines


def test_every_report_has_the_same_verdict(ended):
    ran, _ = ended
    sentence = sentence_of(ran)

    assert told_by_terminal(ran)[-1] == sentence
    assert report_of(ran, Evidence(), WHEN)["verdict"] == sentence
    assert sentence in page_of(ran, Evidence(), WHEN)
    assert f'value="{sentence}"' in junit_of(ran)
    assert environment_of(ran)["verdict"] == sentence
    assert summary_of(ran).replace("\\", "").startswith(f"### {sentence}\n")


def test_every_report_has_the_same_reason(ended):
    ran, reason = ended
    if not reason:
        assert report_of(ran, Evidence(), WHEN)["reasons"] == []
        return
    assert any(each.startswith(reason) for each in report_of(ran, Evidence(), WHEN)["reasons"])
    assert f"- {reason}" in summary_of(ran).replace("\\", "")
    assert reason.rpartition(": ")[2] in page_of(ran, Evidence(), WHEN)
    if ran.conversations:
        assert reason in " ".join(" ".join(told_by_terminal(ran)).split())
    if ran.status is not ExitStatus.CLEAN:
        assert reason in "".join(ElementTree.fromstring(junit_of(ran)).itertext()) + junit_of(ran)


def test_junit_is_red_where_the_status_is(ended):
    ran, _ = ended
    root = ElementTree.fromstring(junit_of(ran))
    red = int(root.get("failures")) + int(root.get("errors"))

    assert bool(red) == (ran.status is not ExitStatus.CLEAN), sentence_of(ran)


def test_an_annotation_is_an_error_where_the_status_is_red(ended):
    ran, reason = ended
    told = "\n".join(annotations_of(ran, Path("none")))

    assert ("::error " in told) == (ran.status is not ExitStatus.CLEAN), sentence_of(ran)
    if "::error " in told and "broken" not in sentence_of(ran):
        assert reason in told


def test_junit_names_no_conversation_where_there_was_none():
    root = ElementTree.fromstring(junit_of(ENDINGS["a wrong key"][0]))

    assert [each.get("name") for each in root[-1].iter("testcase")] == ["the run is judged"]


def test_no_parentheses_follow_parentheses(ended):
    assert ") (" not in sentence_of(ended[0])


def test_an_endpoint_that_never_answered_speaks_no_revision():
    assert "revision" not in summary_of(ENDINGS["a wrong key"][0])
    assert "revision ga" in summary_of(ENDINGS["clean"][0])


def test_one_entry_of_the_baseline_is_one_known_failure_wherever_it_is_met():
    ran = ENDINGS["a known failure"][0]

    assert sentence_of(ran).startswith("no regression: 1 known failure, no other;")


def test_what_was_just_written_into_the_baseline_is_said_to_be_so():
    ran = ENDINGS["a baseline just written"][0]

    assert sentence_of(ran).startswith("no regression: 2 known failures (2 of them written just now), no other;")


@pytest.mark.parametrize("name", ["a known failure", "a known failure that is gone", "a baseline just written"])
def test_a_run_that_is_read_again_comes_to_the_same(name, tmp_path):
    ran = ENDINGS[name][0]
    journal = Journal(tmp_path, ran.settings.scrub)
    journal.begin(about(ran.settings))
    for each in ran.conversations.values():
        journal.add(each)
    journal.finish(ran.status, ran)

    again = finished(tmp_path)

    assert (sentence_of(again), again.status) == (sentence_of(ran), ran.status)
