"""How a run ends, as exactly one of six outcomes, and the exit status that says so (`docs/exit-statuses.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class RunOutcome(StrEnum):
    """What a run came to; terminal, exit status, report.json, JUnit and step summary all say this one."""

    CONFORMANT = "conformant"
    NO_REGRESSION = "no regression"
    """Not conformant, and nothing failed that the baseline does not know."""
    NOT_CONFORMANT = "not conformant"
    NOT_PROVED = "not proved"
    """Nothing is broken, and evidence is missing that was promised."""
    INCOMPLETE = "incomplete"
    """Nothing is broken in what was judged, and that is less than the whole."""
    NOTHING_JUDGED = "nothing judged"


class ExitStatus(IntEnum):
    """The exit status of a run and of the command `realtime-conformance`."""

    CLEAN = 0
    BROKEN = 1
    INTERRUPTED = 2
    INTERNAL = 3
    MISUSED = 4
    NOTHING = 5
    UNREACHABLE = 6
    BUDGET = 7


@dataclass(frozen=True)
class Ending:
    """How a run ended, beside its verdicts."""

    interrupted: bool = False
    """Ctrl-C, SIGTERM, SIGHUP, or the process that judged is gone."""
    internal: bool = False
    """pytest itself crashed."""
    misused: bool = False
    """A wrong option, or a broken scenario."""
    unreachable: str = ""
    """Why the first connection opened no session."""
    exhausted: str = ""
    """What did not allow everything: a budget, as the option that set it, or that the run would only repeat itself."""
    selection: bool = False
    """Somebody left conversations or items out."""
    soak: int = 0
    """Conversations that a soak has judged, which tells less than the suite; 0: the run was none."""
    stopped_early: bool = False
    """`-x`, `--maxfail` or `--stepwise` ended it at a failure."""
    crashed: bool = False
    """Our own mistake: an exception that is no verdict ended an item."""
    others_failed: bool = False
    """A test that is no conversation failed."""
    unwritten: bool = False
    """Some of the results could not be written."""

    @property
    def partial(self) -> bool:
        """Whether less than the whole was judged."""
        return bool(self.interrupted or self.exhausted or self.selection or self.stopped_early or self.misused)

    @property
    def repeated(self) -> bool:
        """Whether the run stopped because it would only have repeated itself, and not for a budget."""
        return bool(self.exhausted) and not self.exhausted.startswith("--")

    @property
    def why_not_run(self) -> str:
        """Why conversations were not run, in a word or two."""
        return "they would end the same way again" if self.repeated else "the budget"

    @property
    def why_partial(self) -> str:
        """The reason in a word or two; empty if everything was judged."""
        reasons = (
            (self.interrupted, "interrupted"),
            (self.misused, "a broken scenario"),
            (self.exhausted, self.why_not_run),
            (self.stopped_early, "ended at a failure"),
            (self.soak, "a soak, which is not the suite"),
            (self.selection, "a selection"),
        )
        return next((word for true, word in reasons if true), "")


#: What decides first, where several are true.
_URGENT: tuple[tuple[str, ExitStatus], ...] = (
    ("misused", ExitStatus.MISUSED),
    ("interrupted", ExitStatus.INTERRUPTED),
    ("unreachable", ExitStatus.UNREACHABLE),
    ("internal", ExitStatus.INTERNAL),
    ("crashed", ExitStatus.INTERNAL),
)
_STATUS = {
    RunOutcome.CONFORMANT: ExitStatus.CLEAN,
    RunOutcome.NO_REGRESSION: ExitStatus.CLEAN,
    RunOutcome.NOT_CONFORMANT: ExitStatus.BROKEN,
    RunOutcome.NOT_PROVED: ExitStatus.BROKEN,
    RunOutcome.INCOMPLETE: ExitStatus.CLEAN,
    RunOutcome.NOTHING_JUDGED: ExitStatus.NOTHING,
}


def status_of(outcome: RunOutcome, ending: Ending) -> ExitStatus:
    """Return the exit status; where several are true that of what must be dealt with first."""
    for name, status in _URGENT:
        if getattr(ending, name):
            return status
    if _STATUS[outcome] is ExitStatus.BROKEN or ending.others_failed:
        return ExitStatus.BROKEN
    if ending.unwritten:
        return ExitStatus.INTERNAL  # nothing is wrong with the endpoint, and nobody can show it
    if ending.exhausted:
        return ExitStatus.BUDGET
    return _STATUS[outcome]
