"""Recorded conversations, judged: `realtime-conformance check`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from conformance.corpus.judging import JudgedSources, Task, judge_in_batches, judge_one_by_one
from conformance.corpus.sources import sources
from conformance.corpus.tally import CorpusTally
from conformance.corpus.verdict import Demands, RecordingOutcome
from conformance.errors import UsageError
from conformance.report.recorded import in_full, in_sum, nothing
from conformance.report.recorded_data import as_line
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import judged_rules
from conformance.run.outcome import ExitStatus as Status
from conformance.run.trace_files import FOLDER as TRACES
from conformance.secrets import Scrubber

if TYPE_CHECKING:
    from conformance.contract.profile import Profile
    from conformance.corpus.judging import Teller
    from conformance.corpus.sources import Source

#: More conversations than these are summed up instead of told one by one.
MOST_TOLD = 20
FAIL_ON = {
    "must": frozenset({Keyword.MUST}),
    "should": frozenset({Keyword.MUST, Keyword.SHOULD}),
    "nothing": frozenset[Keyword](),
}
#: What a kind of verdict makes of the exit status, the gravest first.
STATUSES = (
    (RecordingOutcome.UNREADABLE, Status.MISUSED),
    (RecordingOutcome.OTHER_PROTOCOL, Status.MISUSED),
    (RecordingOutcome.ERROR, Status.INTERNAL),
    (RecordingOutcome.BROKEN, Status.BROKEN),
    (RecordingOutcome.UNPROVEN, Status.BROKEN),
    (RecordingOutcome.UNCLEAR, Status.MISUSED),
)


@dataclass(frozen=True)
class Inspection:
    """What `check` is asked to do."""

    named: Sequence[str]
    demands: Demands = field(default_factory=Demands)
    form: str = "text"
    """`text`, `json` (one array) or `json-lines`."""
    processes: int = 1
    cluster: str = ""
    """Address of a scheduler, or `local`."""

    def carry_out(self) -> int:
        """Judge, tell, and return the exit status; Ctrl-C keeps what was judged."""
        refuse_reports(self.named)
        files = sources(self.named)
        task = Task(self.demands, self._tell(len({each.name for each in files})))
        gc.freeze()  # what is imported stays: no collection has to look at it again, here or in a process of its own
        tally, began, interrupted = CorpusTally(), monotonic(), False
        output = _Output(self.form)
        try:
            for part in _with_progress(self._parts(files, task), len(files)):
                tally = part.tally if not tally.kinds else tally + part.tally
                for each in part.told:
                    output.tell(each)
        except KeyboardInterrupt:
            interrupted = True
        output.finish(tally, monotonic() - began)
        if interrupted:
            click.echo(f"interrupted: {tally.conversations:,} conversations were judged", err=True)
            return Status.INTERRUPTED
        return next((status for kind, status in STATUSES if tally.kinds[kind]), Status.CLEAN)

    def _tell(self, files: int) -> Teller:
        if self.form != "text":
            return as_line
        return in_full if files <= MOST_TOLD else nothing

    def _parts(self, files: Sequence[Source], task: Task) -> Iterator[JudgedSources]:
        for read_here, stretch in groupby(files, lambda source: source.only_here):
            yield from self._judged(list(stretch), task, read_here)

    def _judged(self, files: Sequence[Source], task: Task, read_here: bool) -> Iterator[JudgedSources]:
        if read_here:
            return judge_one_by_one(files, task)
        if self.cluster:
            from conformance.corpus.cluster import judge_on_cluster

            return judge_on_cluster(files, task, self.cluster)
        if self.processes > 1 and len(files) > 1:
            from conformance.corpus.processes import judge_in_processes

            return judge_in_processes(files, task, self.processes)
        return judge_in_batches(files, task)


class _Output:
    """Standard output: conversations one by one, as long as they are few."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.count = 0
        self.scrub = Scrubber()

    def tell(self, told: str) -> None:
        self.count += 1
        told = self.scrub.shown(told)
        if self.form == "json":
            click.echo(("[" if self.count == 1 else ",") + told)
        elif self.form == "json-lines":
            click.echo(told)
        elif self.count <= MOST_TOLD:
            click.echo(told, nl=False)

    def finish(self, tally: CorpusTally, seconds: float) -> None:
        if self.form == "json":
            click.echo("]" if self.count else "[]")
        elif self.form == "text" and tally.kinds.total() > MOST_TOLD:
            click.echo(("\n" if self.count else "") + self.scrub.shown(in_sum(tally, seconds)), nl=False)


def _with_progress(parts: Iterator[JudgedSources], files: int) -> Iterator[JudgedSources]:
    """Yield the parts, and show how far they are where somebody looks on."""
    if files == 1 or sys.stderr is None or not sys.stderr.isatty():  # None: it was closed before we began
        yield from parts
        return
    from conformance.commands.progress import shown

    yield from shown(parts, files)


def refuse_reports(named: Iterable[str]) -> None:
    """Raise UsageError for the reports folder of a run: most of what it holds is no recording."""
    for folder in map(Path, named):
        if (folder / TRACES).is_dir():
            from conformance.run.journal import NAME

            if (folder / NAME).is_file():
                cure = f"Judge its traces: realtime-conformance check {folder / TRACES}"
                raise UsageError(f"{folder} holds the reports of a run", cure)


def profile_asked(name: str | None) -> Profile | None:
    """Return the profile of `--profile`, as a run of the suite does."""
    if name is None:
        return None
    from conformance.options.settings import profile_named

    return profile_named(name)


def demands_of(asked: Mapping[str, Any], profile: Profile | None) -> Demands:
    """Return what is asked of recordings on the command line."""
    demands = Demands(
        dialect=asked["dialect"],
        fail_on=FAIL_ON["should" if asked["strict"] else asked["fail_on"]],
        expected=expected_rules(asked["expect"]) if asked["expect"] else (),
    )
    return replace(demands, usual=profile.dialect, waivers=profile.waivers) if profile is not None else demands


def expected_rules(named: str) -> tuple[str, ...]:
    """Return the rules that a scenario, or a file with `proves:`, promises; UsageError where there is neither."""
    from conformance.resources import folder
    from conformance.scenario.load import load

    path = Path(named)
    bundled = folder("scenarios") / f"{named}.yaml"
    if not path.is_file() and bundled.is_file():
        return load(bundled).proves
    names = _promised(path)
    known = judged_rules()
    if strange := next((name for name in names if name not in known), None):
        raise UsageError(f"{named}: there is no rule {strange!r}", "List them: realtime-conformance rules")
    return names


def _promised(path: Path) -> tuple[str, ...]:
    import yaml

    try:
        value: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        cure = "Give a YAML file with `proves:`, or a bundled scenario such as response/text_turn."
        raise UsageError(f"{path}: {error.strerror or error}", cure) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from error
    names = value.get("proves") if isinstance(value, dict) else value
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise UsageError(f"{path}: names no rules", "Write `proves:` with a list of rule ids.")
    return tuple(names)
