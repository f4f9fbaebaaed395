"""Whether a run says the same each time: `python -m tests.repeat.verdicts [MOST]` plays the bundled suite anew.

Prints a line a run, and every rule whose verdict is not the same in all runs of a dialect.  `tox -e repeat`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path

#: Name -> (how often, options of pytest, whether a loop keeps each core busy).
KINDS = {
    "ga": (20, ["-p", "no:randomly"], False),
    "beta": (10, ["-p", "no:randomly", "--dialect=beta"], False),
    "-n 2": (5, ["-p", "no:randomly", "-n", "2"], False),
    "random order": (5, ["-p", "randomly"], False),
    "busy": (5, ["-p", "no:randomly"], True),
}
FOREIGN = ("PYTEST", "REALTIME", "COV", "TOX")


@contextmanager
def busy(wanted):
    """Keep each core busy meanwhile."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() if wanted else 0)
    ]
    try:
        yield
    finally:
        for each in loops:
            each.kill()
            each.wait()


def verdicts(options):
    """Play once; return (status, outcome, rule or conversation -> verdict, seconds)."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        # Generated examples are drawn anew each time unless a seed is given.
        command = [sys.executable, "-m", "pytest", "-q", "--seed=1", *options]
        result = subprocess.run(command, cwd=home, env=kept, capture_output=True, text=True, check=False, timeout=900)
        report = json.loads((Path(home) / "reports/report.json").read_text(encoding="utf-8"))
        seconds = time.monotonic() - began
    told = {each["id"]: each["verdict"] for each in report["rules"]}
    told |= {each["conversation"]: each["outcome"] for each in report["conversations"]}
    return result.returncode, report["outcome"], told, seconds


def runs(most):
    """Yield (kind, number, options, whether cores are kept busy): one of each kind, then the next of each."""
    for number in range(1, 1 + max(times for times, *_ in KINDS.values())):
        for kind, (times, options, loops) in KINDS.items():
            if number <= min(times, most or times):
                yield kind, number, options, loops


def main(most):
    """Play, print, and return 1 if anything differs; Ctrl-C ends it with what is known so far."""
    seen = defaultdict(lambda: defaultdict(list))
    with suppress(KeyboardInterrupt):
        for kind, number, options, loops in runs(most):
            with busy(loops):
                status, outcome, told, seconds = verdicts(options)
            dialect = "beta" if kind == "beta" else "ga"
            for name, verdict in {**told, "the run": f"{outcome}, status {status}"}.items():
                seen[dialect][name].append((verdict, f"{kind} {number}"))
            print(f"{kind:13} {number:3}  status {status}  {outcome:24} {seconds:6.1f} s", flush=True)
    return differences(seen)


def differences(seen):
    """Print every verdict that was not the same in all runs of a dialect; return 1 if there is one."""
    differing = 0
    for dialect, names in seen.items():
        for name, each in sorted(names.items()):
            if len({verdict for verdict, _ in each}) > 1:
                differing += 1
                where = defaultdict(list)
                for verdict, run in each:
                    where[verdict].append(run)
                told = "; ".join(f"{verdict} in {', '.join(among)}" for verdict, among in where.items())
                print(f"{dialect}: {name}: {told}")
    played = sum(len(names["the run"]) for names in seen.values())
    print(f"{differing} verdicts differ in {played} runs")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
