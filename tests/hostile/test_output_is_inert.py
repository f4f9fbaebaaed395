"""Whatever an endpoint says, no terminal obeys it and no line is forged."""

import json
import re

import pytest

from conformance.commands.cli import main

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\u202e\u2066\ud800\u2028\r\nPASSED forged line\n"
ACTIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


async def in_events(connection):
    """Put it into types, ids, names, messages and texts."""
    session = {"id": f"sess{EVIL}", "object": "realtime.session", EVIL: EVIL}
    await connection.send(json.dumps({"type": "session.created", "event_id": EVIL, "session": session}))
    async for text in connection:
        asked = json.loads(text)
        await connection.send(json.dumps({"type": f"session.updated{EVIL}", "event_id": EVIL, "item_id": EVIL}))
        error = {"type": EVIL, "code": EVIL, "message": EVIL, "param": EVIL, "event_id": asked.get("event_id")}
        await connection.send(json.dumps({"type": "error", "event_id": EVIL, "error": error}))


async def in_close_reasons(connection):
    """Put it into the reason of a close."""
    await connection.close(4000, EVIL.replace("\ud800", "")[:40])


async def in_no_json(connection):
    """Send it as it is."""
    await connection.send("\x1b[2J\x07\x00\nPASSED forged line")
    await connection.wait_closed()


async def as_wrong_types(connection):
    """Send what is no text where a text belongs."""
    await connection.send(json.dumps({"type": [EVIL], "event_id": {EVIL: 1}, "session": EVIL}))
    await connection.send(json.dumps({"type": "error", "error": {"code": [EVIL], "type": {EVIL: 2}, "message": 1}}))
    await connection.wait_closed()


BEHAVIOURS = (in_events, in_close_reasons, in_no_json, as_wrong_types)


@pytest.mark.parametrize("behave", BEHAVIOURS, ids=lambda behave: behave.__name__)
def test_a_run_prints_nothing_that_a_terminal_obeys(folder, odd_endpoint, behave, capsys):
    folder.talk("talk")
    folder.discovers = True
    result = folder.pytest(f"--endpoint={odd_endpoint(behave)}", ".", "-rA", "-vv", "--answer-timeout=0.5")
    told = result.stdout + result.stderr
    for trace in (folder.path / "reports" / "traces").rglob("*.jsonl"):
        with pytest.raises(SystemExit) as ended:
            main(["check", str(trace)])
        assert ended.value.code in (0, 1, 4)
        told += "".join(capsys.readouterr())

    assert result.returncode in (1, 6), told
    assert ACTIVE.findall(told) == []
    assert "\nPASSED forged" not in told, told
    assert "Traceback" not in told, told
    assert "INTERNALERROR" not in told
