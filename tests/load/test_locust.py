"""`realtime-conformance load` is a worker of a real Locust master: users rise and fall there, verdicts are told here.

`tox -e load` installs Locust; it registers a pytest plugin, so it lives in an environment of its own.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.commands.locust_stats import LocustStats
from conformance.errors import UsageError

pytestmark = pytest.mark.load
COMMAND = str(Path(sys.executable).with_name("realtime-conformance"))
LOCUST = os.environ.get("LOCUST") or shutil.which("locust")
USERS = 12
FILE = """\
from locust import User, task
class Conversation(User):
    @task
    def nothing(self): ...
"""


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


@contextmanager
def master(folder, seconds):
    """Run a master that lets USERS users be for so many seconds; give its port and what it will have printed."""
    (folder / "locustfile.py").write_text(FILE)
    port = free_port()
    command = [LOCUST, "--master", "--headless", "-f", "locustfile.py", "--master-bind-host=127.0.0.1"]
    command += [f"--master-bind-port={port}", f"-u{USERS}", f"-r{USERS}", f"-t{seconds}s", "--expect-workers=1"]
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    with (folder / "master.txt").open("w") as out:
        process = subprocess.Popen(
            [*command, "--json"], cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=kept, stdin=subprocess.DEVNULL
        )
        try:
            yield port, process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def joined(tmp_path):
    """Return `joined(url, key) -> (status, our output, the master's)`: of a worker of a real master."""
    if LOCUST is None:
        pytest.skip("there is no locust here (tox -e load)")

    def join(url, key):
        with master(tmp_path, 10) as (port, process):
            worker = subprocess.run(
                [COMMAND, "load", url, f"--master=127.0.0.1:{port}"],
                cwd=tmp_path,
                env={**os.environ, "REALTIME_TOKEN": key},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            process.wait(30)
        return worker, (tmp_path / "master.txt").read_text(), tmp_path

    return join


def test_users_of_a_real_master_are_judged_conversations(joined, endpoint, key):
    worker, told, folder = joined(endpoint(), key)

    assert worker.returncode == 0, worker.stdout + worker.stderr
    assert "the same under load as in a single conversation" in worker.stdout
    soak = json.loads((folder / "reports/soak.json").read_text())
    assert soak["most_open"] == USERS
    assert soak["leaks"] == []
    rows = {each["name"]: each for each in json.loads(told[told.index("[\n") :].partition("\n]")[0] + "\n]")}
    spoken = sum(each["num_requests"] for name, each in rows.items() if name.startswith("conversation "))
    assert 0 < spoken <= soak["conversations"]
    assert sum(each["num_failures"] for each in rows.values()) == 0
    assert rows["response_done"]["num_requests"] > spoken


def test_a_master_that_is_not_there_is_one_sentence(tmp_path, endpoint, key):
    pytest.importorskip("zmq")
    from conformance.commands.load import load

    with pytest.raises(UsageError, match="no answer from"):
        load(endpoint(), f"127.0.0.1:{free_port()}", key, None, "bearer", tmp_path)


def test_times_are_told_as_locust_counts_them():
    stats = LocustStats()
    for seconds in (0.0123, 0.1234, 1.234):
        stats.add("response_done", seconds)
    stats.add("conversation text", 2.0, "a verdict differs")
    told = stats.report()

    assert told["stats"][0]["response_times"] == {12: 1, 120: 1, 1200: 1}
    assert told["stats_total"]["num_requests"] == 4
    assert told["stats_total"]["num_failures"] == 1
    assert [each["occurrences"] for each in told["errors"].values()] == [1]
    assert stats.report()["stats"] == []
