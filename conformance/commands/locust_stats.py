"""What a Locust master wants to know of its workers: times and failures, in the form of Locust's own entries."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

#: Method under which our entries stand in Locust's table.
METHOD = "WSS"


def _bucket(milliseconds: float) -> int:
    """Round as Locust does: to two digits."""
    if milliseconds < 100:
        return round(milliseconds)
    return round(milliseconds, -1) if milliseconds < 1000 else round(milliseconds, -2)  # type: ignore[return-value]


@dataclass
class StatsEntry:
    """One line of the table since the last report."""

    name: str
    start_time: float = field(default_factory=time.time)
    times: dict[int, int] = field(default_factory=dict)
    per_second: dict[int, int] = field(default_factory=dict)
    failing_per_second: dict[int, int] = field(default_factory=dict)
    number: int = 0
    failures: int = 0
    total: float = 0.0
    shortest: float | None = None
    longest: float = 0.0

    def add(self, seconds: float, *, failed: bool = False) -> None:
        """Take in one wait."""
        took, now = seconds * 1000, int(time.time())
        self.number += 1
        self.failures += failed
        self.total += took
        self.shortest = took if self.shortest is None else min(self.shortest, took)
        self.longest = max(self.longest, took)
        bucket = int(_bucket(took))
        self.times[bucket] = self.times.get(bucket, 0) + 1
        self.per_second[now] = self.per_second.get(now, 0) + 1
        if failed:
            self.failing_per_second[now] = self.failing_per_second.get(now, 0) + 1

    def as_data(self) -> dict[str, Any]:
        """Return it as Locust's `StatsEntryDict`."""
        return {
            "name": self.name,
            "method": METHOD if self.name != "Aggregated" else "",
            "last_request_timestamp": time.time() if self.number else None,
            "start_time": self.start_time,
            "num_requests": self.number,
            "num_none_requests": 0,
            "num_failures": self.failures,
            "total_response_time": self.total,
            "max_response_time": self.longest,
            "min_response_time": self.shortest,
            "total_content_length": 0,
            "response_times": self.times,
            "num_reqs_per_sec": self.per_second,
            "num_fail_per_sec": self.failing_per_second,
        }


class LocustStats:
    """The table since the last report; written by who judges, read by who reports."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.entries: dict[str, StatsEntry] = {}
        self.total = StatsEntry("Aggregated")
        self.errors: dict[str, dict[str, Any]] = {}

    def add(self, name: str, seconds: float, error: str = "") -> None:
        """Take in one wait, and why it counts as failed."""
        with self.lock:
            for entry in (self.entries.setdefault(name, StatsEntry(name)), self.total):
                entry.add(seconds, failed=bool(error))
            if error:
                known = self.errors.setdefault(
                    f"{name} {error}", {"name": name, "method": METHOD, "error": error, "occurrences": 0}
                )
                known["occurrences"] += 1

    def report(self) -> dict[str, Any]:
        """Return the table, and begin a new one."""
        with self.lock:
            told = {
                "stats": [each.as_data() for each in self.entries.values()],
                "stats_total": self.total.as_data(),
                "errors": self.errors,
            }
            self.entries, self.total, self.errors = {}, StatsEntry("Aggregated"), {}
        return told
