"""What one conversation costs from the start of pytest to its reports: CPU seconds of a whole process.

Bytecode is cached beforehand, as an installation does.  Beside it stands what an empty run of pytest costs here, with
the same plugins: on a slow moment both grow.
"""

import os
import resource
import subprocess
import sys

from conformance.resources import folder

MOST = 0.6
REPEATS = 5


def cpu(*arguments, where):
    """Return the user and system seconds of a run of pytest."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(where / "bytecode")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments], cwd=where, env=kept, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench_one_conversation_with_its_reports(tmp_path):
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    scenario = folder("scenarios") / "response" / "text_turn.yaml"
    cpu(str(scenario), where=tmp_path)

    empty = min(cpu("test_nothing.py", where=tmp_path) for _ in range(REPEATS))
    whole = min(cpu(str(scenario), "--examples=0", where=tmp_path) for _ in range(REPEATS))

    print(f"\none conversation: {whole:.2f} CPU s, an empty run of pytest {empty:.2f} CPU s")
    assert whole <= MOST or whole <= 4 * empty
