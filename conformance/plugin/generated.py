"""The items of generated examples: three of the bundled suite, each a search of its own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import HarnessError
from conformance.generate import KINDS
from conformance.plugin.context import RUN, Run
from conformance.plugin.options import value
from conformance.plugin.verdicts import ConformanceWarning, NonConformance, Trouble
from conformance.report.text import bug_of, finding_text, several, stopped_text
from conformance.resources import folder
from conformance.rules.rule_packs import packs
from conformance.run.record import keeps
from conformance.run.search_options import EXAMPLES, FOLDER, SearchOptions
from conformance.scenario.model import Scenario

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from conformance.generate.explore import Case, Exploration
    from conformance.run.record import ConversationRecord
    from conformance.run.search import Search
    from conformance.scenario.cost import Cost

#: Marker of the items.
MARK = "generated"
#: The folder that the items belong to.
SUITE = "scenarios"


def seed_of(config: pytest.Config) -> int:
    """Return the seed: as asked for, the controller's, or a new one."""
    handed = getattr(config, "workerinput", {}).get("realtime_seed")
    asked = value(config, "seed")
    return int(handed if handed is not None else asked if asked is not None else secrets.randbelow(2**32))


class Generated:
    """The hooks of the generated items."""

    def __init__(self, run: Run) -> None:
        self.config = run.config
        self.seed = seed_of(run.config)
        self.options = SearchOptions(
            seed=self.seed,
            examples=value(run.config, "examples"),
            shrink_sessions=value(run.config, "shrink-sessions"),
            repeatable=value(run.config, "seed") is not None,
        )
        run.config.addinivalue_line("markers", f"{MARK}: examples that Hypothesis makes up")
        for flag in ("examples", "shrink-sessions", "seed"):
            if (number := value(run.config, flag)) is not None and number < 0:
                raise pytest.UsageError(f"--{flag}: {number} is less than 0")
        if not hasattr(run.config, "workerinput") and not run.config.option.collectonly and not run.policy.plan:
            (run.asked.reports / FOLDER / EXAMPLES).unlink(missing_ok=True)

    @property
    def wanted(self) -> bool:
        """Whether the bundled suite as a whole is what is collected."""
        here = self.config.invocation_params.dir
        return value(self.config, "examples") != 0 and any(
            (here / each).resolve() == folder(SUITE) for each in self.config.args
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Put the generated items behind the bundled scenarios."""
        report = yield
        if isinstance(collector, pytest.Dir) and collector.path == folder(SUITE) and report.passed and self.wanted:
            items = [
                GeneratedItem.of(collector, name, title, self.options, vendor)
                for name, title in KINDS.items()
                for vendor in ("", *packs())
            ]
            report.result = [*report.result, *items]
        return report

    def pytest_report_header(self) -> list[str]:
        """Say how the same examples come again."""
        return [f"generated examples: --seed={self.seed} makes the same"] if self.wanted else []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Let every worker draw the same."""
        node.workerinput["realtime_seed"] = self.seed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Let the report carry the record of the smallest case."""
        report = yield
        if call.when == "call" and isinstance(item, GeneratedItem) and item.record is not None:
            report.realtime = item.record.as_data()
        return report


class GeneratedItem(pytest.Item):
    """A search among the examples of one kind."""

    options: SearchOptions
    vendor: str
    """By whose rules is judged; empty: by ours."""
    scenario: Scenario
    """Stands for the examples where a conversation is named."""
    record: ConversationRecord | None = None

    @classmethod
    def of(
        cls, parent: pytest.Collector, name: str, title: str, options: SearchOptions, vendor: str = ""
    ) -> GeneratedItem:
        """Make the node."""
        own, whole = (f"{name}::{keeps(vendor)}",) * 2 if vendor else (name, name if "::" in name else f"{name}::whole")
        item: GeneratedItem = cls.from_parent(parent, name=own, nodeid=whole)
        item.scenario, item.options, item.vendor = Scenario(id=name, title=title, steps=()), options, vendor
        item.add_marker(MARK)
        return item

    def runtest(self) -> None:
        """Search, and tell the smallest cases."""
        from conformance.run.search import Search

        run = self.config.stash[RUN]
        allure = run.allure
        if allure is not None:
            question = keeps(self.vendor) if self.vendor else self.name
            allure.describe(self.scenario, question, self.nodeid, run.settings)
        search = Search(run.runner, self.options, self.scenario, self.vendor)
        run.state.seed = self.options.seed
        found = search.explore()
        self.record = search.record(found)
        if allure is not None and (case := search.gravest(found)) is not None:
            shown = search.judged[case.example]
            allure.show(self.nodeid, keeps(self.vendor), shown, _reproduce(search, case), whole=True)
        self._decide(search, found)

    def bound(self) -> Cost:
        """Return the most that the search may cost."""
        from conformance.run.search import Search

        return Search(self.config.stash[RUN].runner, self.options, self.scenario, self.vendor).bound()

    def _decide(self, search: Search, found: Exploration) -> None:
        grave = [case for case in found.cases if search.grave(case)]
        mild = [case for case in found.cases if case not in grave]
        text = several(case_text(search, case) for case in (*grave, *mild))
        if any(case.flaw.keyword == "ERROR" for case in grave):
            raise HarnessError(f"a rule could not judge a generated example:\n{text}", bug_of(self.vendor))
        if grave:
            raise NonConformance(text)
        if mild:
            self.warn(ConformanceWarning(text))
        if search.excused is not None and not found.cases:
            pytest.xfail("; ".join(f"{name}, known: {entry.issue}" for name, entry in search.excused.known.items()))
        if search.exhausted:
            pytest.skip(f"not run: {search.exhausted}, after {found.examples} generated examples")
        if found.trouble:
            raise Trouble(f"the environment got in the way after {found.examples} generated examples: {found.trouble}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return verdicts and our own messages as they are, without a traceback."""
        if isinstance(excinfo.value, NonConformance | ConformanceWarning | Trouble | HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the name; there is no file, and pytest wants a line to warn at."""
        return self.path, 0, self.nodeid


def _reproduce(search: Search, case: Case) -> str:
    """Return the command that plays a case again."""
    path = search.shelf.files.get(case.flaw.rule) or case.scenario.path
    return search.reproduce(path) if path is not None else ""


def case_text(search: Search, case: Case) -> str:
    """Return the whole text of a case: the finding, its timeline, the script."""
    from conformance.generate.found import told

    reproduce = _reproduce(search, case)
    judged = search.judged[case.example]
    ruling = judged.rulings.get(case.flaw.rule)
    if ruling is not None:
        shown = finding_text(ruling, judged.key, reproduce)
    else:
        shown = stopped_text(judged.conversation, judged.key, reproduce)
    lines = [shown, "", "  the script:", *(f"    {line}" for line in told(case.example, "")["script"].splitlines())]
    if not case.steady:
        lines.append("  It did not come again when the same script was played once more.")
    return search.settings.scrub("\n".join(lines))
