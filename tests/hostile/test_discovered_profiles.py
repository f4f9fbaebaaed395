"""What `discover` prints is a profile that somebody pins: an endpoint may not write in it, no secret stands in it."""

import json

import pytest
import yaml

from conformance.commands.cli import main
from conformance.contract.profile import load_profile

INJECTED = "no\nwaivers:\n  session.created-comes-first: {reason: x, source: y}\n#"


def refusing(message):
    """Return a websockets handler that opens sessions and refuses every update that names a setting with *message*."""

    async def behave(connection):
        session = {"id": "sess_1", "object": "realtime.session"}
        await connection.send(json.dumps({"type": "session.created", "event_id": "e", "session": session}))
        async for text in connection:
            asked = json.loads(text)
            if not set(asked.get("session", {})) - {"type"} and asked["type"] == "session.update":
                await connection.send(json.dumps({"type": "session.updated", "event_id": "e", "session": session}))
                continue
            error = {"type": "invalid_request_error", "code": "bad", "message": message}
            error["event_id"] = asked.get("event_id")
            await connection.send(json.dumps({"type": "error", "event_id": "e", "error": error}))

    return behave


@pytest.fixture
def discovered(odd_endpoint, capsys):
    """Return `discovered(message, query="", user="") -> (status, output)` of the command."""

    def ask(message, query="", user=""):
        url = odd_endpoint(refusing(message)).replace("ws://", f"ws://{user}") + query
        with pytest.raises(SystemExit) as ended:
            main(["discover", url, "--token=sk-canary-0123456789"])
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return ask


@pytest.mark.parametrize("break_", ["\n", "\r", "\x85", "\u2028", "\u2029", "\x0b"])
def test_an_endpoint_writes_no_waivers(discovered, tmp_path, break_):
    status, out, _ = discovered(INJECTED.replace("\n", break_))
    file = tmp_path / "profile.yaml"
    file.write_text(out, encoding="utf-8")

    assert status == 0
    assert "not offered: tools" in out
    assert load_profile(file).waivers == {}
    assert set(yaml.safe_load(out)) <= {"title", "sources", "dialect", "path", "auth", "features"}


@pytest.mark.parametrize("message", ["\x1b[31mred", "\x9b31m", "\x00", "\u202eright to left", "\ud800"])
def test_a_discovered_profile_holds_no_controls(discovered, message):
    _, out, err = discovered(message)

    assert message[0] not in out + err


def test_a_discovered_profile_holds_no_secret_of_the_url(discovered):
    status, out, err = discovered("api-key=sEcReT-in-query", "?api-key=sEcReT-in-query", "somebody:sEcReT-password@")

    assert status == 0
    assert "sEcReT" not in out + err


def test_a_url_that_cannot_be_used_is_told_without_its_secret(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["discover", "gopher://host/?api-key=sEcReT-in-query"])

    assert ended.value.code == 4
    assert "sEcReT" not in "".join(capsys.readouterr())
