"""Chromium, driven over its own protocol (https://chromedevtools.github.io/devtools-protocol/): open, look, click."""

import json
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager, suppress
from itertools import count
from time import monotonic

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Seconds for a page to show what is looked for.
PATIENCE = 90
#: How often a page is opened at most.
ATTEMPTS = 6


class Page:
    """One tab."""

    def __init__(self, socket):
        self.socket, self.numbers = socket, count(1)

    def call(self, method, **parameters):
        """Send a command and return what it answers."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self.socket.recv(PATIENCE))
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]

    def open(self, path, width=1400, scheme="light"):
        """Open a file at a width, in a colour scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=path.as_uri())
        self.until(f"location.href.startsWith({json.dumps(path.as_uri())}) && document.readyState === 'complete'")

    def js(self, expression):
        """Return the value of an expression, awaited."""
        told = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def open_with(self, path, expression):
        """Open a file, again where it stays an empty shell (Allure 3.18 does at times), until an expression is true."""
        for _ in range(ATTEMPTS - 1):
            self.open(path)
            with suppress(AssertionError):
                return self.until(expression, PATIENCE / ATTEMPTS)
        self.open(path)
        return self.until(expression)

    def until(self, expression, patience=PATIENCE):
        """Wait until an expression is true, and return its value.

        It is asked again every second, for a page that begins anew forgets who waits in it.
        """
        look = f"const look = () => {{ const found = ({expression}); found ? done(found) : setTimeout(look, 50) }}"
        waiting = f"new Promise(done => {{ {look}; look(); setTimeout(() => done(null), 1000) }})"
        until = monotonic() + patience
        while monotonic() < until:
            if (found := self.js(waiting)) is not None:
                return found
        shown = self.js("document.body ? document.body.innerText.slice(0, 300) : 'nothing'")
        raise AssertionError(f"never true: {expression}; the page shows {shown!r}")


@contextmanager
def tab(home):
    """Start a browser whose profile is in *home*, and yield its tab."""
    name = next(filter(None, map(shutil.which, NAMES)))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={home}"]
    with subprocess.Popen([name, *options, "about:blank"], stderr=subprocess.PIPE, text=True) as process:
        try:
            line = next(line for line in process.stderr if "DevTools listening on" in line)
            port = line.rsplit(":", 1)[1].partition("/")[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                found = next(each for each in json.load(answer) if each["type"] == "page")
            with connect(found["webSocketDebuggerUrl"], max_size=None, compression=None) as socket:
                yield Page(socket)
        finally:
            process.kill()
