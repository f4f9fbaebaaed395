import asyncio
import os
import socket
import ssl

import pytest

from conformance.contract.revisions.ga import GA
from conformance.play.connection import Disconnected, Refusal
from conformance.play.plain import words_of
from conformance.play.target import Target, upgrade_request_for
from conformance.play.wire import Wire, WireConnection

FRAME = "x" * (7 * 2**20)


def test_a_session_is_opened_and_the_handshake_noted(run, served):
    async def talk(ws):
        await ws.send('{"type": "session.created"}')
        await ws.wait_closed()

    async def play():
        async with served(talk, subprotocols=["realtime"]) as target:
            connection = await Wire(target).connect(upgrade_request_for(target, {"auth": "subprotocol"}))
            assert isinstance(connection, WireConnection)
            first = await connection.receive(2)
            end = await connection.close()
            return connection.handshake, first, end

    handshake, first, end = run(play())

    assert (handshake.status, handshake.subprotocol) == (101, "realtime")
    assert handshake.offered_subprotocols[0] == "realtime"
    assert first == '{"type": "session.created"}'
    assert (end.code, end.by_client, end.graceful) == (1000, True, True)


def test_a_frame_of_seven_mebibytes_arrives(run, served):
    async def talk(ws):
        await ws.send(FRAME)

    async def play():
        async with served(talk) as target:
            connection = await Wire(target).connect(upgrade_request_for(target, {}))
            return await connection.receive(5)

    assert len(run(play())) == len(FRAME)


def test_the_endpoints_close_frame_is_told(run, served):
    async def talk(ws):
        await ws.close(4000, "invalid_request_error.invalid_model")

    async def play():
        async with served(talk) as target:
            connection = await Wire(target).connect(upgrade_request_for(target, {}))
            with pytest.raises(Disconnected) as gone:
                await connection.receive(2)
            return gone.value, await connection.close()

    gone, again = run(play())

    assert (gone.code, gone.reason, gone.by_client) == (4000, "invalid_request_error.invalid_model", False)
    assert (again.code, again.by_client) == (4000, False)


def test_a_broken_connection_has_no_code(run, served):
    async def talk(ws):
        ws.transport.abort()

    async def play():
        async with served(talk) as target:
            connection = await Wire(target).connect(upgrade_request_for(target, {}))
            with pytest.raises(Disconnected) as gone:
                await connection.receive(2)
            return gone.value

    assert run(play()).code is None


def test_silence_is_a_timeout(run, served):
    async def talk(ws):
        await ws.wait_closed()

    async def play():
        async with served(talk) as target:
            connection = await Wire(target).connect(upgrade_request_for(target, {}))
            with pytest.raises(TimeoutError):
                await connection.receive(0.01)
            await connection.close()

    run(play())


@pytest.mark.parametrize(("status", "why"), [(401, "HTTP 401 Unauthorized: no"), (404, "HTTP 404 Not Found: no")])
def test_a_refused_upgrade_says_why(run, served, status, why):
    def refuse(connection, _request):
        return connection.respond(status, "no")

    async def play():
        async with served(lambda ws: ws.wait_closed(), process_request=refuse) as target:
            return await Wire(target).connect(upgrade_request_for(target, {}))

    refusal = run(play())

    assert isinstance(refusal, Refusal)
    assert (refusal.why, refusal.cause, refusal.handshake.status) == (why, "http", status)


def test_a_redirect_is_a_refusal_and_the_key_stays_here(run, served):
    def redirect(connection, _request):
        response = connection.respond(302, "elsewhere")
        response.headers["Location"] = "ws://127.0.0.1:9/elsewhere"
        return response

    async def play():
        async with served(lambda ws: ws.wait_closed(), process_request=redirect) as target:
            return await Wire(target).connect(upgrade_request_for(target, {}))

    assert run(play()).handshake.status == 302


def test_a_subprotocol_that_was_not_offered_is_noted(run, served):
    def select(_connection, _offered):
        return "something-else"

    async def play():
        async with served(lambda ws: ws.wait_closed(), select_subprotocol=select) as target:
            return await Wire(target).connect(upgrade_request_for(target, {"auth": "subprotocol"}))

    refusal = run(play())

    assert refusal.cause == "protocol"
    assert (refusal.handshake.status, refusal.handshake.subprotocol) == (101, "something-else")


def test_a_refused_port_is_no_traceback(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = Target(f"ws://127.0.0.1:{port}/v1/realtime", GA)

    refusal = run(Wire(target).connect(upgrade_request_for(target, {})))

    assert refusal.cause == "tcp"
    assert f"127.0.0.1:{port}" in refusal.why


def test_an_unknown_host_is_told_apart(run):
    target = Target("ws://nowhere.invalid/v1/realtime", GA)

    refusal = run(Wire(target).connect(upgrade_request_for(target, {})))

    assert refusal.cause == "dns"


def test_a_server_that_speaks_no_http_is_told_apart(run):
    async def babble(reader, writer):
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await writer.drain()
        writer.close()

    async def play():
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            target = Target(f"ws://127.0.0.1:{port}/v1/realtime", GA)
            return await Wire(target).connect(upgrade_request_for(target, {}))

    assert run(play()).cause == "protocol"


def test_a_plain_get_that_nobody_hears_says_so_in_words(run, deaf_port):
    target = Target(f"ws://127.0.0.1:{deaf_port}/v1/realtime", GA)

    refusal = run(Wire(target).connect(upgrade_request_for(target, {"plain": True})))

    assert refusal.why == f"127.0.0.1:{deaf_port}: Connection refused"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), os.strerror(111)),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL] unknown error"), "[SSL] unknown error"),
        (OSError("Multiple exceptions: a, b"), "Multiple exceptions: a, b"),
        (ValueError(), "ValueError"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_went_wrong_is_told_in_the_system_s_words(error, words):
    assert words_of(error) == words


def test_a_plain_get_tells_its_status(run, served):
    async def play():
        async with served(lambda ws: ws.wait_closed()) as target:
            return await Wire(target).connect(upgrade_request_for(target, {"plain": True}))

    refusal = run(play())

    assert refusal.handshake.status == 426
