"""Whatever an endpoint writes into the fields that it controls is inert in every output."""

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from conformance.mutants.rehearsal import rehearse
from conformance.report.allure_attachments import attachments_of
from conformance.report.allure_item import steps_of, without_class
from conformance.report.evidence import evidence_of
from conformance.report.failure_text import failure_text, stop_text
from conformance.report.failures import failures_of, stops_of
from conformance.report.files import write_files
from conformance.report.github import annotations_of, summary_of
from conformance.report.json import report_of
from conformance.report.junit import junit_of
from conformance.report.ladder import ladder_svg
from conformance.report.page import page_of
from conformance.rules.rule_packs import judged_rules
from conformance.run.ruling import judge_conversation
from tests.report.hostile_text import ACTIVE, HOSTILE, active_in, mangled

WHEN = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def hostile(run):
    """A run of which half of what the endpoint said is hostile."""
    return run(mangle=mangled, message=HOSTILE)


def test_the_run_is_hostile_indeed(hostile):
    assert len(failures_of(hostile)) > 3
    assert any(active_in(str(report_of(hostile, evidence_of(hostile), WHEN))))


def test_the_page_is_inert(hostile):
    assert active_in(page_of(hostile, evidence_of(hostile), WHEN)) == []


def test_junit_is_inert_xml(hostile):
    text = junit_of(hostile)

    assert active_in(text) == []
    assert ElementTree.fromstring(text).tag == "testsuites"


def test_the_summary_of_github_is_inert(hostile):
    assert active_in(summary_of(hostile)) == []


def test_no_annotation_begins_a_command_of_its_own(hostile, tmp_path):
    lines = list(annotations_of(hostile, tmp_path))

    assert [each for each in active_in("".join(lines)) if not each.startswith("<")] == []
    assert all(line.startswith(("::error ", "::warning ")) and "\n" not in line for line in lines)


def test_the_terminal_is_never_steered(hostile):
    told = [failure_text(hostile, each) for each in failures_of(hostile)]
    told += [stop_text(hostile, each) for each in stops_of(hostile)]

    assert [each for each in active_in("".join(told)) if not each.startswith("<")] == []


def test_pictures_are_inert():
    trace = mangled(rehearse("response/text_turn", "ga").traces[0])

    assert active_in(ladder_svg(trace, {3, 5, -1, len(trace)})) == []


def test_the_files_on_the_disk_are_inert_as_bytes(hostile):
    write_files(hostile, WHEN)

    raw = [each.encode("utf-8", "surrogatepass") for each in ACTIVE if not each.startswith("<")]
    for name in ("index.html", "junit.xml", "report.json"):
        data = (hostile.settings.reports / name).read_bytes()
        assert [each for each in raw if each in data] == [], name
        assert data.decode("utf-8")


@pytest.mark.parametrize("scenario", ["response/text_turn", "audio/manual_turn"])
def test_what_hangs_on_an_item_in_allure_is_inert(scenario):
    conversation = rehearse(scenario, "ga")
    conversation = replace(conversation, traces=tuple(map(mangled, conversation.traces)), message=HOSTILE)
    judged = judge_conversation(conversation, judged_rules().values())
    found = [each for each in judged.rulings.values() if each.findings]

    attached = list(attachments_of(judged, found, "pytest"))

    kinds = {kind for _, _, kind, _ in attached}
    assert {"image/svg+xml", "text/plain"} <= kinds
    for name, body, kind, _ in attached:
        acts = [each for each in active_in(body) if kind != "text/plain" or not each.startswith("<")]
        assert acts == [], name


def test_the_item_itself_is_inert_in_allure():
    conversation = rehearse("response/text_turn", "ga")
    judged = judge_conversation(
        replace(conversation, traces=tuple(map(mangled, conversation.traces))), judged_rules().values()
    )

    assert active_in("".join(each.name for each in steps_of(judged.conversation.traces))) == []
    assert active_in(without_class(f"NonConformance: {HOSTILE}".replace("<", ""))) == []
