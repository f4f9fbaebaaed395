"""The key is found nowhere: not in a file, not on the terminal, not inside base64 or an archive."""

import base64
import io
import json
import re
import zipfile
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from conformance.contract.auth_styles import STYLES
from conformance.mutants.mutant import Fault
from conformance.play.auth import carries
from conformance.reference.server.server import Server

#: The second half survives any spelling of the special characters before it.
CANARY, MARK = "sk-canary-0/1+2~=", "Zanzibar9f8e7d6c"
PLAIN = "sk-canary-Zanzibar9f8e7d6c"
UNTOUCHED = ("type", "object", "role", "status", "audio")

KNOCKS = """\
scenario: A wrong key is refused.
proves: [connection.a-bad-key-opens-no-session]
steps:
  - expect_refusal: {credential: wrong}
"""
UNKNOWN = """\
scenario: An unknown model is refused.
steps:
  - expect_refusal: {model: wrong}
"""
#: A test of the user's own, in the same run, that is careless with the key.
CARELESS = """\
import logging, os

def test_careless():
    secret = os.environ["CANARY"]
    print("printed", secret)
    logging.getLogger("careless").warning("logged %s", secret)
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("careless").exception("and again")
    assert secret == "", f"compared {secret}"
"""


def spellings(key):
    """Return the key in all the ways in which an endpoint may say it."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
    return {
        "plain": key,
        "in a URL": f"https://test/?key={quote(key, safe='')}",
        "in base64": base64.b64encode(f"Bearer {key}".encode()).decode(),
        "escaped": escaped,
        key: "as a name",
    }


def echoing(key):
    """Make hooks that put the key into everything that the endpoint says freely."""

    def everywhere(value, name=""):
        if isinstance(value, dict):
            return {each: everywhere(inner, each) for each, inner in value.items()}
        if isinstance(value, list):
            return [everywhere(each, name) for each in value]
        free = isinstance(value, str) and name not in UNTOUCHED and not name.endswith("id")
        return f"{value}{key}" if free else value

    def frames(event):
        told = json.dumps({**everywhere(event), "event_id": f"{event.get('event_id')}{key}", "echo": spellings(key)})
        return told.replace("\\\\u", "\\u")

    def admits(decision):
        error = getattr(decision, "error", None)
        if isinstance(error, dict):
            error["message"] = f"Not {key}"
        return decision

    return lambda _dialect: Fault(frames=frames, admits=admits, closes=lambda code, _reason: (code, f"bye {key}"[:120]))


class Echo(Server):
    """The reference, which tells everybody the key; in HTTP too."""

    def __init__(self, key, **settings):
        super().__init__(tokens=(key,), models=("gpt-realtime",), hooks=echoing(key), **settings)
        self.key = key

    def _process(self, connection, request):
        refused = super()._process(connection, request)
        if refused is None:
            return None
        body = f"<p>{self.key} {base64.b64encode(self.key.encode()).decode()}</p>".encode()
        headers = Headers({"X-Echo": self.key, "Content-Length": str(len(body)), "Connection": "close"})
        return Response(refused.status_code, f"No {self.key}", headers, body)


def hits(data, marks):
    """Return where the canary is: as bytes, inside runs of base64, inside members of an archive."""
    found = [mark for mark in marks if mark.encode() in data]
    for run in re.findall(rb"[A-Za-z0-9+/_-]{12,}", data):
        for shift in range(4):
            part = run[shift:]
            part = part[:-1] if len(part) % 4 == 1 else part
            text = base64.urlsafe_b64decode(part.replace(b"+", b"-").replace(b"/", b"_") + b"=" * (-len(part) % 4))
            found += [f"base64 of {mark}" for mark in marks if mark.encode() in text]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                found += [f"{name}: {hit}" for hit in hits(archive.read(name), marks)]
    return found


def search(folder, result, key):
    """Search all that the run printed and wrote; give the files and the hits."""
    marks = {key, quote(key, safe=""), MARK, key.removeprefix("sk-")}
    files = sorted(path for path in folder.path.rglob("*") if path.is_file() and path.suffix != ".pyc")
    everything = {"stdout": result.stdout.encode(), "stderr": result.stderr.encode()}
    everything |= {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in files}
    found = {
        name: each for name, data in everything.items() if (each := hits(data, marks) + hits(name.encode(), marks))
    }
    return list(everything), found


@pytest.fixture
def run(folder, monkeypatch):
    """Return `run(url, key, style)`: everything that can write, writes."""
    folder.talk("talk")
    folder.write("expect_refusal.yaml", KNOCKS)
    folder.write("unknown.yaml", UNKNOWN)
    folder.write("test_careless.py", CARELESS)

    def run_it(url, key, style, *options):
        monkeypatch.setenv("CANARY", key)
        return folder.pytest(
            f"--endpoint={url}", f"--auth={style}", "--token-env=CANARY", "--model=gpt-realtime", ".", "-rA", "-v",
            "--showlocals", "--junitxml=junit.xml", "-ojunit_logging=all", "-olog_cli=true", "--log-level=DEBUG",
            "--log-file=all.log", "--answer-timeout=2", "--retries=1", "--retry-unexpected=1",
            "--baseline=known.yaml", "--update-baseline", *options, token="",
        )  # fmt: skip

    return run_it


def test_the_search_finds_what_is_hidden(folder):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("inner.txt", base64.b64encode(b"xy" + PLAIN.encode()))
    (folder.path / "archive.zip").write_bytes(archive.getvalue())
    folder.write("open.txt", f"a {PLAIN} b")
    searched, found = search(folder, SimpleNamespace(stdout=PLAIN, stderr=""), PLAIN)

    assert set(found) == {"stdout", "archive.zip", "open.txt"}
    assert len(searched) == 4


@pytest.mark.parametrize("style", STYLES)
def test_the_key_is_nowhere_though_the_endpoint_tells_everybody(style, folder, listen, run, record_property):
    key = CANARY + MARK if carries(style, CANARY + MARK) else PLAIN
    result = run(listen(Echo(key)).url, key, style)
    searched, found = search(folder, result, key)
    record_property("searched", searched)
    print("\n".join(searched))

    assert result.returncode == 1, result.stdout + result.stderr
    assert "connection.the-key-never-comes-back" in result.stdout
    assert found == {}
    assert {"junit.xml", "all.log", "known.yaml", "reports/report.json", "reports/verdicts.jsonl"} <= set(searched)
    assert {"reports/traces/talk.jsonl", "reports/traces/expect_refusal.jsonl", "reports/traces/unknown.jsonl"} <= set(
        searched
    )
    assert any(name.startswith("reports/allure-results/") for name in searched)
    assert any(name.startswith(".pytest_cache/") for name in searched)


def test_the_key_is_nowhere_under_xdist(folder, listen, run):
    key = CANARY + MARK
    result = run(listen(Echo(key)).url, key, "bearer", "-n2")

    assert "connection.the-key-never-comes-back" in result.stdout
    assert search(folder, result, key)[1] == {}


def test_the_key_is_nowhere_when_the_answer_to_the_upgrade_tells_it(folder, odd_endpoint, run):
    async def behave(connection):
        await connection.send(json.dumps({"type": "session.created", "event_id": PLAIN, "session": {"id": PLAIN}}))
        await connection.send(PLAIN)
        await connection.send(PLAIN.encode())
        await connection.close(4000, PLAIN)

    url = odd_endpoint(
        behave,
        select_subprotocol=lambda _connection, offered: offered[-1] if offered else None,
        process_response=lambda _connection, _request, response: response.headers.update({"X-Echo": PLAIN}),
    )
    result = run(f"{url}?model=gpt-realtime", PLAIN, "subprotocol")

    assert search(folder, result, PLAIN)[1] == {}


@pytest.mark.parametrize(
    "wrong", ["--endpoint=nonsense://host/?token={}", "--header=x-key {}", "--endpoint=ws://x:y/?key={}"]
)
def test_the_key_is_nowhere_in_what_is_said_of_a_wrong_option(folder, wrong):
    folder.talk("talk")
    result = folder.pytest(wrong.format(PLAIN), f"--token={PLAIN}", "talk.yaml")

    assert result.returncode == 4
    assert search(folder, result, PLAIN)[1] == {}


def test_an_error_of_ours_does_not_show_the_key_in_its_traceback(folder, endpoint, key):
    folder.talk("talk")
    folder.write(
        "conftest.py",
        "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_call(item):\n"
        "    target = item.run.settings.target\n"
        "    key, more = target.key, dict(target=target)\n"
        "    raise RuntimeError(key)\n",
    )
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml", "--showlocals", "--junitxml=junit.xml")

    assert "RuntimeError" in result.stdout
    assert search(folder, result, key)[1] == {}
