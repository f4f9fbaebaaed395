"""200 sessions at once, each hearing 50 audio deltas a second for 10 s, from a server that is kept to one core.

Lateness is counted from the earliest delta on: the n-th delta of a session is due n x 20 ms after that one's place in
the schedule; it is late by what is left.  The client is this process, on the other cores.  Where it is allowed (root),
both run before anything else on the machine: what is measured is the server, not its neighbours.  The sessions begin
within one second.
"""

import asyncio
import base64
import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SESSIONS, PER_SECOND, SECONDS = 200, 50, 10
DELTAS = PER_SECOND * SECONDS
#: A token of the answer is 100 ms of sound: so many words last so long.
PROMPT = f"Say exactly: {' '.join(['word'] * (SECONDS * 10))}"
UPGRADE = (
    "GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n\r\n"
)
DELTA, DONE = b'"type":"response.output_audio.delta"', b'"type":"response.done"'
SERVE = """
from conformance.reference.server.serving import Serving, serve_forever
serve_forever(Serving(pace="realtime", delta_ms=20), lambda line: print(line, flush=True))
"""


def frame(event):
    payload = json.dumps(event).encode()
    return b"\x81" + bytes([0x80 | 126]) + len(payload).to_bytes(2, "big") + bytes(4) + payload


class Client(asyncio.Protocol):
    """A session as cheap as can be: it cuts frames and keeps the times at which audio deltas came."""

    def __init__(self):
        self.buffer = bytearray()
        self.open = False
        self.times = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(UPGRADE.encode())

    def data_received(self, data):
        now = time.perf_counter()
        self.buffer += data
        if not self.open:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.open, self.buffer = True, rest
        at, buffer = 0, self.buffer
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1] & 0x7F, 2
            if size == 126:
                size, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if len(buffer) < at + head + size:
                break
            start = bytes(buffer[at + head : at + head + 60])
            if DELTA in start:
                self.times.append(now)
            elif DONE in start and not self.done.done():
                self.done.set_result(None)
            at += head + size
        del buffer[:at]

    def speak(self):
        asked = {"instructions": PROMPT}
        self.transport.write(frame({"type": "response.create", "response": asked}))


async def listen(port):
    loop = asyncio.get_running_loop()
    clients = [(await loop.create_connection(Client, "127.0.0.1", port))[1] for _ in range(SESSIONS)]
    while not all(client.open for client in clients):
        await asyncio.sleep(0.01)
    for client in clients:
        client.speak()
        await asyncio.sleep(1 / SESSIONS)
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), 60)
    for client in clients:
        client.transport.close()
    return [client.times for client in clients]


def lateness(times):
    """Return by how many seconds each delta came after its place in the schedule of its own session."""
    starts = min(when - number / PER_SECOND for number, when in enumerate(times))
    return [when - number / PER_SECOND - starts for number, when in enumerate(times)]


@contextmanager
def apart(pid):
    """Pin the process *pid* to a core of its own, and this one the others, both ahead of their neighbours."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, {cores[0]})
    os.sched_setaffinity(0, set(cores[1:] or cores))
    with suppress(PermissionError):
        for each in (pid, 0):
            os.sched_setscheduler(each, os.SCHED_FIFO, os.sched_param(10))
    try:
        yield
    finally:
        os.sched_setaffinity(0, set(cores))
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def spent(pid):
    """Tell how many seconds of CPU a process has used, and how many MiB it ever held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    ticks = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()
    busy = (int(ticks[13]) + int(ticks[14])) / os.sysconf("SC_CLK_TCK")
    return busy, int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="measures with Linux's means")
def bench_200_sessions_hear_50_deltas_a_second_in_time():
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            port = int(re.search(r"127\.0\.0\.1:(\d+)", server.stdout.readline()).group(1))
            with apart(server.pid):
                heard = asyncio.run(listen(port))
            busy, peak = spent(server.pid)
        finally:
            server.terminate()

    late = sorted(each for times in heard for each in lateness(times))
    median, p99, worst = statistics.median(late), late[int(len(late) * 0.99)], late[-1]
    print(
        f"\n{SESSIONS} sessions x {DELTAS} deltas: {len(late):,} heard; lateness median {median * 1000:.1f} ms, "
        f"p99 {p99 * 1000:.1f} ms, worst {worst * 1000:.1f} ms; server: {busy:.1f} s of CPU, {peak:.0f} MiB at most"
    )
    assert [len(times) for times in heard] == [DELTAS] * SESSIONS
    assert p99 <= 0.015
    assert peak <= 100
