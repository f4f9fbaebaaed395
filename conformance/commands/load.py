"""`realtime-conformance load`: judged conversations on the word of a Locust master, beside other machines.

Locust counts users and shows times; we say who is a user, and judge.  Locust itself stays outside: its master speaks
MessagePack over ZeroMQ (locust/rpc), of which a worker needs a dozen messages.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from conformance.commands.discover import unreachable
from conformance.commands.locust_stats import LocustStats
from conformance.contract.dialects import CANONICAL
from conformance.errors import UsageError
from conformance.play.target import Target, checked_url
from conformance.report.soak import soak_lines, write_soak
from conformance.run.budget import Exhausted, Limits
from conformance.run.policy import Policy
from conformance.run.runner import Runner
from conformance.run.settings import Settings
from conformance.run.soak import Soak
from conformance.secrets import Scrubber, secrets_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.run.record import ConversationRecord
    from conformance.run.soak import Member
    from conformance.run.soak_tally import SoakTally

#: Seconds between heartbeats, between reports; without a word of the master for so long it is gone.
HEARTBEAT, REPORT, GONE = 1.0, 3.0, 60.0
#: Locust's word for a worker whose version is not to be compared.
ANY_VERSION = -1


@dataclass
class Commanded:
    """A load that somebody else decides."""

    pause: float = 1.0
    wanted: int | None = 0
    """How many sessions at once; None when all is over."""
    most: int = 1

    @property
    def sessions(self) -> int:
        """The most that was asked for so far."""
        return self.most

    def at(self, _passed: float) -> int | None:
        """Return how many sessions may be open."""
        return self.wanted

    def want(self, number: int) -> None:
        """Let so many sessions be open."""
        self.wanted, self.most = number, max(self.most, number)


@dataclass
class Worker:
    """The side that talks with the master, in a thread of its own."""

    address: str
    load: Commanded
    stats: LocustStats
    name: str = field(default_factory=lambda: f"{socket.gethostname()}_{uuid4().hex}")
    state: str = "ready"
    classes: Mapping[str, int] = field(default_factory=dict)
    """Locust's classes of users -> how many of each; all of them are conversations here."""
    acknowledged: threading.Event = field(default_factory=threading.Event)

    def talk(self) -> None:
        """Do what the master says until it says `quit`, or nothing for GONE seconds."""
        import zmq

        with zmq.Context() as context, context.socket(zmq.DEALER) as line:
            line.setsockopt(zmq.IDENTITY, self.name.encode())
            line.setsockopt(zmq.LINGER, 1000)
            line.connect(f"tcp://{self.address}")
            self.send(line, "client_ready", ANY_VERSION)
            heard = beat = told = time.monotonic()
            while self.load.wanted is not None:
                if line.poll(100):
                    heard = time.monotonic()
                    self.obey(line, *_read(line.recv()))
                now = time.monotonic()
                if now - beat >= HEARTBEAT:
                    beat = now
                    usage = {"state": self.state, "current_cpu_usage": 0, "current_memory_usage": 0}
                    self.send(line, "heartbeat", usage)
                if now - told >= REPORT:
                    told = now
                    self.report(line)
                if now - heard > GONE:
                    self.load.wanted = None
            self.report(line)
            self.send(line, "quit", None)

    def obey(self, line: Any, kind: str, data: Any) -> None:
        """Do what one message says."""
        match kind:
            case "ack":
                self.acknowledged.set()
            case "spawn":
                self.classes = {str(name): int(number) for name, number in data["user_classes_count"].items()}
                self.send(line, "spawning", None)
                self.load.want(sum(self.classes.values()))
                self.state = "running"
                self.send(line, "spawning_complete", self.users)
            case "stop":
                self.load.want(0)
                self.classes = dict.fromkeys(self.classes, 0)
                self.send(line, "client_stopped", None)
                self.state = "ready"
                self.send(line, "client_ready", ANY_VERSION)
            case "quit":
                self.load.wanted = None

    @property
    def users(self) -> dict[str, Any]:
        """Who is a user now, as Locust counts."""
        return {"user_classes_count": dict(self.classes), "user_count": sum(self.classes.values())}

    def report(self, line: Any) -> None:
        """Tell what was measured since the last report."""
        self.send(line, "stats", {**self.stats.report(), **self.users})

    def send(self, line: Any, kind: str, data: Any) -> None:
        """Send one message."""
        import msgpack

        line.send(msgpack.dumps((kind, data, self.name)))


def _read(message: bytes) -> tuple[str, Any]:
    """Read one message of the master: (kind, data)."""
    import msgpack

    kind, data, _ = msgpack.loads(message, raw=False, strict_map_key=False)
    return str(kind), data


def load(url: str, master: str, token: str, model: str | None, auth: str, reports: Path) -> tuple[SoakTally, list[str]]:
    """Be a worker until the master ends it; return what all conversations came to, and the lines that tell it."""
    _needs_extra()
    target = Target(checked_url(url, "URL"), CANONICAL, token, model, auth)
    settings = Settings(target=target, scrub=Scrubber((token, *secrets_in(target.url))), reports=reports)
    runner = Runner(settings, Policy(limits=Limits()), window=1, cautious=False)
    try:
        diagnosis = runner.prepare()
        if diagnosis is not None and not diagnosis.ready:
            raise unreachable(settings.scrub(target.url), diagnosis)
        commanded, stats = Commanded(), LocustStats()
        worker = Worker(master if ":" in master else f"{master}:5557", commanded, stats)
        talking = threading.Thread(target=worker.talk, daemon=True, name="locust-worker")
        soak = Soak(runner, commanded, tell=lambda *heard: _tell(stats, *heard))
        talking.start()
        if not worker.acknowledged.wait(10):
            commanded.wanted = None
            raise UsageError(f"--master: no answer from {worker.address}", "Start it: locust --master -f FILE")
        try:
            with suppress(Exhausted, KeyboardInterrupt):
                soak.play()
        finally:
            commanded.wanted = None
            talking.join(5)
        write_soak(soak.tally, reports)
        return soak.tally, list(soak_lines(soak.tally))
    finally:
        runner.close()


def _tell(
    stats: LocustStats, member: Member, record: ConversationRecord, times: Mapping[str, tuple[float, ...]], why: str
) -> None:
    """Put one judged conversation into Locust's table."""
    for what, seconds in times.items():
        for each in seconds:
            stats.add(what, each)
    stats.add(f"conversation {member.kind}", record.seconds, why)


def _needs_extra() -> None:
    try:
        import msgpack  # noqa: F401
        import zmq  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"load needs {error.name}, which is not installed", "pip install 'realtime-conformance[load]'"
        ) from error
