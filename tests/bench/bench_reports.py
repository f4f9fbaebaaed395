"""What all reports together cost: the bundled suite (1,000 items) with them, and without any, in seconds of CPU."""

import os
import resource
import subprocess
import sys

#: A plugin that leaves out every file that is written at the end.
WITHOUT = """
import conformance.plugin.reports as reports


def pytest_configure():
    reports.write_files = reports.write_summary = lambda *_result, **_how: None
"""
#: Times as much with reports.
MOST = 1.5
ROUNDS = 3


def spent(folder, *options):
    """Return the seconds of CPU of a run of the bundled suite."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-pno:randomly", "-pno:benchmark", "--examples=0", *options]
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "REALTIME"))}
    done = subprocess.run(
        [*command, f"--reports={folder / 'reports'}"], cwd=folder, env={**kept, "PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def bench_all_reports_cost_half_as_much_again_at_most(tmp_path):
    (tmp_path / "without_reports.py").write_text(WITHOUT)
    without, with_all = [], []
    for _ in range(ROUNDS):
        without.append(spent(tmp_path, "-pwithout_reports", "-pno:allure_pytest"))
        with_all.append(spent(tmp_path))
    ratio = min(with_all) / min(without)
    print(f"all reports: {min(with_all):.1f} s of CPU, none: {min(without):.1f} s, ratio {ratio:.2f}")
    assert ratio <= MOST
