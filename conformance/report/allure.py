"""Allure's results while a run goes on: each item filed, titled and furnished; nothing secret on the disk.

Only the public interfaces of `allure` and `allure_commons` are used.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allure
import allure_commons
import orjson
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, Status, StatusDetails, TestStepResult
from allure_commons.types import LabelType
from allure_commons.utils import md5, platform_label

from conformance.report.allure_attachments import attachment, attachments_of
from conformance.report.allure_files import write_allure_files
from conformance.report.allure_item import SEVERITY, AllureItem, findings_for, item_of, judged_item, without_class
from conformance.report.inert import inert, is_inert_json
from conformance.rules.engine.rule import Keyword
from conformance.run.folder import Disk
from conformance.run.promises import rule_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from conformance.run.result import RunResult
    from conformance.run.ruling import JudgedConversation
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.secrets import Scrubber

#: The label that carries the item's own name, from which its history is made.
NAME = "conversation_item"
#: How what cannot be written is named.
RESULTS = "Allure's results"
#: Labels of allure-pytest that say where files lie: they differ from machine to machine.
FOREIGN = frozenset({"host", "thread", "package", "framework", "tag"})


def markers(name: str) -> Iterator[Any]:
    """Return what is known at collection, so that --allure-severities and its like can select."""
    rule = rule_named(name)
    yield _severity(SEVERITY[rule.keyword if rule is not None else Keyword.MUST])


@cache
def _severity(name: str) -> Any:
    return allure.severity(name)


class AllureSide:
    """What this run tells Allure."""

    def __init__(self, folder: str, scrub: Scrubber, disk: Disk | None = None) -> None:
        self.folder = Path(folder).absolute()
        self.disk = disk or Disk()
        self.scrub = scrub
        self.items: dict[str, AllureItem] = {}
        """By stable id, until it is written."""
        self.silent = ""
        """The stable id of the item that is running, if it is `passed`."""

    def describe(self, scenario: Scenario, name: str, stable_id: str, settings: Settings) -> None:
        """File the item that is running."""
        with self.disk.writing(RESULTS):
            allure.dynamic.label(NAME, stable_id)
            self.items[stable_id] = item_of(scenario, name, settings)

    def passed(self, scenario: Scenario, name: str, stable_id: str, settings: Settings) -> None:
        """File the item that is running as passed: it goes through no phases in which Allure would learn of it."""
        with self.disk.writing(RESULTS):
            self.silent = stable_id
            self.items[stable_id] = item_of(scenario, name, settings)

    def show(
        self, stable_id: str, name: str, judged: JudgedConversation, reproduce: Callable[[], str], *, whole: bool
    ) -> None:
        """Furnish the item that is running, now that its conversation is judged; *whole*: it stands for all of it.

        *reproduce* makes the command that plays it again, where that is shown.
        """
        with self.disk.writing(RESULTS):
            self._show(stable_id, name, judged, reproduce, whole=whole)

    def _show(
        self, stable_id: str, name: str, judged: JudgedConversation, reproduce: Callable[[], str], *, whole: bool
    ) -> None:
        if stable_id in self.items:
            self.items[stable_id] = judged_item(self.items[stable_id], name, judged, whole=whole)
        found = findings_for(name, judged)
        if found or (whole and judged.conversation.step is not None):
            for title, body, media, ending in attachments_of(judged, found, self.scrub(reproduce())):
                allure.attach(body, title, attachment_type=media, extension=ending)
        elif whole:
            for number, trace in enumerate(judged.conversation.traces, 1):
                title = f"trace of connection {number}" if number > 1 else "trace"
                allure.attach(attachment(trace), title, allure.attachment_type.TEXT)

    def guard(self, config: pytest.Config) -> None:
        """Put a scrubbing writer in the place of Allure's own."""
        manager = allure_commons.plugin_manager
        for writer in [each for each in manager.get_plugins() if type(each) is AllureFileLogger]:
            own, name = _ScrubbedWriter(str(self.folder), self), manager.get_name(writer)
            manager.unregister(writer)
            manager.register(own, name=name)

            def give_back(writer: Any = writer, own: Any = own, name: str | None = name) -> None:
                # Allure unregisters its writer at the end, and expects to find it.
                manager.unregister(own)
                manager.register(writer, name=name)

            config.add_cleanup(give_back)

    def finish(self, result: RunResult) -> None:
        """Write what Allure shows about the whole run."""
        write_allure_files(self.folder, result)


class _ScrubbedWriter(AllureFileLogger):
    """Allure's own writer, after scrubbing; an item's history hangs on its own name, not on a path."""

    def __init__(self, folder: str, side: AllureSide) -> None:
        super().__init__(folder)  # type: ignore[no-untyped-call]
        self.side = side

    def _keep(self, item: Any) -> None:
        """Write one of Allure's objects, whole or not at all."""
        with self.side.disk.writing(RESULTS):
            path = f"{self.side.folder}{os.sep}{item.file_pattern.format(prefix=uuid.uuid4())}"
            with open(f"{path}.part", "wb", buffering=0) as file:  # noqa: PTH123 - thousands of files, and paths are slow
                file.write(written(item, self.side.scrub))
            os.replace(f"{path}.part", path)  # noqa: PTH105

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        if self.side.silent:
            _pass(result, self.side.silent)
            self.side.silent = ""
        name = next((label.value for label in result.labels if label.name == NAME), None)
        if name is not None and (item := self.side.items.pop(name, None)) is not None:
            with self.side.disk.writing(RESULTS):
                _furnish(result, name, item)
        self._keep(result)

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        self._keep(container)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        self.report_attached_data(Path(source).read_bytes(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: Any, file_name: str) -> None:
        if isinstance(body, bytes | bytearray):
            with contextlib.suppress(UnicodeDecodeError):
                body = bytes(body).decode()
        with self.side.disk.writing(RESULTS):
            super().report_attached_data(inert(self.side.scrub(body)) if isinstance(body, str) else body, file_name)  # type: ignore[no-untyped-call]


def _pass(result: Any, name: str) -> None:
    """Put what Allure learns in the phases of an item that passes into its empty result."""
    result.status = Status.PASSED
    result.labels = [Label(name=NAME, value=name), Label(name=LabelType.LANGUAGE, value=_language())]


@cache
def _language() -> str:
    return str(platform_label())


def _furnish(result: Any, name: str, item: AllureItem) -> None:
    """Put what we know of an item in the place of what allure-pytest made of files and classes."""
    result.fullName, result.testCaseId, result.historyId = name, md5(name), md5(name)
    result.name = item.title
    result.titlePath = []
    given = {label for label, _ in item.labels}
    kept = [each for each in result.labels if each.name not in given and each.name not in FOREIGN]
    # Plain data in the place of Allure's objects: of these a run would make a hundred thousand.
    result.labels = [*kept, *({"name": label, "value": text} for label, text in item.labels)]
    result.links = [{"type": "link", "url": address, "name": text} for text, address in item.links]
    if result.statusDetails is not None:
        _tell(result, item)
    elif item.message:
        result.statusDetails = StatusDetails(message=item.message)
    if item.flaky and result.statusDetails is not None:
        result.statusDetails.flaky = True
    if item.seconds:
        result.start = (result.stop or result.start) - round(item.seconds * 1000)
    for step in item.steps:
        began, ended = (result.start + round(at * 1000) for at in (step.began, step.ended))
        result.steps.append(TestStepResult(name=step.name, status="passed", start=began, stop=ended))


def _tell(result: Any, item: AllureItem) -> None:
    """Let the message begin with the requirement, the same wherever it is broken; the trace has the whole text."""
    details = result.statusDetails
    text = without_class(details.message or "")
    details.message = item.message if item.message and result.status in ("failed", "passed") else text
    if text and text != details.message:
        details.trace = text


def written(item: Any, scrub: Scrubber) -> bytes:
    """Return one of Allure's objects as JSON, scrubbed as a whole: text by text takes ten times as long.

    What is empty is left out, as Allure does, and every text is inert; hardly ever is there one that is not so anyway.
    """
    try:
        text = orjson.dumps(item, default=_fields).decode()
    except orjson.JSONEncodeError:  # half a surrogate pair
        text = ""
    if not text or not is_inert_json(text):
        text = orjson.dumps(_inert(item)).decode()
    return scrub(text).encode()


def _fields(value: Any) -> dict[str, Any]:
    """Return what one of Allure's objects says."""
    told = ((each.name, getattr(value, each.name)) for each in type(value).__attrs_attrs__)
    return {name: each for name, each in told if each or each is False}


def _inert(value: Any) -> Any:
    """Return one of Allure's objects as JSON data, its texts inert."""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, list):
        return [_inert(each) for each in value]
    if hasattr(type(value), "__attrs_attrs__"):
        value = _fields(value)
    return {name: _inert(each) for name, each in value.items()} if isinstance(value, dict) else value
