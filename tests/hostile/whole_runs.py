"""Whole runs of the bundled suite against endpoints that are dead or hostile, and what each of them cost.

`python -m tests.hostile.whole_runs [NAME …]` prints a table; `tox -e hostile` asserts what it shows, and prints it with
`-- -rP`.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import KEY, QUIET, listening
from tests.hostile.conftest import CREATED, Raw, event, frame, repeats, says

FOREIGN = ("PYTEST", "REALTIME", "COV", "TOX")
#: What no endpoint may put on a terminal; line ends are ours.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
MIB = 2**20
#: Seconds and MiB that no run may exceed.
LONGEST, LARGEST = 15 * 60 + 5, 300
SESSION = frame(json.dumps(CREATED))
UPDATED = event("session.updated", session=CREATED["session"])


async def refuses_for_five_minutes(_reader, writer):
    """Answer the upgrade with 429 and a Retry-After of 300 s."""
    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def answers_a_byte_a_second(_reader, writer):
    """Answer the upgrade at one byte a second, for ever."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def drips(reader, writer):
    """Send one byte of a frame each second."""
    writer.write(SESSION)
    for byte in event("session.updated", session={"x": "y" * 5000}):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def freezes(reader, writer):
    """Open the session, and read nothing more."""
    writer.write(SESSION)
    writer.transport.pause_reading()
    await asyncio.Event().wait()


async def is_late(reader, writer):
    """Answer each update, a quarter of a minute late."""
    writer.write(SESSION)
    while await reader.read(65536):
        await asyncio.sleep(15)
        writer.write(UPDATED)
        await writer.drain()


async def dies_half_open(reader, writer):
    """Say something after each update, and after the third nothing: not even the end of TCP."""
    writer.write(SESSION)
    for _ in range(3):
        await reader.read(65536)
        writer.write(UPDATED)
        await writer.drain()
    await asyncio.Event().wait()


def floods(frames, *, first=b"", **how):
    """Return a behaviour: open the session, and send these frames again and again."""
    return repeats(frames, first=[SESSION, first], **how)


def error(number):
    """Return an error with everything in it that a terminal might obey."""
    evil = f"\x1b]0;owned\x07\x1b[2J\x9b31m\x00\u202e\ud800\r\nPASSED {KEY} {number}"
    return event("error", error={"type": evil, "code": evil, "message": evil, "event_id": None})


#: Name -> what makes the endpoint's behaviour, so that only what is played holds memory.
BEHAVIOURS = {
    "silent": lambda: says(then="wait"),
    "silent after session.created": lambda: says(SESSION, then="wait"),
    "half-open": lambda: dies_half_open,
    "drip": lambda: drips,
    "frozen": lambda: freezes,
    "late updates": lambda: is_late,
    "deltas": lambda: floods(event("response.output_text.delta", delta="x" * 900)),
    "audio deltas": lambda: floods(event("response.output_audio.delta", delta="AAAA" * 8000)),
    "8 MiB frames": lambda: floods(event("response.output_text.delta", delta="x" * (8 * MIB - 200))),
    "60 MiB frames": lambda: floods(event("response.output_text.delta", delta="x" * 60 * MIB)),
    "tiny events": lambda: floods(frame("{}") * 500),
    "tiny known events": lambda: floods(UPDATED * 100),
    "nested events": lambda: floods(event("x", a=json.loads("[" * 60 + "]" * 60)) * 50),
    "unfinished fragments": lambda: floods(frame("x" * 9000, 0, fin=False), first=frame("x", 1, fin=False)),
    "pings without reading": lambda: floods(frame(b"x" * 125, 9) * 100, reads=False),
    "a delta per 5 s": lambda: floods(event("response.output_text.delta", delta="x"), pause=5),
    "an error per 0.5 s": lambda: floods(error(1), pause=0.5),
    "heartbeats": lambda: floods(frame(b"x", 9), pause=1),
    "a GiB announced": lambda: says(SESSION, frame(b"", announced=2**30), then="hold"),
    "Retry-After: 300": lambda: refuses_for_five_minutes,
    "1 byte/s": lambda: answers_a_byte_a_second,
}
#: Those that are played in every test run, in a small selection.
FAST = ("silent after session.created", "deltas", "an error per 0.5 s", "a GiB announced", "Retry-After: 300")
#: Behaviours that begin with the answer to the upgrade.
RAW = ("Retry-After: 300", "1 byte/s")


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    name: str
    status: int
    wall: float
    peak: int
    """MiB, of the process of the run."""
    out: str = field(repr=False)

    @property
    def last(self):
        """The last line that says something."""
        return next((each for each in reversed(self.out.splitlines()) if each.strip()), "")

    def row(self):
        """Return the line of the table."""
        wrongs = self.wrongs()
        told = f"{self.name:30} {self.status:6} {self.wall:7.1f} {self.peak:4}  {self.last}"
        return told + (f"  WRONG: {', '.join(wrongs)}" if wrongs else "")

    def wrongs(self):
        """Say what no run may do and this one did."""
        told = {
            f"status {self.status}": self.status not in (1, 2, 6, 7),
            f"{self.wall:.0f} s": self.wall > LONGEST,
            f"{self.peak} MiB": self.peak > LARGEST,
            "a traceback": "Traceback (most recent" in self.out or "INTERNALERROR" in self.out,
            "control characters": CONTROLS.search(self.out) is not None,
            "the key": KEY in self.out,
            "a forged line": "\nPASSED " in self.out,
        }
        return [what for what, so in told.items() if so]


def peak_of(pid):
    """Return the KiB that a process held at most so far (what `wait4` tells counts in the parent's before `exec`)."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")), 0)


def played(name, *options):
    """Play the bundled suite against one behaviour."""
    with listening(Raw(BEHAVIOURS[name](), upgrades=name not in RAW)) as server:
        return run(name, f"--endpoint={server.url}", *options)


def run(name, *options):
    """Run the command with *options* in a folder of its own."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(FOREIGN)}
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *QUIET, *options],
            cwd=home,
            env={**kept, "REALTIME_TOKEN": KEY, "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        peak = 0
        while (status := process.poll()) is None:
            peak = max(peak, peak_of(process.pid))
            time.sleep(0.05)
        out.seek(0)
        told = out.read().decode("utf-8", "surrogateescape")
        for file in Path(home).rglob("*"):
            if file.is_file() and KEY.encode() in file.read_bytes():
                told += f"\n{KEY} in {file.name}"
    return Ended(name, status, time.monotonic() - began, peak // 1024, told)


def main(names, *options):
    """Print the table; exit 1 if a run did what none may do."""
    chosen = [each for each in BEHAVIOURS if not names or any(name in each for name in names)]
    print(f"{'endpoint':30} status  wall s  MiB  last line", flush=True)
    failed = False
    with ThreadPoolExecutor(int(os.environ.get("AT_ONCE", "2"))) as several:
        for ended in several.map(lambda name: played(name, *options), chosen):
            failed = failed or bool(ended.wrongs())
            print(ended.row(), flush=True)
    return int(failed)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main([each for each in given if not each.startswith("-")], *[each for each in given if each[0] == "-"]))
