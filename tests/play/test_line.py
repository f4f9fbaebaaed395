import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract.revisions.ga import GA
from conformance.errors import UsageError
from conformance.play.connection import Disconnected
from conformance.play.line import LineConnection, LineSettings, line_of
from conformance.play.player import Outcome, Player
from conformance.play.target import Patience, Target
from conformance.play.wire import connector_to
from conformance.reference.server.server import Server
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber

TURN = """
scenario: A text turn
steps:
  - connect
  - configure: {modalities: text}
  - say: "Say exactly: hello."
  - respond
  - await: response.done
"""


def played(listen, line):
    url = listen(Server(models=("m",))).url
    target = Target(url, GA, model="m", patience=Patience(answer=5.0), line=line)
    player = Player(connector_to(target), target, Scrubber(), clip)
    began = time.monotonic()
    return asyncio.run(player.play(loads(TURN, Path("t.yaml")))), time.monotonic() - began


def test_the_properties_of_a_line_are_read():
    assert line_of("delay=150ms, jitter=0.05s,rate=256k,slow-reader,drop=0.001,seed=7") == LineSettings(
        delay=0.15, jitter=0.05, rate=256_000, slow_reader=True, drop=0.001, seed=7
    )
    assert line_of("") == LineSettings()


@pytest.mark.parametrize("wrong", ["delay", "delay=1", "rate=0", "rate=fast", "drop=2", "slow-reader=1", "noise=1ms"])
def test_what_is_no_property_of_a_line_is_told(wrong):
    with pytest.raises(UsageError, match="--line"):
        line_of(wrong)


@pytest.mark.parametrize("line", ["delay=10ms,jitter=10ms", "rate=512k", "slow-reader"])
def test_a_conversation_over_a_bad_line_is_the_same_and_later(listen, line):
    good, _ = played(listen, LineSettings())
    bad, seconds = played(listen, line_of(line))

    assert (good.outcome, bad.outcome) == (Outcome.PLAYED, Outcome.PLAYED), bad.message
    assert [entry.type for entry in bad.traces[0]] == [entry.type for entry in good.traces[0]]
    assert bad.traces[0].end.code == 1000
    assert seconds > 0.05


def test_a_line_that_drops_is_nobodys_guilt(listen):
    conversation, _ = played(listen, replace(LineSettings(), drop=1.0))

    assert conversation.outcome is Outcome.ENVIRONMENT
    assert "--line" in conversation.message


class Far:
    """The other end of a line: notes what arrives there, and when."""

    handshake = None

    def __init__(self, breaks=False):
        self.arrived, self.began, self.breaks = [], time.monotonic(), breaks

    def now(self):
        return time.monotonic() - self.began

    async def send(self, frame):
        if self.breaks:
            raise Disconnected(1011, "no more")
        self.arrived.append((frame, self.now()))

    async def receive(self, within):
        await asyncio.sleep(within)
        raise TimeoutError

    async def close(self, code, reason):
        return Disconnected(code, reason, by_client=True)


def sends(frames, line, far):
    async def told():
        connection = LineConnection(far, line_of(line))
        for frame in frames:
            await connection.send(frame)
        sent = connection.now()
        return sent, await connection.close()

    return asyncio.run(told())


def test_a_delay_makes_a_stream_late_and_not_slow():
    far = Far()

    sent, _ = sends([str(number) for number in range(50)], "delay=200ms,jitter=20ms", far)

    assert sent < 0.2, "whoever sends waits for no answer"
    assert [frame for frame, _ in far.arrived] == [str(number) for number in range(50)]
    assert all(at >= 0.2 for _, at in far.arrived)


def test_a_rate_makes_a_stream_slow():
    sent, _ = sends(["x" * 1000] * 10, "rate=800k", Far())

    assert sent >= 0.09


def test_what_is_sent_to_an_end_that_is_gone_blocks_nobody():
    _, gone = sends(["a", "b"], "delay=10ms", Far(breaks=True))

    assert gone.by_client
