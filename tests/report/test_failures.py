import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conformance.play.player import Outcome
from conformance.report.evidence import evidence_of
from conformance.report.failure_text import failure_text, stop_text
from conformance.report.failures import failures_of, reproduce, stops_of
from conformance.report.layout import WIDTH
from conformance.report.page import page_of
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import PLAYS
from conformance.run.policy import Policy
from conformance.run.record import FindingRecord, RuleRecord
from conformance.run.result import result_of
from conformance.run.soak_plan import SoakPlan
from tests.records import record, result, whole_report

LATE, RULE = "delta-follows-its-response", "ordering.response-done-is-last"


def waiting(name, awaited, verdicts):
    """Return a conversation that stopped because an event never came."""
    return record(name, verdicts, Outcome.STOPPED, (PLAYS,), message=f"{awaited} never came", expected=awaited)


def test_one_fault_is_one_failure_however_many_conversations_show_it(run):
    (failure,) = failures_of(run(LATE))

    assert failure.line.rule.id == "ordering.response-done-is-last"
    assert failure.conversations == ("response/text_turn", "response/two_turns", "audio/manual_turn")


def test_the_conversation_that_set_out_to_prove_a_rule_shows_it(run):
    (failure,) = failures_of(run(LATE))

    assert failure.line.rule.id in failure.record.promises


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_conversation_that_shows_a_failure_is_the_same_however_long_each_took_and_whoever_came_first(order):
    names = ("audio/late", "audio/soon", "response/soon")
    entries = dict(zip(names, (12, 4, 4), strict=True))
    shown = [
        record(
            name, {RULE: RuleRecord(Verdict.FAIL, findings=(FindingRecord("m", entry=entries[name]),))}, seconds=each
        )
        for name, each in zip(names, order, strict=True)
    ]
    (failure,) = failures_of(result(*(shown[each] for each in order)))

    assert failure.record.conversation == "audio/soon"


def test_a_failure_names_the_line_of_the_trace_on_which_the_frame_stands(run):
    result = run(LATE)
    (failure,) = failures_of(result)

    path, _, line = failure.place.rpartition(":")
    frame = (result.settings.reports / path).read_text().splitlines()[int(line) - 1]
    assert "response.output_text.delta" in frame


def test_a_run_without_fault_has_no_failures(run):
    assert failures_of(run()) == ()
    assert stops_of(run()) == ()


def test_the_words_of_a_failure_fit_a_terminal_and_hold_everything(run):
    result = run(LATE)
    (failure,) = failures_of(result)

    text = failure_text(result, failure)

    lines = text.splitlines()
    assert len(lines) <= 24
    assert [line for line in lines if len(line) > WIDTH and not line.lstrip().startswith(("spec", "reproduce"))] == []
    for part in (
        "MUST",
        "RSP-05",
        "spec  ",
        "and 2 more conversations",
        '"type": "response.output_text.delta"',
        "reproduce: ",
    ):
        assert part in text


def test_the_repetition_writes_to_a_folder_of_its_own(run):
    result = run(LATE)

    command = reproduce(result, "response/text_turn@bearer")

    assert command.startswith("pytest response/text_turn --endpoint=wss://endpoint.test/v1/realtime ")
    assert command.endswith(f"--reports={result.settings.reports}/again")


def test_why_conversations_stopped_is_told_once():
    told = result(waiting("audio/b", "response.done", {}), waiting("audio/a", "response.done", {}))

    (stop,) = stops_of(told)
    assert stop.conversations == ("audio/a", "audio/b")
    assert "reproduce: " in stop_text(told, stop)


def test_a_hint_stands_in_text_page_and_report(run):
    told = run("delta-follows-its-response")
    name, first = next(iter(told.conversations.items()))
    broken = first.rules[RULE]
    hinted = replace(broken, findings=tuple(replace(each, hint="Flush the queue first.") for each in broken.findings))
    (failure,) = failures_of(told)
    shown = replace(failure, findings=hinted.findings)

    assert "  hint      Flush the queue first." in failure_text(told, shown)
    records = {**told.conversations, name: replace(first, rules={**first.rules, RULE: hinted})}
    again = result_of(records, told.settings)
    assert '"hint": "Flush the queue first."' in json.dumps(whole_report(again))


def test_a_generated_case_is_repeated_by_its_file(tmp_path):
    told = result(record("generated/conversations", script="found/a-1.yaml"), reports=tmp_path)

    assert reproduce(told, "generated/conversations").startswith(f"pytest {tmp_path}/found/a-1.yaml ")


def test_a_stop_is_told_under_the_broken_rule_that_demands_what_was_awaited():
    finding = FindingRecord("never acknowledged", "input_audio_buffer.committed", "nothing")
    broken = {"input_audio.commit-is-acknowledged": RuleRecord(Verdict.FAIL, findings=(finding,))}
    told = result(
        waiting("audio/a", "input_audio_buffer.committed", broken),
        waiting("audio/b", "response.done", broken),
        waiting("audio/c", "input_audio_buffer.committed", {}),
    )

    (failure,) = failures_of(told)
    assert failure.stopped == ("audio/a",)
    assert "stops 1 conversation: audio/a" in failure_text(told, failure)
    assert [each.conversations for each in stops_of(told)] == [("audio/b",), ("audio/c",)]


def test_a_refusal_that_was_awaited_is_a_status_that_a_rule_demands():
    finding = FindingRecord("The request was not refused.", "HTTP 401", "HTTP 200")
    broken = {"client_secrets.a-bad-key-mints-nothing": RuleRecord(Verdict.FAIL, findings=(finding,))}
    told = result(waiting("client_secrets/a", "a refusal", broken), waiting("client_secrets/b", "a refusal", {}))

    (failure,) = failures_of(told)
    assert failure.stopped == ("client_secrets/a",)
    assert [each.conversations for each in stops_of(told)] == [("client_secrets/b",)]


@pytest.mark.parametrize(
    ("fault", "scenarios"),
    [
        ("create-is-ignored", ("response/text_turn", "response/two_turns")),
        ("a-mistake-ends-the-session", ("errors/unknown_type", "items/bad_content")),
        ("deletions-are-never-told", ("items/delete", "items/after_delete")),
        ("the-key-is-not-checked", ("connection/refuses_a_wrong_key", "connection/refuses_no_key")),
    ],
)
def test_what_a_fault_stops_is_no_finding_of_its_own(run, fault, scenarios):
    told = run(fault, scenarios=scenarios)

    (failure,) = failures_of(told)
    assert set(failure.stopped) == {each.conversation for each in told.stopped} != set()
    assert stops_of(told) == ()


def test_what_a_soak_found_is_repeated_by_a_soak():
    told = replace(result(record("soak/text", {RULE: "fail"})), policy=Policy(soak=SoakPlan(40, 90.0)))

    assert " ".join(reproduce(told, "soak/text").split()[:3]) == "pytest --soak=40 --for=90s"
    assert "pytest --soak=1 " in reproduce(replace(told, policy=Policy()), "soak/text")


def test_a_failure_without_a_trace_announces_none():
    found = RuleRecord(Verdict.FAIL, findings=(FindingRecord("came too late"),))
    told = result(record("soak/text", {RULE: found}))

    text = failure_text(told, failures_of(told)[0])

    assert "  in soak/text\n" in text


RENAMING = (
    "items/retrieve", "items/truncate", "items/truncate_beyond_the_end", "items/truncate_then_retrieve",
    "response/text_turn", "response/two_turns", "response/audio_turn", "tools/forced_call",
    "transcription/in_a_conversation",
)  # fmt: skip


def test_an_endpoint_that_renames_items_is_told_of_that_and_not_of_all_that_cannot_be_looked_at(run):
    told = run("items-are-renamed", scenarios=RENAMING)

    assert [line.rule.id for line in told.rules.unmet] == []
    assert "ordering.output-item-joins-the-conversation" in {each.line.rule.id for each in failures_of(told)}


def placed(path):
    return FindingRecord(f"It breaks its schema at {path}.", path=path, entry=0)


def test_a_failure_tells_other_places_of_other_conversations_and_counts_the_rest():
    schema = "envelope.fits-its-schema"
    first = RuleRecord(Verdict.FAIL, findings=(placed("/session/type"), placed("/session/type")))
    paths = ["/session/type", "/item/content", "/response/output/0/id", "/response/output/3/id", "/part", "/usage"]
    second = RuleRecord(Verdict.FAIL, findings=tuple(map(placed, paths)))
    told = result(record("a/first", {schema: first}), record("b/second", {schema: second}))
    (failure,) = failures_of(told)

    assert [each.path for each in failure.elsewhere] == ["/item/content", "/response/output/0/id", "/part", "/usage"]
    text = failure_text(told, failure)
    assert "  also      It breaks its schema at /item/content." in text
    assert "  also      It breaks its schema at /response/output/0/id." in text
    assert "  also      at /part, /usage" in text
    assert text.count("/session/type") == 1
    page = page_of(told, evidence_of(told), datetime(2026, 1, 1, tzinfo=UTC))
    assert "It breaks its schema at /response/output/0/id." in page
    assert "and at 2 other places" in page
