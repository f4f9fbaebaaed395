"""Captures of one side, and such as begin in mid-session: what they do not hold is held against nobody."""

from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import rehearse
from conformance.resources import folder
from conformance.rules import RULES
from conformance.rules.engine.judge import judge
from conformance.rules.engine.rule import Keyword
from conformance.run.ruling import dialect_of
from conformance.scenario.load import load
from conformance.trace.jsonl import load as load_trace
from conformance.trace.views import View

RECORDINGS = folder("schemas").parent.parent / "shared" / "traces"
#: Judging every tail takes long: each so many entries.
STRIDE = 23


def captures():
    """Yield the reference's conversations and the real ones, as if somebody had recorded them without the upgrade."""
    for path in sorted(folder("scenarios").rglob("*.yaml")):
        scenario = load(path)
        for dialect in sorted(scenario.dialects):
            yield from (replace(each, handshake=None, intent={}) for each in rehearse(scenario, dialect).traces)
    for path in sorted(RECORDINGS.glob("*.jsonl")) if RECORDINGS.is_dir() else ():
        if "-xai-" not in path.name:
            trace = load_trace(path)
            yield replace(trace, dialect=dialect_of(trace))


@pytest.fixture(scope="module")
def whole():
    return [trace for trace in captures() if len(trace) > 1]


def part(trace, entries, **changed):
    return replace(trace, entries=tuple(replace(entry, index=at) for at, entry in enumerate(entries)), **changed)


def found_in(traces, *keywords):
    return {
        (trace.name, each.rule.id, each.error or each.findings[0].message)
        for trace in traces
        for each in judge(View(trace, DIALECTS[trace.dialect]), RULES.values())
        if each.error or (each.findings and each.rule.keyword in keywords)
    }


def test_no_rule_that_needs_the_asking_speaks_where_only_the_server_is_heard(whole):
    silent = (part(trace, [entry for entry in trace if not entry.sent], end=None) for trace in whole)

    assert found_in(silent, Keyword.MUST, Keyword.SHOULD) == set()


def test_no_tail_of_a_conversation_breaks_a_must(whole):
    tails = (part(trace, trace.entries[at:]) for trace in whole for at in range(1, len(trace), STRIDE))

    assert found_in(tails, Keyword.MUST) == set()
