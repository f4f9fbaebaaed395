"""What a run came to: gathered as it goes, told at the end, turned into an exit status."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from conformance.run.baseline import Review, review, seen_in
from conformance.run.baseline_file import updated
from conformance.run.budget import Spent, spending
from conformance.run.documented_facts import documents_of
from conformance.run.exit_status import Circumstances, Status, status_of
from conformance.run.journal import NAME, Journal, about
from conformance.run.result import sum_of, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conformance.report.terminal import Terminal
    from conformance.run.limits import Policy
    from conformance.run.record import Record
    from conformance.run.settings import Settings

#: Outcomes after which nobody knows what would have failed.
UNFINISHED = frozenset({"not run", "environment", "error"})


def forget_the_last_run(reports: Path, config: pytest.Config) -> None:
    """Forget the last run, and let Allure write beside the rest unless somebody chose another place."""
    for old in (*(reports / "traces").rglob("*.jsonl"), reports / NAME):
        old.unlink(missing_ok=True)
    if not config.pluginmanager.hasplugin("allure_pytest") or config.option.allure_report_dir:
        return
    results = reports / "allure-results"
    for old in results.glob("*"):
        if old.is_file():
            old.unlink()
    config.option.allure_report_dir = str(results)


class RunState:
    """The records of a run, and everything that is made of them."""

    def __init__(self, reports_of: Settings) -> None:
        self.records: dict[str, Record] = {}
        self.journal = Journal(reports_of.reports, reports_of.scrub)
        self.began = time.monotonic()
        self.preflight = Spent()
        self.partial = False
        """Whether less than the whole was judged."""
        self.misused = False
        """A scenario is broken."""
        self.unreachable = False
        self.exhausted = False
        """A budget did not allow even the preflight."""
        self.crashed = False
        """An item ended with an exception that is no verdict."""
        self.others_failed = False
        """A test that is no conversation failed."""
        self.review = Review()
        self.refused_update = ""

    def begin(self, setup: Settings) -> None:
        """Note on disk against what is played, now that it is known."""
        self.journal.begin(about(setup))

    def add(self, record: Record) -> None:
        """Take what one conversation came to, and put it on disk at once."""
        self.records[record["conversation"]] = record
        self.journal.add(record)
        self.crashed |= record["outcome"] == "error"
        self.crashed |= any(told["verdict"] == "error" for told in record["rules"].values())

    def close(self, setup: Settings, terms: Policy, *, aborted: bool) -> None:
        """Compare with the baseline, write that and the report; *aborted*: items were left out."""
        self.partial = self.partial or aborted or self._short_of_budget
        if terms.file is not None and self.records:
            documents = documents_of(self.records, setup, partial=self.partial)
            seen = (*seen_in(self.records.values(), strict=setup.strict), *documents.seen())
            self.review = review(terms.baseline, seen, partial=self.partial)
        if terms.update and terms.file is not None:
            self.refused_update = self._why_not()
            if not self.refused_update:
                before = terms.file.read_text(encoding="utf-8") if terms.file.exists() else ""
                terms.file.write_text(setup.scrub(updated(before, terms.file, self.review)), encoding="utf-8")
        write(self.records, setup, partial=self.partial)

    def _why_not(self) -> str:
        """Say why this run is no ground for a baseline; empty if it is."""
        if self.partial:
            return "only a part was played"
        if self.unreachable or not self.records:
            return "nothing was judged"
        if unfinished := [each["conversation"] for each in self.records.values() if each["outcome"] in UNFINISHED]:
            return f"{unfinished[0]} was not judged"
        return ""

    @property
    def _short_of_budget(self) -> bool:
        return self.exhausted or any(each["outcome"] == "not run" for each in self.records.values())

    def status(self, setup: Settings, terms: Policy, exitstatus: int) -> int:
        """Give the exit status of the run."""
        total = sum_of(self.records, setup, partial=self.partial)
        flaky = total.flaky or any(each.flaky for each in total.packs)
        unshown = total.unshown and not setup.allow_unproven
        written = terms.update and not self.refused_update
        red = bool(((self.review.red or unshown) and not written) or self.refused_update or (flaky and setup.strict))
        judged = any(each["outcome"] != "not applicable" for each in self.records.values())
        # What has just been written into the baseline is no failure any more.
        accepted = written and exitstatus == Status.BROKEN and not (self.others_failed or self.review.expired)
        return status_of(
            Circumstances(
                status=Status.CLEAN if accepted else exitstatus,
                unreachable=self.unreachable,
                misused=self.misused,
                crashed=self.crashed,
                red=red,
                short_of_budget=self._short_of_budget,
                judged=judged or not self.records,
            )
        )

    def show(self, terminal: Terminal, setup: Settings, terms: Policy) -> None:
        """Say what is known, what was played again, and what the baseline lacks."""
        from conformance.report.baseline import baseline_section, repetitions_section

        repetitions_section(terminal, self.records, strict=setup.strict)
        if terms.file is not None and self.records:
            baseline_section(terminal, self.review, str(terms.file.name))
        if self.refused_update:
            terminal.write_line(f"The baseline was not written: {self.refused_update}.", red=True)
        elif terms.update and terms.file is not None:
            terminal.write_line(f"Written: {terms.file.name}")

    def last_line(self, terms: Policy) -> str:
        """Say what was spent, and on what."""
        spent = {name: Spent.from_data(record["spent"]) for name, record in self.records.items()}
        told: dict[str, Any] = {"preflight": self.preflight, **spent}
        return spending(told, time.monotonic() - self.began, terms.price)
