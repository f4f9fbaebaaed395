"""The real command in a folder of its own, and endpoints that listen, for every room.

Tests that need much time or others' software run where they are asked for.
"""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import hypothesis
import pytest
from websockets.asyncio.server import serve

from conformance.commands.serve import hooks_of
from conformance.play.pool import LoopThread
from conformance.reference.server.server import Server
from tests.preloaded import run_pytest

# How long an example takes says how busy the machine is (or that its lines are counted), nothing of what is tested.
# The same commit gets the same examples; `tox -e slow` draws others each time (--hypothesis-profile).
hypothesis.settings.register_profile("same", hypothesis.settings.default, deadline=None, derandomize=True)
hypothesis.settings.register_profile("other", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("same")

ON_DEMAND = ("package", "matrix", "clients", "slow", "legal", "hostile", "lines", "gateways", "browser", "load")

KEY = "sk-canary-0123456789abcdef"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    asked = config.getoption("markexpr") or ""
    left_out = {name for name in ON_DEMAND if name not in asked}
    deselected = {item for item in items if any(mark.name in left_out for mark in item.iter_markers())}
    if deselected:
        config.hook.pytest_deselected(items=[item for item in items if item in deselected])
        items[:] = [item for item in items if item not in deselected]


@contextmanager
def listening(server):
    """Run anything that has `async with` in a thread of its own."""
    loop_thread = LoopThread()
    try:
        opened = loop_thread.run(server.__aenter__(), 10)
        yield opened
        loop_thread.run(server.__aexit__(None, None, None), 10)
    finally:
        loop_thread.close()


@pytest.fixture
def listen():
    """Return `listen(server) -> what its block gives`: it listens until the test ends."""
    with ExitStack() as stack:
        yield lambda server: stack.enter_context(listening(server))


#: Plugins that only cost time here.
QUIET = [f"-pno:{name}" for name in ("randomly", "benchmark", "hypothesispytest", "anyio", "cov")]

#: Settings of the run around the test; tox moves pytest's cache, for one.  Without bytecode each of the two hundred
#: commands that are run here would compile three hundred modules, most of its time.
FOREIGN = ("PYTEST", "REALTIME", "COV", "TOX", "PYTHONDONTWRITEBYTECODE")

TALK = """\
scenario: The user says something, and the assistant answers in text.
proves: [{proves}]
tags: [{tags}]
steps:
  - configure: {{modalities: text, max_output_tokens: 200}}
  - say: "Say exactly: Good morning."
  - respond
  - await: response.done
"""


class Folder:
    """A folder in which pytest is run."""

    def __init__(self, path):
        self.path = path

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def talk(self, name, proves="ordering.response-done-is-last", tags="chat"):
        """Write a scenario of one text turn."""
        return self.write(f"{name}.yaml", TALK.format(proves=proves, tags=tags))

    discovers = False
    """Whether foreign endpoints are asked what they lack: one more session than a test would count."""

    def command(self, *arguments):
        given = [str(each) for each in arguments]
        if not self.discovers and any(each.startswith("--endpoint") for each in given):
            given.append("--no-discovery")
        return [sys.executable, "-m", "pytest", *QUIET, "--rootdir=.", "-c", self.ini(), *given]

    def ini(self):
        file = self.path / "pytest.ini"
        if not file.exists():
            file.write_text("[pytest]\n", encoding="utf-8")
        return str(file)

    def environment(self, token):
        kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
        return {**kept, "REALTIME_TOKEN": token, "COLUMNS": "80"}

    def pytest(self, *arguments, token=KEY, within=120):
        """Run pytest to its end, with everything imported."""
        command = self.command(*arguments)
        return run_pytest(command[3:], cwd=self.path, env=self.environment(token), within=within)

    def new_interpreter(self, *arguments, token=KEY, within=120):
        """Run pytest to its end, with nothing imported."""
        how = {"cwd": self.path, "env": self.environment(token), "timeout": within}
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, **how)

    def interrupted(self, *arguments, token=KEY, when):
        """Run pytest, and send SIGINT as soon as *when* holds of a line of its output."""
        how = {"cwd": self.path, "env": self.environment(token), "text": True}
        lines, told = [], False
        with subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how
        ) as process:
            for line in process.stdout:
                lines.append(line)
                if when in line and not told:
                    told = True
                    process.send_signal(signal.SIGINT)
            return process.wait(60), "".join(lines)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def key():
    """The key that the endpoints here know."""
    return KEY


class Odd:
    """A websockets server that does with each connection what *behave* says."""

    def __init__(self, behave, **settings):
        self.behave, self.settings = behave, settings

    async def __aenter__(self):
        self.server = await serve(self.behave, "127.0.0.1", 0, **self.settings)
        port = next(iter(self.server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}/v1/realtime"

    async def __aexit__(self, *error):
        self.server.close()
        await self.server.wait_closed()


@pytest.fixture
def odd_endpoint(listen):
    return lambda behave, **settings: listen(Odd(behave, **settings))


@pytest.fixture
def endpoint(listen, key):
    """Return `endpoint(mutant="", **settings) -> url` of a reference that listens until the test ends."""

    def make(mutant="", **settings):
        hooks = hooks_of(mutant) if mutant else None
        settings = {"tokens": (key,), "models": ("gpt-realtime",), "hooks": hooks, **settings}
        return listen(Server(**settings)).url + "?model=gpt-realtime"

    return make


@pytest.fixture
def deaf_port():
    """A port that refuses: bound, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
