"""A run as it goes: the records so far, on disk at once, and at the end the result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.errors import FileError
from conformance.play.player import Outcome
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import BaselineCount
from conformance.run.baseline_file import added, updated
from conformance.run.budget import Spent
from conformance.run.folder import Disk, forget_the_last_run
from conformance.run.journal import Journal, about
from conformance.run.outcome import Ending
from conformance.run.result import RunResult, result_of, why_no_baseline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.run.policy import Policy
    from conformance.run.record import ConversationRecord
    from conformance.run.settings import Settings


class RunState:
    """The records of a run, and how it is ending."""

    def __init__(self, settings: Settings, disk: Disk | None = None, files: Sequence[str] = ()) -> None:
        self.files = files
        """What reports will write, by name: the next run forgets it."""
        self.records: dict[str, ConversationRecord] = {}
        self.journal = Journal(settings.reports, settings.scrub)
        self.disk = disk or Disk()
        self.began = time.monotonic()
        self.preflight = Spent()
        self.ending = Ending()
        self.seed: int | None = None
        self.notes: dict[str, None] = {}
        """What was chosen or found on the way, in sentences, each once."""
        self.begun = False

    def ends(self, **how: object) -> None:
        """Note how the run is ending: fields of `Ending`."""
        self.ending = replace(self.ending, **how)  # type: ignore[arg-type]

    def note(self, sentences: Iterable[str]) -> None:
        """Take in what was chosen or found."""
        self.notes |= dict.fromkeys(sentences)

    def begin(self, settings: Settings) -> None:
        """Forget the last run, and note on disk against what is played, now that it is known."""
        self.begun = True
        if self.ending.unreachable:
            return  # whatever an earlier run left is worth more than this
        with self.disk.writing():
            forget_the_last_run(settings.reports)
            self.journal.begin(about(settings, self.files))

    def close(self, result: RunResult, status: int) -> None:
        """Note on disk that the run came to its end."""
        if not self.ending.unreachable:
            with self.disk.writing():
                self.journal.finish(status, result)

    def add(self, record: ConversationRecord) -> None:
        """Take what one conversation came to, and put it on disk at once."""
        self.records[record.conversation] = record
        with self.disk.writing():
            self.journal.add(record)
        ours = record.outcome is Outcome.ERROR or any(each.verdict is Verdict.ERROR for each in record.rules.values())
        if ours:
            self.ends(crashed=True)
        if record.outcome is Outcome.NOT_RUN:
            self.ends(exhausted=record.message)

    def finish(self, settings: Settings, policy: Policy) -> RunResult:
        """Put the result together; write the baseline if that is asked for and the run is a ground for it."""
        result = result_of(
            self.records,
            settings,
            policy,
            ending=self.ending,
            preflight=self.preflight,
            seconds=time.monotonic() - self.began,
            seed=self.seed,
            notes=self.notes,
        )
        if not policy.update or policy.file is None:
            return result
        if refused := why_no_baseline(result) or _written(policy.file, result):
            return replace(result, baseline=replace(result.baseline, refused=refused))
        found = result.review
        return replace(result, baseline=BaselineCount(len(found.known), len(found.expired), added(found), written=True))


def _written(file: Path, result: RunResult) -> str:
    """Write the baseline after a run; return why that could not be, empty if it could."""
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(result.settings.scrub(updated(before, file, result.review)), encoding="utf-8")
    except FileError as error:
        return f"{error.where}: {error.message}"
    except OSError as error:
        return f"{file} cannot be written: {error.strerror or error}"
    return ""
