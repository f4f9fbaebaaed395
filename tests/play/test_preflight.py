import asyncio
import json
from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.play.preflight import preflight
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.secrets import Scrubber


def diagnosed(run, served, talk, **options):
    async def fly():
        async with served(talk, **options) as target:
            return await preflight(Wire(target), target, Scrubber((target.key,)))

    return run(fly())


async def silent(ws):
    await ws.wait_closed()


async def closes_at_once(ws):
    await ws.close(1011, "no worker")


def says(text):
    async def talk(ws):
        await ws.send(text)
        await ws.wait_closed()

    return talk


async def echoes(ws):
    async for frame in ws:
        await ws.send(frame)


async def chats(ws):
    async for _ in ws:
        await ws.send("Pardon?")


def answers(status):
    def refuse(connection, _request):
        return connection.respond(status, "")

    return {"process_request": refuse}


def test_a_good_endpoint_is_ready_and_tells_its_dialect(run, served):
    told = '{"type": "session.created", "session": {"modalities": ["text"], "input_audio_format": "pcm16"}}'

    diagnosis = diagnosed(run, served, says(told))

    assert diagnosis.ready
    assert diagnosis.dialect.name == "beta"


@pytest.mark.parametrize(
    ("talk", "options", "trouble", "cure"),
    [
        (silent, answers(401), "the key was refused", "REALTIME_TOKEN"),
        (silent, answers(404), "there is no such path", "/v1/realtime"),
        (silent, answers(429), "limits the rate", "Wait"),
        (silent, answers(503), "the endpoint, or a proxy before it, cannot serve", "later"),
        (silent, answers(418), "the upgrade was refused", "--endpoint"),
        (silent, {}, "no event came", "session.created"),
        (echoes, {}, "sends back what it is sent", "an echo, and no Realtime endpoint"),
        (chats, {}, "was answered by a frame that is no event", "Is this a Realtime endpoint?"),
        (closes_at_once, {}, "ended at once (the endpoint closed with 1011 (no worker))", "--model"),
        (says("hello"), {}, "not a JSON object", "Realtime endpoint"),
        (
            says('{"type": "error", "error": {"code": "invalid_api_key", "message": "Incorrect"}}'),
            {},
            "invalid_api_key: Incorrect",
            "REALTIME_TOKEN",
        ),
        (says('{"type": "error", "error": "boom"}'), {}, "boom", "--model"),
    ],
)
def test_a_bad_endpoint_gets_one_diagnosis_with_cause_and_cure(run, served, talk, options, trouble, cure):
    diagnosis = diagnosed(run, served, talk, **options)

    assert not diagnosis.ready
    assert trouble in diagnosis.trouble
    assert cure in diagnosis.cure


def test_a_session_created_that_is_lost_is_told_as_lost(run, served):
    async def loses_the_first(ws):
        asked = json.loads(await ws.recv())
        await ws.send(json.dumps({"type": "session.updated", "event_id": "e1", "session": asked["session"]}))
        await ws.wait_closed()

    diagnosis = diagnosed(run, served, loses_the_first)

    assert not diagnosis.ready
    assert diagnosis.trouble == "session.created never came, though a session.update was answered by session.updated"
    assert "lost" in diagnosis.cure
    assert "--model" not in diagnosis.cure


def test_the_key_is_in_no_diagnosis(run, served):
    def echo(connection, request):
        return connection.respond(403, f"who is {request.headers['Authorization']}?")

    diagnosis = diagnosed(run, served, silent, process_request=echo)

    assert "sk-secret-key" not in repr(diagnosis)
    assert "‹token›" in diagnosis.trouble


@pytest.mark.parametrize(
    ("talk", "options"),
    [
        (silent, answers(401)),
        (says('{"type": "error", "error": {"code": "missing_api_key", "message": "No key"}}'), {}),
    ],
)
def test_a_key_that_nobody_gave_was_not_refused(run, served, talk, options):
    async def fly():
        async with served(talk, **options) as target:
            keyless = replace(target, key="")
            return await preflight(Wire(keyless), keyless, Scrubber())

    diagnosis = run(fly())

    assert diagnosis.trouble.startswith("no key was given, and the endpoint requires one (")
    assert "refused" not in diagnosis.trouble.partition("(")[0]
    assert "REALTIME_TOKEN" in diagnosis.cure


def test_an_answer_that_is_not_tls_is_called_so(run, patience):
    async def babble(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def fly():
        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            target = Target(
                f"wss://127.0.0.1:{port}/v1/realtime", DIALECTS["ga"], "sk-secret-key", "m", patience=patience
            )
            return await preflight(Wire(target), target, Scrubber((target.key,)))

    diagnosis = run(fly())

    assert "answers, but not in TLS" in diagnosis.trouble
    assert "ws://" in diagnosis.cure


def test_a_plain_port_that_is_asked_for_tls_is_called_plain(run, served):
    async def fly():
        async with served(silent) as target:
            secure = replace(target, url=target.url.replace("ws://", "wss://"))
            return await preflight(Wire(secure), secure, Scrubber((target.key,)))

    diagnosis = run(fly())

    assert "asked for TLS" in diagnosis.trouble
    assert "ws://" in diagnosis.cure
