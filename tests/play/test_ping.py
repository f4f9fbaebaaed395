"""The step `ping`: what it notes, and when it says that a pong never came."""

from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import rehearse
from conformance.play.player import Outcome, Player
from conformance.play.wire import Wire
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, EndKind, FrameKind

CREATED = '{"type": "session.created", "event_id": "e1", "session": {}}'
UPDATED = '{"type": "session.updated", "event_id": "e2", "session": {}}'


def script(tmp_path, steps="  - ping\n"):
    return loads(f"scenario: x\nsteps:\n  - connect\n{steps}", tmp_path / "ping.yaml")


def kinds(conversation):
    return [(each.kind, each.direction) for each in conversation.traces[0].entries if each.kind is not FrameKind.TEXT]


def test_a_ping_and_its_pong_are_noted(tmp_path):
    conversation = rehearse(script(tmp_path), "ga")

    assert conversation.outcome is Outcome.PLAYED
    assert kinds(conversation) == [(FrameKind.PING, Direction.CLIENT), (FrameKind.PONG, Direction.SERVER)]


def test_a_pong_that_does_not_come_before_a_later_answer_never_came(tmp_path):
    conversation = rehearse(script(tmp_path), "ga", lambda: Fault(answers_pings=False))

    assert (conversation.outcome, conversation.message) == (Outcome.STOPPED, "pong never came")
    assert conversation.traces[0].end.awaiting == "pong"


def over_a_socket(tmp_path, served, run, talk):
    async def play():
        async with served(talk) as target:
            player = Player(Wire(target), target, Scrubber((target.key,)), lambda _name, _format: b"")
            return await player.play(script(tmp_path))

    return run(play())


def test_the_pong_of_a_socket_is_waited_for(tmp_path, served, run):
    async def talk(ws):
        await ws.send(CREATED)
        async for _ in ws:
            await ws.send(UPDATED)

    conversation = over_a_socket(tmp_path, served, run, talk)

    assert conversation.outcome is Outcome.PLAYED
    assert len(kinds(conversation)) == 2


def test_an_endpoint_that_answers_nothing_at_all_is_silent_and_not_to_blame(tmp_path, served, run):
    async def silent(ws):
        await ws.send(CREATED)
        ws.protocol.send_frame = lambda _frame: None
        await ws.wait_closed()

    conversation = over_a_socket(tmp_path, served, run, silent)

    assert (conversation.outcome, conversation.silent) == (Outcome.INCONCLUSIVE, True)
    assert (conversation.traces[0].end.kind, conversation.traces[0].end.awaiting) == (EndKind.TIMEOUT, "")


def test_a_connection_that_ends_instead_is_told_as_that(tmp_path, served, run):
    async def talk(ws):
        await ws.send(CREATED)
        await ws.close(1011, "gone")

    conversation = over_a_socket(tmp_path, served, run, talk)

    assert conversation.outcome is Outcome.STOPPED
    assert conversation.traces[0].end.code == 1011
