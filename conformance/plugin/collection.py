"""From scenario files to items: a file, an auth style where there are several, a conversation's items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.errors import ConformanceError, UsageError
from conformance.plugin.items import ConversationItem, KeepsEveryOtherRule, Plays, Proves
from conformance.plugin.marks import marks_of
from conformance.resources import folder
from conformance.rules.rule_packs import packs
from conformance.run.baseline import PLAYS
from conformance.run.job import Job
from conformance.run.promises import promises_exist, rule_named
from conformance.run.record import keeps
from conformance.scenario.load import load
from conformance.scenario.model import SOAK
from conformance.scenario.sniff import looks_like_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario


SMOKE = "smoke"


def collects(path: Path, session: pytest.Session) -> bool:
    """Return whether *path* is a scenario: it looks like one, or it was named."""
    return looks_like_scenario(path) or session.isinitpath(path)


class ScenarioFile(pytest.File):
    """One scenario."""

    settings_of_run: Settings

    @classmethod
    def at(cls, parent: pytest.Collector, path: Path, settings: Settings) -> ScenarioFile:
        """Make the node; bundled scenarios are called `scenarios/…` wherever they lie."""
        bundled = folder("scenarios")
        kept: dict[str, Any] = {}
        if path.is_relative_to(bundled):  # which may lie in an environment below the root
            kept["nodeid"] = f"scenarios/{path.relative_to(bundled).as_posix()}"
        node: ScenarioFile = cls.from_parent(parent, path=path, **kept)
        node.settings_of_run = settings
        return node

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Read the file; what is wrong with it is one message."""
        bundled = folder("scenarios")
        home = bundled if self.path.is_relative_to(bundled) else self.config.rootpath
        scenario = load(self.path, home)
        promises_exist(scenario)
        if (
            scenario.upstream is not None and self.settings_of_run.relay is None
        ):  # nobody stands behind the endpoint whom it could be played with
            return []
        if scenario.soaks and not self._soak_is_wanted:
            return []
        _register(self.config, marks_of(scenario))
        several, named = _in_several_styles(scenario, self.settings_of_run), self._style_is_named
        if not several and not named:
            return list(_items(self, Job.of(scenario)))
        first, *others = self.settings_of_run.styles if several else (self.settings_of_run.target.auth,)
        # A first verdict needs the usual style only.
        rest = replace(scenario, tags=scenario.tags - {SMOKE})
        return [
            StyleCollector.of(self, scenario, first, several=several),
            *(StyleCollector.of(self, rest, style) for style in others),
        ]

    @property
    def _style_is_named(self) -> bool:
        """Whether the command line names this scenario in an auth style."""
        here = self.config.invocation_params.dir
        return any((here / file).resolve() == self.path.resolve() for file, _ in _named_in_styles(self.config))

    @property
    def _soak_is_wanted(self) -> bool:
        """Whether conversations that take minutes were asked for: by `-m soak`, or by their name."""
        return SOAK in self.config.getoption("markexpr") or self.session.isinitpath(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Return our own messages without a traceback."""
        return message_of(excinfo) or super().repr_failure(excinfo)


class StyleCollector(pytest.Collector):
    """The items of a scenario in one auth style."""

    job: Job

    @classmethod
    def of(cls, parent: ScenarioFile, scenario: Scenario, style: str, *, several: bool = True) -> StyleCollector:
        """Make the node; where there are not *several* styles, the conversation is called as if none had been named."""
        node: StyleCollector = cls.from_parent(parent, name=style)
        node.job = Job.of(scenario, style if several else "")
        return node

    def collect(self) -> Iterable[pytest.Item]:
        """Return the items."""
        return list(_items(self, self.job))


def refuse_other_styles(config: pytest.Config, settings: Settings) -> None:
    """Raise UsageError where the command line names a conversation in an auth style that this run does not play."""
    for file, style in _named_in_styles(config):
        try:
            scenario = load(config.invocation_params.dir / file, folder("scenarios"))
        except ConformanceError:  # said where it is collected
            continue
        played = settings.styles if _in_several_styles(scenario, settings) else (settings.target.auth,)
        if style not in played:
            told = f"{scenario.id}@{style}: this run plays it in the auth style {' and '.join(played)}"
            raise UsageError(told, f"Add --auth={style}, or leave @{style} out.")


def _named_in_styles(config: pytest.Config) -> Iterator[tuple[str, str]]:
    for argument in config.args:
        file, _, rest = argument.partition("::")
        if (style := rest.partition("::")[0]) in STYLES:
            yield file, style


def _in_several_styles(scenario: Scenario, settings: Settings) -> bool:
    return scenario.each == "auth" or settings.auth == "all"


def _items(parent: pytest.Collector, job: Job) -> Iterator[pytest.Item]:
    scenario = job.scenario
    marks = sorted(marks_of(scenario))
    yield _marked(Plays.of(parent, job, PLAYS, 0), marks)
    for rule_id in scenario.proves:
        rule = rule_named(rule_id)
        own = [rule.keyword.lower()] if rule is not None else []  # it is there: whatever is not was refused above
        yield _marked(Proves.of(parent, job, rule_id, scenario.places[rule_id][0] - 1), [*own, *marks])
    for vendor in ("", *packs()):
        yield _marked(KeepsEveryOtherRule.of(parent, job, keeps(vendor), 0), marks)


def _marked(item: ConversationItem, marks: Iterable[str]) -> ConversationItem:
    for name in marks:
        item.add_marker(name)
    if item.config.pluginmanager.hasplugin("allure_pytest"):
        from conformance.report.allure import markers

        for marker in markers(item.name):
            item.add_marker(marker)
    return item


def conversation_by_conversation(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return *items* with those of a conversation side by side, where its first one stands; whatever is not ours stays.

    Somebody's plugin may have shuffled them.  A conversation is played once, whatever the order of its items; told in
    pieces it only takes longer to play, to tell and to read.
    """
    of_conversation: dict[pytest.Collector | None, list[pytest.Item]] = {}
    for item in items:
        if isinstance(item, ConversationItem):
            of_conversation.setdefault(item.parent, []).append(item)
    found: list[pytest.Item] = []
    for item in items:
        found += of_conversation.pop(item.parent, ()) if isinstance(item, ConversationItem) else (item,)
    return found


def _register(config: pytest.Config, names: frozenset[str]) -> None:
    """Make the tags of a scenario known markers, so that --strict-markers takes them."""
    known = {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    for name in sorted(names - known):
        config.addinivalue_line("markers", f"{name}: a tag of scenarios")


def message_of(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """Return the text of our own errors, empty for anybody else's."""
    return str(excinfo.value) if isinstance(excinfo.value, ConformanceError) else ""
