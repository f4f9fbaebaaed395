"""What a hostile endpoint leaves on the disk and the terminal of a real run: text that reads, nothing that acts."""

import json

import pytest

from conformance.reference.server.server import Server
from tests.report.hostile_text import ACTIVE, HOSTILE

#: Files that a browser opens.
MARKUP = (".html", ".svg", ".xml", ".md")
#: What a JSON file may hold as it came: it is evidence, and only a reader of text would obey it.
EVIDENCE = ("traces/", "verdicts.jsonl")
#: Fields in which an endpoint may say what it likes.
WORDS = ("text", "delta", "message", "code", "status")


class Hostile(Server):
    """The reference, of which each text in a response or an error ends in scripts and escapes."""

    def _session(self, upgrade, number):
        session = super()._session(upgrade, number)
        session.sends = lambda event: [event if event["type"].startswith("session.") else json.dumps(worse(event))]
        return session


def worse(value, key=""):
    if isinstance(value, dict):
        return {name: worse(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [worse(each, key) for each in value]
    return value + HOSTILE if isinstance(value, str) and key in WORDS else value


@pytest.fixture
def played(folder, listen, key, monkeypatch):
    """Return what a run of two conversations prints; its files lie in the folder."""
    folder.talk("talk")
    folder.write("odd.yaml", "scenario: A mistake.\nsteps:\n  - send: {type: no.such_event}\n    answer: error\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder.path / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    url = listen(Hostile(tokens=(key,), models=("gpt-realtime",))).url
    return folder.pytest(f"--endpoint={url}?model=gpt-realtime", "talk.yaml", "odd.yaml", "-v", "-rA")


def test_nothing_acts_on_the_terminal_or_in_any_file(played, folder):
    files = [each for each in folder.path.rglob("*") if each.is_file() and "cache" not in each.as_posix()]
    written = {each.relative_to(folder.path).as_posix(): each.read_bytes() for each in files}

    assert played.returncode == 1, played.stdout + played.stderr
    assert {"reports/index.html", "reports/junit.xml", "reports/report.json", "summary.md"} <= written.keys()
    assert any(name.endswith(".svg") for name in written)
    assert "gnp.exe" in played.stdout
    assert [each for each in ACTIVE if each in played.stdout + played.stderr and not each.startswith("<")] == []
    for name, body in written.items():
        raw = [each for each in ACTIVE if name.endswith(MARKUP) or not each.startswith("<")]
        if any(part in name for part in EVIDENCE):
            raw = ["\x1b", "\x00", "\ud83d", "\r"]
        assert [each for each in raw if each.encode("utf-8", "surrogatepass") in body] == [], name
