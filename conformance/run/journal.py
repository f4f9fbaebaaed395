"""What a run came to so far, one JSON line a conversation: whatever kills the run, what is over can be read.

The first line says what was played against; each further one is a record (`run.record`), written as soon as the
first item of the conversation was reported.  A line that was cut in the middle is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from conformance.errors import UsageError
from conformance.run.baseline import BaselineCount
from conformance.run.outcome import Ending
from conformance.run.record import ConversationRecord

if TYPE_CHECKING:
    from conformance.run.result import RunResult
    from conformance.run.settings import Settings
    from conformance.secrets import Scrubber

NAME = "verdicts.jsonl"
FORMAT = "realtime-conformance/verdicts"


def about(settings: Settings, files: Sequence[str] = ()) -> dict[str, Any]:
    """Say against what is played, and which *files* reports will write beside the journal, as plain data."""
    return {
        "files": [*files],
        "endpoint": settings.target.url,
        "embedded": settings.embedded,
        "dialect": settings.target.dialect.name,
        "profile": settings.profile.name if settings.profile is not None else None,
        "auth": settings.auth or settings.target.auth,
        "asked_auth": settings.auth,
        "keyed": bool(settings.target.key),
        "keys": sorted(settings.target.keys),
        "styles": list(settings.target.styles),
        "tool_server": bool(settings.target.tool_server),
        "unclaimed": list(settings.unclaimed),
        "excused": sorted(settings.excused),
        "lacking": dict(settings.lacking),
        **_limits(settings),
        "model": settings.target.model,
        "strict": settings.strict,
        "allow_unproven": settings.allow_unproven,
        "strict_evidence": settings.strict_evidence,
        "waive": settings.waive,
    }


def _limits(settings: Settings) -> dict[str, Any]:
    """Say how many sessions the endpoint was seen to hold: known only after a conversation asked for more."""
    return {"session_limit": settings.session_limit, "session_row": settings.session_row}


class Journal:
    """The open file of a run that goes on."""

    def __init__(self, reports: Path, scrub: Scrubber) -> None:
        self.path = reports / NAME
        self.scrub = scrub

    def begin(self, told: dict[str, Any]) -> None:
        """Forget the last run and say what this one plays against (`about`)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._append({"format": FORMAT, "version": 1, **told})

    def add(self, record: ConversationRecord) -> None:
        """Note a conversation that is over."""
        self._append({"record": record.as_data()})

    def finish(self, status: int, result: RunResult) -> None:
        """Note that the run came to its end, and how."""
        told = {"ending": asdict(result.ending), "baseline": asdict(result.baseline)}
        self._append({"status": status, **told, "limits": _limits(result.settings)})

    def _append(self, told: dict[str, Any]) -> None:
        line = self.scrub.json(told) + "\n"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)


@dataclass
class JournalContents:
    """What a journal says."""

    about: dict[str, Any] = field(default_factory=dict)
    records: dict[str, ConversationRecord] = field(default_factory=dict)
    status: int | None = None
    """Of the run; None if it did not come to its end."""
    ending: Ending = field(default_factory=lambda: Ending(interrupted=True))
    baseline: BaselineCount | None = None


def read(reports: Path) -> JournalContents:
    """Read the journal in *reports*; UsageError if there is none."""
    path = reports / NAME
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror or error}",
            "A run writes it as soon as it reaches its endpoint: pytest --reports=DIR",
        ) from error
    told = JournalContents()
    for line in lines:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:  # the run was killed while it wrote this
            continue
        if isinstance(value, dict):
            _take(told, value)
    return told


def _take(told: JournalContents, value: dict[str, Any]) -> None:
    """Take in one line; what another version wrote, or somebody edited, is passed over."""
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        if value.get("format") == FORMAT:
            told.about = value
        elif "record" in value:
            record = ConversationRecord.from_data(value["record"])
            told.records[record.conversation] = record
        elif isinstance(value.get("status"), int):
            told.ending = Ending(**value.get("ending", {}))
            told.baseline = BaselineCount(**value["baseline"])
            told.about |= value["limits"]
            told.status = value["status"]
