"""What only a SHOULD demands fails nothing, and what a profile does not claim is told."""

import json

import pytest

from conformance.reference.server.server import Server

CREATED = {"type": "session.created", "event_id": "event_0", "session": {"id": "sess_1", "type": "realtime"}}
TURN = """
scenario: A turn of text
proves: [usage.completed-has-usage, usage.total-is-the-sum]
steps:
  - configure: {modalities: text}
  - say: Hello.
  - respond
  - await: response.done
"""


@pytest.mark.parametrize("name", ["bad_json", "json_array", "binary_frame"])
def test_an_endpoint_that_hangs_up_on_garbage_is_warned(folder, odd_endpoint, name):
    async def strict(connection):
        await connection.send(json.dumps(CREATED))
        async for _ in connection:
            await connection.close(1003)

    result = folder.pytest(f"scenarios/errors/{name}.yaml", f"--endpoint={odd_endpoint(strict)}", "--no-waivers")

    assert result.returncode == 0, result.stdout
    assert "SHOULD" in result.stdout


def test_what_cannot_be_shown_without_usage_warns_as_its_absence_does(folder, endpoint):
    folder.write("turn.yaml", TURN)

    result = folder.pytest("turn.yaml", f"--endpoint={endpoint('usage-is-missing')}")

    assert result.returncode == 0, result.stdout
    assert "failed" not in result.stdout


def test_an_endpoint_that_offers_more_than_its_profile_claims_is_told_so_and_not_failed(folder, listen, key):
    folder.discovers = True
    url = listen(Server(tokens=(key,))).url

    result = folder.pytest(f"--endpoint={url}", "--profile=yuhuan", "--examples=0", "-n2", within=110)

    assert result.returncode == 0, result.stdout
    assert "conversations stopped" not in result.stdout
    assert "though the profile does not claim" in " ".join(result.stdout.split())
