"""A whole session of pytest that plays 100 conversations at once, with all its reports, against the slowest of them.

The endpoint is a process of its own.  At the pace of a real model (first words after 300 ms, 25 a second, about six
seconds in all) the session may take 1.5 times as long as the slowest conversation.  An endpoint that answers at once
shows what is left then: the start of pytest, 3,500 items, judging and reports.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import orjson
import pytest

from conformance.resources import folder

CONVERSATIONS = 100
#: Pace of the endpoint -> words of an answer, and times the slowest conversation that the session may take.
PACES = {"realtime": (150, 1.5), "fast": (9, None)}
ROUNDS = 3
#: Plugins that only the tests of the harness bring along.
WITHOUT = [f"-pno:{name}" for name in ("randomly", "benchmark", "anyio", "xdist")]


@pytest.fixture
def endpoint(request):
    """Return the URL of a reference endpoint in a process of its own."""
    serve = "from conformance.commands.cli import main; main()"
    command = [sys.executable, "-c", serve, "serve", "--pace", request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield request.param, process.stdout.readline().split()[1]
        process.send_signal(signal.SIGINT)


def played(home, url):
    """Return the seconds that a session takes, its seconds of CPU, and the seconds of its slowest conversation."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    options = ["-q", *WITHOUT, "mine", f"--endpoint={url}", "--examples=0", f"--sessions={CONVERSATIONS}"]
    shutil.rmtree(home / "reports", ignore_errors=True)
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=home, env=kept, capture_output=True, check=True)
    wall, after = time.perf_counter() - began, os.times()
    lines = map(orjson.loads, (home / "reports" / "verdicts.jsonl").read_bytes().splitlines())
    seconds = [each["record"]["seconds"] for each in lines if "record" in each]
    assert len(seconds) == CONVERSATIONS
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, max(seconds)


@pytest.mark.parametrize("endpoint", PACES, indirect=True)
def bench_a_session_of_100_conversations(endpoint, tmp_path):
    pace, url = endpoint
    words, most = PACES[pace]
    script = (folder("scenarios") / "response" / "text_turn.yaml").read_text(encoding="utf-8")
    script = script.replace("The quick brown fox jumps over the lazy dog.", "word " * words)
    for number in range(CONVERSATIONS):
        path = tmp_path / "mine" / f"talk{number:03}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script.replace("max_output_tokens: 200", "max_output_tokens: 1000"), encoding="utf-8")
    played(tmp_path, url)  # caches bytecode

    wall, cpu, slowest = min(played(tmp_path, url) for _ in range(ROUNDS))

    told = f"{wall:.2f} s ({cpu:.2f} s of CPU), slowest {slowest:.2f} s, ratio {wall / slowest:.2f}"
    print(f"\n{CONVERSATIONS} conversations, {pace}: {told}, load {os.getloadavg()[0]:.1f}")
    assert most is None or wall / slowest <= most
