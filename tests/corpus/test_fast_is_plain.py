"""Judging at reading speed comes to what the plain way comes to: on every sample, mutant and recording."""

import io
from functools import cache, partial

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.corpus.sources import Source
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import rehearse
from conformance.rules import RULES
from conformance.rules.engine.dispatch import Dispatch
from conformance.rules.engine.judge import Verdict, applies, exercised, judge
from conformance.run.ruling import rule_on
from conformance.trace.formats import recordings as recordings_in
from conformance.trace.jsonl import dumps
from conformance.trace.views import View
from tests.rules.plain_folding import fold
from tests.samples import sample, trace_of


@cache
def dispatch(dialect):
    return Dispatch(RULES.values(), DIALECTS[dialect])


def judged(trace, dialect):
    """Return a view of a trace and what the plain way says of it."""
    view = View(trace, DIALECTS[dialect])
    return view, tuple(judge(view, RULES.values()))


def plain(_view, told):
    return {
        each.rule.id: (each.findings, each.held, each.error)
        for each in told
        if each.verdict not in (Verdict.UNPROVEN, Verdict.NOT_APPLICABLE)
    }


def fast(trace, dialect):
    outcome = dispatch(dialect).judge(View(trace, DIALECTS[dialect]))
    named = [name for name in RULES if name in outcome.findings or name in outcome.held or name in outcome.errors]
    return {
        name: (tuple(outcome.findings.get(name, ())), outcome.held.get(name, 0), outcome.errors.get(name, ""))
        for name in named
    }


def ruled_plainly(view, told):
    """Return what the plain way says of each rule: its verdict, findings, and how often it held."""
    told = fold(view, told)
    return {each.rule.id: (each.verdict, each.findings, each.held) for each in told}


def ruled(trace, dialect):
    """Return the same of a run's ruling; what an endpoint leaves out is unproven to those who only read."""
    rulings = rule_on((View(trace, DIALECTS[dialect]),), tuple(RULES.values()), {})
    told = {
        name: (each.verdict, tuple(located.finding for located in each.findings), each.held)
        for name, each in rulings.items()
    }
    optional = {name for name, each in rulings.items() if each.reason.endswith("which is optional")}
    return told | dict.fromkeys(optional, (Verdict.UNPROVEN, (), 0))


def overslept(trace, dialect):
    """Return the rules that have something to say of a trace that gives them no occasion."""
    view = View(trace, DIALECTS[dialect])
    asleep = [rule for rule in RULES.values() if applies(rule, view) and not exercised(rule, view)]
    return [rule.id for rule in asleep if list(rule.check(view))]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("rule_id", RULES)
def test_of_every_sample(rule_id, dialect):
    cases = sample(rule_id)
    if dialect not in cases.get("dialects", DIALECTS):
        pytest.skip(f"the samples are not of {dialect}")
    for kind in ("holds", "silent", "breaks"):
        for lines in cases.get(kind, {}).values():
            trace = trace_of(lines if isinstance(lines, list) else lines["lines"], DIALECTS[dialect])
            assert fast(trace, dialect) == plain(*judged(trace, dialect))
            assert overslept(trace, dialect) == []


def test_of_what_is_written_and_read_again():
    """A trace that went through the reader is judged like the trace that was played."""
    for name, mutant in list(MUTANTS.items())[:40]:
        for dialect in sorted(mutant.dialects):
            spoken = DIALECTS[dialect]
            for trace in rehearse(mutant.during, spoken, partial(mutant.make, spoken)).traces:
                (again,) = recordings_in(io.BufferedReader(io.BytesIO(dumps(trace))), name)
                assert fast(again.trace, dialect) == fast(trace, dialect), name


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("part", range(8))
def test_of_every_mutant(part, dialect):
    for mutant in [each for each in MUTANTS.values() if dialect in each.dialects][part::8]:
        spoken = DIALECTS[dialect]
        for trace in rehearse(mutant.during, spoken, partial(mutant.make, spoken)).traces:
            told = judged(trace, dialect)
            assert fast(trace, dialect) == plain(*told), mutant.id
            assert ruled(trace, dialect) == ruled_plainly(*told), mutant.id
            assert overslept(trace, dialect) == [], mutant.id


def test_of_every_recording_of_a_real_endpoint(recordings):
    for path in recordings:
        for recording in Source(str(path)).recordings():
            for dialect in DIALECTS:
                told = judged(recording.trace, dialect)
                assert fast(recording.trace, dialect) == plain(*told)
                assert overslept(recording.trace, dialect) == []
                assert ruled(recording.trace, dialect) == ruled_plainly(*told)
