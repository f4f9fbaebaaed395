"""A page in headless Chromium: authentication by subprotocol, a text turn, and audio played into an AudioContext."""

import http.server
import json
import queue
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.clients
KEY = "sk-reference-key"
PAGE = Path(__file__).with_name("page.html")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def website():
    """Serve the page on loopback, and give its address and a queue of what it tells."""
    told = queue.Queue()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(PAGE.read_bytes(), "text/html; charset=utf-8")

        def do_POST(self):
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"", "text/plain")

        def answer(self, body, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{site.server_port}/", told
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


@contextmanager
def browser(address, profile):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("needs chromium: run tox -e clients as root, or install it")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    flags += ["--autoplay-policy=no-user-gesture-required", "--disable-background-networking", "--disable-sync"]
    command = [program, *flags, f"--user-data-dir={profile}", address]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(10)


@pytest.mark.parametrize("quirks", ["", "real-openai-2026-09"])
def test_a_page_writes_hears_and_plays(serve, tmp_path, quirks):
    with (
        serve(quirks=quirks) as url,
        website() as (site, told),
        browser(f"{site}#{quote(f'{url} {KEY}')}", tmp_path),
    ):
        page = told.get(timeout=40)

    assert page["subprotocol"] == "realtime"
    assert page["text"] == "Good morning."
    assert page["samples"] >= 2400
    assert page["played"] == page["samples"]
    assert page["peak"] == pytest.approx(8000 / 32768, abs=0.01)
    assert (page["errors"], page["closed"]) == ([], 1000)
