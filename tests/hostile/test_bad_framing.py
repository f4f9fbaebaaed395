"""What the bytes of a connection can do wrong: it is told at once and by its name, within bounds, never as silence."""

import asyncio
import contextlib

import pytest

from conformance.contract.revisions.ga import GA
from conformance.play.bounds import Bounds
from conformance.play.connection import Disconnected, UpgradeRequest
from conformance.play.player import Outcome
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.trace.trace import EndKind

SMALL = Bounds(message=20_000, connection=100_000, events=200, unsent=100_000)
CLOSE, PING = 8, 9
AUDIO = """\
scenario: Much audio
steps:
  - connect
  - pause: {milliseconds: 245000, chunk: 245000}
"""
PLAIN = """\
scenario: A plain GET
steps:
  - expect_refusal: {plain: true}
"""


def test_a_close_frame_without_the_end_of_tcp_is_told_with_code_and_reason(raw_play, bytes_of):
    closing = bytes_of.frame(b"\x0f\xa1because", CLOSE)
    conversation, seconds = raw_play(bytes_of.says(bytes_of.created, closing, then="hold"), answer=8.0)

    end = conversation.traces[0].end
    assert (end.kind, end.code, end.reason) == (EndKind.CLOSED, 4001, "because")
    assert seconds < 4


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"masked": True}, "masking"),
        ({"rsv": 1}, "reserved bits"),
        ({"opcode": 3}, "opcode"),
        ({"opcode": PING, "fin": False}, "fragmented"),
        ({"opcode": 0}, "continuation"),
    ],
)
def test_broken_framing_is_told_by_its_name(raw_play, bytes_of, wrong, says):
    conversation, seconds = raw_play(
        bytes_of.says(bytes_of.created, bytes_of.frame("{}", **wrong), then="hold"), answer=8.0
    )

    end = conversation.traces[0].end
    assert (end.kind, end.code) == (EndKind.DROPPED, None)
    assert says in end.reason
    assert "1002" in end.reason
    assert seconds < 4


def test_a_gibibyte_that_is_announced_is_told_and_not_waited_for(raw_play, bytes_of):
    huge = bytes_of.frame(b"", announced=2**30)
    conversation, seconds = raw_play(bytes_of.says(bytes_of.created, huge, then="hold"), answer=8.0)

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert "--max-message" in conversation.message
    assert seconds < 4


@pytest.mark.parametrize(
    ("flood", "option"),
    [
        ("delta", "--max-received"),
        ("large", "--max-received"),
        ("tiny", "--max-events"),
        ("fragments", "--max-received"),
        ("pings", "--max-received"),
        ("binary", "--max-received"),
    ],
)
def test_a_flood_ends_at_its_bound(raw_play, bytes_of, flood, option):
    frames = {
        "delta": bytes_of.event("response.output_text.delta", delta="x" * 900),
        "large": bytes_of.event("response.output_text.delta", delta="x" * 19_000),
        "tiny": bytes_of.frame("{}"),
        "fragments": bytes_of.frame("x" * 900, 0, fin=False),
        "pings": bytes_of.frame(b"x" * 100, PING),
        "binary": bytes_of.frame(b"x" * 10_000, 2),
    }
    first = [bytes_of.created] + [bytes_of.frame("x", 1, fin=False)] * (flood == "fragments")
    behave = bytes_of.repeats(frames[flood], first=first)
    bounds = SMALL if flood != "fragments" else Bounds(message=200_000, connection=100_000)
    conversation, seconds = raw_play(behave, bounds=bounds, answer=5.0)

    assert conversation.outcome is Outcome.ENVIRONMENT, conversation.message
    assert option in conversation.message
    assert option in conversation.traces[0].end.reason
    assert conversation.traces[0].end.kind is EndKind.DROPPED
    assert conversation.beyond
    assert seconds < 5


def test_many_connections_together_end_at_the_bound_of_the_run(raw_play, bytes_of):
    behave = bytes_of.repeats(bytes_of.event("response.output_text.delta", delta="x" * 900), first=[bytes_of.created])
    conversation, _ = raw_play(behave, bounds=Bounds(held=100_000), answer=5.0)

    assert conversation.beyond
    assert "all open connections (--sessions=N)" in conversation.message


def test_messages_that_unfold_in_memory_count_for_what_they_hold(raw_play, bytes_of):
    nested = bytes_of.frame("[" * 60 + "]" * 60)
    conversation, _ = raw_play(bytes_of.repeats(nested, first=[bytes_of.created]), bounds=Bounds(held=2_000_000))

    assert conversation.beyond
    assert len(conversation.traces[0]) < 2_000_000 / 6000 + 10


def test_what_is_read_after_the_end_of_a_connection_is_held_by_nobody(bytes_of, raw_endpoint):
    target = Target(raw_endpoint(bytes_of.says(bytes_of.created, *[bytes_of.event("x")] * 50, then="end")), GA, "k")

    async def late():
        connection = await Wire(target).connect(UpgradeRequest("bearer"))
        await asyncio.sleep(0.2)
        with contextlib.suppress(Disconnected):
            while True:
                await connection.receive(1.0)

    asyncio.run(late())
    assert target.held.sum == 0


def test_closing_ends_although_an_endpoint_stopped_to_read(raw_play, bytes_of):
    conversation, seconds = raw_play(bytes_of.says(bytes_of.created, then="hold"), AUDIO, conversation=1.0)

    assert conversation.outcome in (Outcome.STOPPED, Outcome.PLAYED, Outcome.INCONCLUSIVE)
    assert seconds < 8


def test_pings_of_an_endpoint_that_does_not_read_fill_no_memory(raw_play, bytes_of):
    behave = bytes_of.repeats(bytes_of.frame(b"x" * 125, PING) * 100, first=[bytes_of.created], reads=False)
    conversation, seconds = raw_play(behave, bounds=Bounds(connection=2**30, unsent=100_000), answer=8.0)

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert "does not read" in conversation.message
    assert seconds < 8


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"", b"\x00\xff\r\n\r\n"]
)
def test_a_plain_get_that_is_answered_slowly_ends(raw_play, answer):
    async def drip(_reader, writer):
        writer.write(answer.encode())
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    conversation, seconds = raw_play(drip, PLAIN, upgrades=False, connect=0.5)

    assert conversation.traces[0].handshake.status in (None, 200)
    assert seconds < 3


def test_a_plain_get_that_is_flooded_ends(raw_play):
    async def flood(_reader, writer):
        writer.write(b"HTTP/1.1 403 No\r\nX-A: b\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    conversation, _ = raw_play(flood, PLAIN, upgrades=False)

    assert conversation.outcome is Outcome.PLAYED
    assert conversation.traces[0].handshake.status == 403
    assert len(conversation.traces[0].handshake.body) <= 2000
