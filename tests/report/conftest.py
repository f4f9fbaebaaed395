"""Runs for the reports to tell of: played in memory, judged, with their traces on the disk."""

from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import rehearsal_target, rehearse
from conformance.rules.rule_packs import judged_rules
from conformance.run.baseline import PLAYS
from conformance.run.outcome import Ending
from conformance.run.record import keeps
from conformance.run.recording import record_of
from conformance.run.result import result_of
from conformance.run.ruling import judge_conversation
from conformance.run.settings import Settings
from conformance.trace.jsonl import dump

SCENARIOS = ("response/text_turn", "response/two_turns", "audio/manual_turn", "session/merges")


def played(reports, scenarios, fault=None, mangle=None):
    """Play, judge and write; *mangle* changes each trace before it is judged."""
    records = {}
    for name in scenarios:
        conversation = rehearse(name, "ga", fault)
        if mangle is not None:
            conversation = replace(conversation, traces=tuple(map(mangle, conversation.traces)))
        files = tuple(reports / "traces" / f"{name}#{number}.jsonl" for number, _ in enumerate(conversation.traces))
        for path, trace in zip(files, conversation.traces, strict=True):
            dump(trace, path)
        judged = judge_conversation(conversation, judged_rules().values(), files=files)
        questions = {PLAYS, keeps(""), *conversation.scenario.proves}
        records[name] = record_of(judged, reports, questions)
    return records


def run_in(home):
    """Return `run(mutant or None, mangle=…) -> RunResult`, whose reports are in *home*."""

    def make(mutant=None, *, scenarios=SCENARIOS, mangle=None, strict=False, interrupted=False, message=""):
        reports = home / "reports"
        fault = (lambda: MUTANTS[mutant].make(DIALECTS["ga"])) if mutant else None
        target = replace(rehearsal_target(DIALECTS["ga"]), url="wss://endpoint.test/v1/realtime")
        records = played(reports, scenarios, fault, mangle)
        if message:
            name = scenarios[0]
            records[name] = replace(records[name], message=message, title=message)
        settings = Settings(target=target, reports=reports, strict=strict)
        ending = Ending(selection=True, interrupted=interrupted)
        return result_of(records, settings, ending=ending, seconds=1.5)

    return make


@pytest.fixture
def run(tmp_path):
    """Return `run(mutant or None, mangle=…) -> RunResult`."""
    return run_in(tmp_path)
