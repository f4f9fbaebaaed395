"""What judging recordings costs, against `orjson.loads` of the same lines: CPU time, within one process.

Three corpora: short sessions (about 33 entries, a file each), long ones (1,000 entries), and the short ones with the
recordings of real endpoints among them.  Memory is measured in a process of its own.
"""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from conformance.corpus.judging import Task, judge_sources
from conformance.corpus.sources import sources
from conformance.corpus.verdict import Demands
from conformance.mutants.rehearsal import rehearse
from conformance.report.recorded import nothing
from conformance.resources import folder
from conformance.scenario.load import load, loads
from conformance.trace.jsonl import dumps

TASK = Task(Demands(), nothing)
SHORT, LONG = range(20, 51), 1000
TURN = """
  - configure: {modalities: MODALITY}
  - say: Tell me a long story.
  - respond
  - await: response.done
"""
RECORDINGS = Path(__file__).parents[2].parent / "shared" / "traces"
MEASURED = """
import re, sys
from conformance.corpus.judging import Task, judge_in_batches
from conformance.corpus.sources import sources
from conformance.corpus.tally import CorpusTally
from conformance.corpus.verdict import Demands
from conformance.report.recorded import nothing
import time
tally, began = CorpusTally(), time.process_time()
for part in judge_in_batches(sources(sys.argv[1:]), Task(Demands(), nothing)):
    tally += part.tally
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
print(tally.entries, time.process_time() - began, int(peak[1]) // 1024)
"""


def short_traces():
    """Every bundled conversation of about 33 entries, in both dialects."""
    found = []
    for path in sorted(folder("scenarios").rglob("*.yaml")):
        scenario = load(path)
        for dialect in sorted(scenario.dialects):
            found += [trace for trace in rehearse(scenario, dialect).traces if len(trace) in SHORT]
    return found


def long_trace():
    turns = "".join(TURN.replace("MODALITY", kind) for kind in ("text", "audio", "text", "audio"))
    (trace,) = rehearse(loads(f"scenario: Turns\nsteps:\n{turns * 3}", Path("turns.yaml")), "ga").traces
    return replace(trace, entries=trace.entries[:LONG], end=None)


def written(home, traces, count):
    home.mkdir()
    for number in range(count):
        (home / f"{number:05}.jsonl").write_bytes(dumps(traces[number % len(traces)]))
    return home


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Return the corpora by name."""
    home = tmp_path_factory.mktemp("corpora")
    found = {"short": written(home / "short", short_traces(), 600), "long": written(home / "long", [long_trace()], 20)}
    found["mixed"] = written(home / "mixed", [*short_traces()[:90], long_trace()], 400)
    for path in sorted(RECORDINGS.glob("*.jsonl")) if RECORDINGS.is_dir() else ():
        for number in range(10):
            (found["mixed"] / f"real-{number}-{path.name}").write_bytes(path.read_bytes())
    return found


def cpu(work, repeats=3):
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


#: Corpus -> the ratio above which the bench fails; measured ratios are in docs/corpora.md.
LIMITS = {"short": 20, "long": 7, "mixed": 23}


@pytest.mark.parametrize("name", LIMITS)
def bench_judging_recordings_against_parsing_them(corpora, name):
    files = sources([str(corpora[name])])
    lines = [line for file in files for line in Path(file.name).read_bytes().splitlines()]
    judge_sources(files[:50], TASK)

    parsing = cpu(lambda: [None for line in lines if orjson.loads(line) is None])
    judging = cpu(lambda: judge_sources(files, TASK))

    each = judging / len(lines) * 1e6
    print(f"\n{name}: {len(files)} files, {len(lines)} lines, {each:.1f} us a line, ratio {judging / parsing:.1f}")
    assert judging / parsing <= LIMITS[name]


def bench_memory_and_cost_do_not_grow_with_the_corpus(corpora, tmp_path):
    short = [path.read_bytes() for path in sorted(corpora["short"].iterdir())]
    told = {}
    for entries in (10_000, 100_000, 1_000_000):
        count = entries // 33
        path = tmp_path / f"{entries}.jsonl"
        with path.open("wb") as file:
            for number in range(count):
                file.write(short[number % len(short)])
        command = [sys.executable, "-c", MEASURED, path]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines, seconds, peak = output.split()
        told[entries] = (float(seconds) / int(lines) * 1e6, int(peak))
        path.unlink()
        print(f"\n{int(lines):>9,} entries: {told[entries][0]:.1f} us an entry, peak {peak} MiB")

    costs, peaks = zip(*told.values(), strict=True)
    assert max(peaks) <= 80
    assert costs[-1] <= costs[0] * 1.1
