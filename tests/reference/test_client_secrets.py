"""Keys that live briefly: asked for over plain HTTP, on the port of the sockets."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conformance.contract.dialects import DIALECTS
from conformance.reference.server.client_secrets import ClientSecrets, MintedSecret
from conformance.reference.server.server import Server

KEY = "sk-of-the-owner-0000000"
PATHS = {"ga": "/v1/realtime/client_secrets", "beta": "/v1/realtime/sessions"}


async def post(server, path, body=b"{}", key=KEY, pieces=1):
    """Send a POST in so many pieces and return (status, body)."""
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\nAuthorization: Bearer {key}\r\n\r\n"
    whole = head.encode() + body
    size = -(-len(whole) // pieces)
    for start in range(0, len(whole), size):
        writer.write(whole[start : start + size])
        await writer.drain()
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def posted(path, body=b"{}", **how):
    async def once():
        async with Server(tokens=(KEY,)) as server:
            return await post(server, path, body, **how)

    return asyncio.run(once())


@pytest.mark.parametrize("pieces", [1, 3, 50])
def test_a_key_gets_a_secret_however_the_request_is_cut(pieces):
    body = b'{"session": {"type": "realtime", "instructions": "Be brief."}}'
    status, answer = posted(PATHS["ga"], body, pieces=pieces)

    assert status == 200
    assert answer["value"].startswith("ek_")
    assert answer["session"]["instructions"] == "Be brief."


def test_in_beta_the_answer_is_the_session():
    status, answer = posted(PATHS["beta"], b'{"instructions": "Be brief."}')

    assert (status, answer["instructions"]) == (200, "Be brief.")
    assert answer["client_secret"]["value"].startswith("ek_")


@pytest.mark.parametrize(
    ("path", "body", "key", "status", "code"),
    [
        (PATHS["ga"], b"{}", "sk-wrong", 401, "invalid_api_key"),
        (PATHS["ga"], b"{", KEY, 400, "invalid_json"),
        (PATHS["ga"], b"[]", KEY, 400, "invalid_type"),
        (PATHS["ga"], b'{"expires_after": {"seconds": 9}}', KEY, 400, "integer_below_min_value"),
        (PATHS["ga"], b'{"expires_after": {"seconds": 7201}}', KEY, 400, "integer_above_max_value"),
        (PATHS["ga"], b'{"session": {"type": "realtime", "colour": 1}}', KEY, 400, "unknown_parameter"),
        ("/v1/realtime/calls", b"{}", KEY, 404, "not_found"),
    ],
)
def test_what_cannot_be_given_is_refused_with_a_reason(path, body, key, status, code):
    answered, answer = posted(path, body, key=key)

    assert (answered, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_secret_opens_a_session_with_its_settings_and_its_model(dialect):
    spoken = DIALECTS[dialect]
    body = spoken.minting.request(spoken.session({"instructions": "Be brief."}), "gpt-realtime-mini", None)

    async def opened():
        async with Server(tokens=(KEY,)) as server:
            _, answer = await post(server, PATHS[dialect], json.dumps(body).encode())
            value = answer["value"] if dialect == "ga" else answer["client_secret"]["value"]
            headers = {"Authorization": f"Bearer {value}", **spoken.headers}
            async with connect(server.url, additional_headers=headers, proxy=None) as client:
                return json.loads(await client.recv())["session"]

    session = asyncio.run(opened())
    assert (session["instructions"], session["model"]) == ("Be brief.", "gpt-realtime-mini")


def test_a_secret_that_nobody_gave_opens_nothing():
    async def refused():
        async with Server(tokens=(KEY,)) as server:
            headers = {"Authorization": "Bearer ek_000000000000000000000"}
            async with connect(server.url, additional_headers=headers, proxy=None):
                pass

    with pytest.raises(InvalidStatus, match="401"):
        asyncio.run(refused())


def test_time_ends_a_secret():
    now = 1000.0
    secrets = ClientSecrets(wall=lambda: now)
    made = secrets.mint(PATHS["ga"], b'{"expires_after": {"anchor": "created_at", "seconds": 10}}', None, None)
    assert isinstance(made, MintedSecret)
    secret = secrets.named([made.content["value"]])

    assert not secrets.expired(secret)
    now += 10
    assert secrets.expired(secret)


def test_an_endpoint_without_them_says_so():
    made = ClientSecrets().mint(PATHS["ga"], b"", None, frozenset())

    assert made.status == 404
