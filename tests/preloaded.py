"""Runs of pytest that start with everything imported: each is a fork of a process that does nothing but import.

Hundreds of tests play scenarios with the real command.  Its imports are two thirds of what a short run costs, and
nothing of what those tests are about; the tests of imports and of signals start interpreters of their own.  A run has
a process, arguments, environment, folder and output of its own, and ends as any interpreter ends.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

#: What nearly every run imports.
IMPORTED = (
    "allure", "allure_commons.logger", "execnet", "websockets.asyncio.client", "websockets.asyncio.server",
    "conformance.options.given", "conformance.plugin.run", "conformance.reference.server.server",
    "conformance.report.allure", "conformance.report.diagnosis", "conformance.report.json", "conformance.report.junit",
    "conformance.report.page", "conformance.report.raw_frame", "conformance.report.terminal",
)  # fmt: skip

#: Of these, what pytest would import anew, to rewrite assertions that it does not hold.
REWRITTEN = ("allure", "conformance")

#: Each run has its own path; and what is imported shall leave its bytecode.
NOT_AT_START = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")

#: Where a fork is safe, whatever was imported.
FORKS = sys.platform == "linux"


class Preloaded:
    """A process that has imported, and forks at each request."""

    def __init__(self):
        env = {name: text for name, text in os.environ.items() if name not in NOT_AT_START}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([sys.executable, __file__], env=env, text=True, **pipes)
        self.one_at_a_time = threading.Lock()
        atexit.register(self.close)

    def run(self, arguments, *, cwd, env, within):
        """Do what `subprocess.run` does with `python -m pytest ARGUMENTS`, output captured, and return the same."""
        with tempfile.TemporaryDirectory() as place, self.one_at_a_time:
            out, err = Path(place, "out"), Path(place, "err")
            self.ask(arguments=arguments, cwd=str(cwd), env=env, out=str(out), err=str(err))
            pid, late = int(self.process.stdout.readline()), False
            if not select.select([self.process.stdout], [], [], within)[0]:
                late = True
                os.kill(pid, signal.SIGKILL)
            status = int(self.process.stdout.readline())
            if late:
                raise subprocess.TimeoutExpired(arguments, within, out.read_text(), err.read_text())
            return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


preloaded = cache(Preloaded)


def run_pytest(arguments, *, cwd, env, within):
    """Run `python -m pytest ARGUMENTS` in *cwd* for at most *within* seconds; return what `subprocess.run` returns."""
    if FORKS:
        return preloaded().run(arguments, cwd=cwd, env=env, within=within)
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=within, check=False)


def import_everything():
    """Import what a run imports, and keep it out of what its garbage collector walks through."""
    package = importlib.import_module("_pytest")
    for name in [f"_pytest.{each.name}" for each in pkgutil.iter_modules(package.__path__)] + list(IMPORTED):
        importlib.import_module(name)
    for name in REWRITTEN:  # else pytest warns that it comes too late
        sys.modules[name].__doc__ = f"{sys.modules[name].__doc__}\n\nPYTEST_DONT_REWRITE"
    gc.collect()
    gc.freeze()


def next_request():
    """Return a request, in a fork of this process, which tells its process id, and its status when it has ended."""
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            return json.loads(line)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    os._exit(0)


def become(request):
    """Make this process the one that was asked for."""
    files = [os.open(request[each], os.O_WRONLY | os.O_CREAT) for each in ("out", "err")]
    for number, file in enumerate([os.open(os.devnull, os.O_RDONLY), *files]):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[:1] = [request["cwd"], *filter(None, request["env"].get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["-m", *request["arguments"]]


if __name__ == "__main__":
    import_everything()
    become(next_request())
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
