"""100 conversations whose answers take 300 ms each, played at once: wall time against the slowest of them."""

import time
from pathlib import Path

from conformance.contract.revisions.ga import GA
from conformance.play.player import Outcome, Player
from conformance.play.pool import LoopThread, Pool
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.reference.server.server import Server
from conformance.reference.session.pace import Pace
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber

CONVERSATIONS = 100
SCRIPT = """
scenario: A turn that takes its time
steps:
  - configure: {modalities: text}
  - say: Say hello.
  - respond
  - await: response.done
"""


def bench_100_conversations_cost_little_more_than_the_slowest():
    loop_thread = LoopThread()
    server = Server(pace=Pace.REALTIME)
    loop_thread.run(server.__aenter__())
    target = Target(server.url, GA, model="gpt-realtime")
    script = loads(SCRIPT, Path("turn.yaml"))

    async def play(_cue):
        return await Player(Wire(target), target, Scrubber(), clip).play(script)

    stage = Pool(loop_thread, play, window=CONVERSATIONS)
    began = time.perf_counter()
    stage.enqueue(range(CONVERSATIONS))
    played = [stage.take(job) for job in range(CONVERSATIONS)]
    wall = time.perf_counter() - began
    slowest = max(each.seconds for each in played)
    loop_thread.run(server.__aexit__(None, None, None))
    loop_thread.close()

    assert all(each.outcome is Outcome.PLAYED for each in played)
    print(f"\n{CONVERSATIONS} conversations: {wall:.2f} s, slowest {slowest:.2f} s, ratio {wall / slowest:.2f}")
    assert wall / slowest <= 1.5
