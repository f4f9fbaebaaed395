"""Allure: labels that sort by dialect, topic and requirement; the trace attached; nothing secret on the disk.

Only the public interfaces of `allure` and `allure_commons` are used.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allure
import allure_commons
from allure_commons.logger import AllureFileLogger
from allure_commons.utils import md5

from conformance.relay.rules import known_rules
from conformance.rules import RULES
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import heading_of, packs
from conformance.run.folder import Disk
from conformance.run.record import KEEPS_EVERY_OTHER_RULE, KEEPS_THOSE_OF
from conformance.trace.jsonl import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from conformance.run.ruling import JudgedConversation
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.secrets import Scrubber
    from conformance.trace.trace import Trace

SEVERITY = {
    Keyword.MUST: allure.severity_level.CRITICAL,
    Keyword.SHOULD: allure.severity_level.NORMAL,
    Keyword.MAY: allure.severity_level.MINOR,
}
#: The label that carries the item's own name, from which its history is made.
NAME = "conversation_item"
#: Base64 longer than this is shown by its length and digest.
LONGEST_BASE64 = 200
BASE64 = re.compile(rb'"([A-Za-z0-9+/=_-]{%d,})"' % LONGEST_BASE64)
#: Bytes of one attachment.
LARGEST = 2_000_000
OWN = {
    "plays": "The conversation gets through its script",
    KEEPS_EVERY_OTHER_RULE: "The conversation breaks no rule that it does not set out to prove",
}


def vendor_of(name: str) -> str:
    """Tell whose rules an item asks about, by its name; empty for ours."""
    if (rule := known_rules().get(name)) is not None:
        return rule.vendor
    return name.removeprefix(KEEPS_THOSE_OF) if name.startswith(KEEPS_THOSE_OF) else ""


def story_of(name: str) -> str:
    """Give the sentence behind an item's name."""
    if (rule := known_rules().get(name)) is not None:
        return rule.sentence
    if vendor := vendor_of(name):
        return f"The conversation breaks no rule of {vendor} that it does not set out to prove"
    return OWN.get(name, name)


def markers(scenario: Scenario, name: str) -> Iterator[Any]:
    """Give what is known at collection, so that --allure-severities and its like can select."""
    rule = known_rules().get(name)
    yield allure.severity(SEVERITY[rule.keyword if rule is not None else Keyword.MUST])
    yield allure.feature(scenario.topic or scenario.id)
    yield allure.story(story_of(name))


class AllureSide:
    """What this run tells Allure."""

    def __init__(self, folder: str, scrub: Scrubber, disk: Disk | None = None) -> None:
        self.folder = Path(folder).absolute()
        self.disk = disk or Disk()
        self.scrub = scrub
        self.seconds: dict[str, float] = {}

    def describe(self, scenario: Scenario, name: str, stable_id: str, settings: Settings) -> None:
        """Label the item that is running; what asks about a vendor's rules stands under the vendor's name."""
        vendor, rule = vendor_of(name), known_rules().get(name)
        profile = settings.profile.name if settings.profile is not None else "no profile"
        allure.dynamic.epic(heading_of(vendor) if vendor else settings.target.dialect.title)
        own = name in OWN or (vendor and rule is None)
        allure.dynamic.title(f"{scenario.title}: {name}" if own else story_of(name))
        allure.dynamic.label(NAME, stable_id)
        allure.dynamic.label("suite", scenario.id)
        allure.dynamic.label("parentSuite", heading_of(vendor) if vendor else profile)
        if rule is not None:
            allure.dynamic.label("requirement", rule.id)
            allure.dynamic.label("keyword", str(rule.keyword))
            allure.dynamic.link(rule.spec, name="spec")

    def show(self, stable_id: str, judged: JudgedConversation, seconds: float, *, with_trace: bool) -> None:
        """Attach what was said, and remember how long it took."""
        self.seconds[stable_id] = seconds
        if not with_trace:
            return
        for number, trace in enumerate(judged.conversation.traces, 1):
            name = f"trace{f' of connection {number}' if number > 1 else ''}"
            allure.attach(attachment(trace), name, allure.attachment_type.TEXT)

    def guard(self, config: pytest.Config) -> None:
        """Put a scrubbing writer in the place of Allure's own."""
        manager = allure_commons.plugin_manager
        for writer in [each for each in manager.get_plugins() if type(each) is AllureFileLogger]:
            own, name = _Writer(str(self.folder), self), manager.get_name(writer)
            manager.unregister(writer)
            manager.register(own, name=name)

            def give_back(writer: Any = writer, own: Any = own, name: str | None = name) -> None:
                # Allure unregisters its writer at the end, and expects to find it.
                manager.unregister(own)
                manager.register(writer, name=name)

            config.add_cleanup(give_back)

    def about(self, settings: Settings) -> None:
        """Write what Allure shows about the whole run."""
        told = {
            "endpoint": "embedded reference" if settings.embedded else settings.target.url,
            "dialect": settings.target.dialect.name,
            "profile": settings.profile.name if settings.profile is not None else "none",
            "auth": settings.auth or settings.target.auth,
            "model": settings.target.model or "",
            "rules": str(len(RULES)),
            **{f"rules.{vendor}": f"{len(pack.rules)} ({pack.distribution})" for vendor, pack in packs().items()},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{name}={self.scrub(text)}\n" for name, text in told.items())
        (self.folder / "environment.properties").write_text(lines, encoding="utf-8")
        (self.folder / "executor.json").write_text(
            '{"name": "realtime-conformance", "type": "realtime-conformance"}\n', encoding="utf-8"
        )


class _Writer(AllureFileLogger):
    """Allure's own writer, after scrubbing; an item's history hangs on its own name, not on a path."""

    def __init__(self, folder: str, side: AllureSide) -> None:
        super().__init__(folder)  # type: ignore[no-untyped-call]
        self.side = side

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        name = next((label.value for label in result.labels if label.name == NAME), None)
        if name is not None:
            result.fullName = name
            result.testCaseId = md5(name)
            result.historyId = md5(name)
            if seconds := self.side.seconds.get(name):
                result.start = (result.stop or result.start) - round(seconds * 1000)
        with self.side.disk.writing():
            super().report_result(scrubbed(result, self.side.scrub))  # type: ignore[no-untyped-call]

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        with self.side.disk.writing():
            super().report_container(scrubbed(container, self.side.scrub))  # type: ignore[no-untyped-call]

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        self.report_attached_data(Path(source).read_bytes(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: Any, file_name: str) -> None:
        if isinstance(body, bytes | bytearray):
            with contextlib.suppress(UnicodeDecodeError):
                body = bytes(body).decode()
        with self.side.disk.writing():
            super().report_attached_data(self.side.scrub(body) if isinstance(body, str) else body, file_name)  # type: ignore[no-untyped-call]


def scrubbed(value: Any, scrub: Scrubber) -> Any:
    """Scrub every text in one of Allure's objects, in place where it can be changed."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return [scrubbed(each, scrub) for each in value]
    fields = getattr(type(value), "__attrs_attrs__", ())
    for each in fields:
        setattr(value, each.name, scrubbed(getattr(value, each.name), scrub))
    return value


def attachment(trace: Trace) -> str:
    """Give a trace as text, with its audio by length and digest, cut at LARGEST bytes."""
    text = BASE64.sub(_digest, dumps(trace))
    if len(text) > LARGEST:
        text = text[:LARGEST] + b"\n(cut here; the whole trace is in reports/traces)\n"
    return text.decode("utf-8", "replace")


def _digest(found: re.Match[bytes]) -> bytes:
    written = found[1]
    try:
        data = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return found[0]
    return f'"({len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]})"'.encode()
