"""All rules over a trace of 1,000 events, against parsing the same trace with orjson."""

import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import orjson

from conformance.contract.dialects import DIALECTS
from conformance.mutants.rehearsal import rehearse
from conformance.rules import RULES
from conformance.rules.engine.judge import judge
from conformance.scenario.load import loads
from conformance.trace.jsonl import dumps
from conformance.trace.trace import Trace
from conformance.trace.views import View

EVENTS = 1000
TURN = """
  - configure: {modalities: MODALITY}
  - say: Tell me a long story.
  - respond
  - await: response.done
"""


def long_trace():
    """Text and audio turns, one after the other, until the trace holds at least 1,000 events; then cut."""
    turns = "".join(TURN.replace("MODALITY", kind) for kind in ("text", "audio", "text", "audio"))
    (trace,) = rehearse(loads(f"scenario: Turns\nsteps:\n{turns * 3}", Path("turns.yaml")), "ga").traces
    assert len(trace) >= EVENTS, len(trace)
    return replace(trace, entries=trace.entries[:EVENTS], end=None)


def best(work, repeats=15):
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return median(times)


def bench_all_rules_over_a_thousand_events_against_parsing_them():
    trace = long_trace()
    lines = [orjson.dumps(entry.event) for entry in trace]
    rules = list(RULES.values())
    assert isinstance(trace, Trace)

    parsing = best(lambda: [orjson.loads(line) for line in lines])
    judging = best(lambda: judge(View(trace, DIALECTS["ga"]), rules))

    size = len(dumps(trace)) // 1024
    print(f"\n{len(rules)} rules, {EVENTS} events, {size} KiB: {judging * 1e3:.1f} ms, parsing {parsing * 1e3:.2f} ms")
    print(f"ratio {judging / parsing:.1f}")
    assert judging / parsing <= 4
