"""junit.xml: a suite for each chapter of the rules, a case for each rule, so that one fault is one failure.

Written beside what pytest's own `--junitxml` writes, where every item of every conversation is a case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from conformance.play.player import Outcome
from conformance.report.failure_text import failure_text, stop_text
from conformance.report.failures import failures_of, reasons_of, stops_of, unplayed_in
from conformance.report.inert import inert, one_line
from conformance.report.provenance import tool_version
from conformance.report.sentence import many, sentence_of
from conformance.rules.engine.judge import Verdict
from conformance.run.outcome import ExitStatus
from conformance.run.record import UNJUDGED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally

SUITE = "realtime-conformance"
#: What makes a case red.
RED = frozenset({"failure", "error"})
#: Verdicts that a case is skipped with.
SKIPPED = frozenset({Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.KNOWN})


def junit_of(result: RunResult) -> str:
    """Return the file as text."""
    root = ElementTree.Element("testsuites", name=SUITE, time=f"{result.seconds:.3f}")
    texts = {each.line.rule.id: failure_text(result, each) for each in failures_of(result)}
    unmet = {line.rule.id for tally in result.tallies for line in tally.unmet}
    by_chapter: dict[str, list[RuleTally]] = {}
    for tally in result.tallies:
        for line in tally.lines:
            by_chapter.setdefault(line.rule.chapter or line.rule.vendor, []).append(line)
    for chapter, lines in by_chapter.items():
        suite = ElementTree.SubElement(root, "testsuite", name=f"{SUITE}.{chapter}")
        for line in lines:
            _rule(suite, line, texts, result, counts=line.rule.id in unmet)
        _count(suite)
    _conversations(root, result)
    _count(root)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _rule(
    suite: ElementTree.Element, line: RuleTally, texts: Mapping[str, str], result: RunResult, *, counts: bool
) -> None:
    """Add a case for a rule; *counts*: it was promised and not proved, which fails the run."""
    rule = line.rule
    case = ElementTree.SubElement(suite, "testcase", classname=f"{SUITE}.{rule.chapter}", name=rule.id, time="0")
    told = {"rule": rule.id, "keyword": str(rule.keyword), "sentence": rule.sentence, "spec": rule.spec}
    told |= {"requirement": ", ".join(rule.covers), "verdict": str(line.verdict)}
    _properties(case, told)
    text, first = texts.get(rule.id, ""), one_line(line.first)
    fails = line.verdict is Verdict.FAIL or (result.settings.strict and line.verdict is Verdict.WARNING)
    if fails or counts:
        words = first or f"{line.verdict}: promised by a scenario, but no conversation exercised it"
        _fail(case, result, str(line.verdict), words, text or words)
    elif line.verdict is Verdict.ERROR:
        ElementTree.SubElement(case, "error", type="harness", message=first)
    elif line.verdict in SKIPPED or line.verdict is Verdict.UNPROVEN:
        ElementTree.SubElement(case, "skipped", message=first or str(line.verdict))
    elif text:
        ElementTree.SubElement(case, "system-out").text = text


def _fail(case: ElementTree.Element, result: RunResult, kind: str, message: str, text: str) -> None:
    """Make a case red; not in the run that has written the failure into the baseline, whose status is 0."""
    if result.baseline.written:
        ElementTree.SubElement(case, "skipped", message=f"known: {message}").text = text
    else:
        ElementTree.SubElement(case, "failure", type=kind, message=message).text = text


def _conversations(root: ElementTree.Element, result: RunResult) -> None:
    """Tell the conversations that stopped or say nothing, a case for each reason; and how many got through."""
    suite = ElementTree.SubElement(root, "testsuite", name=f"{SUITE}.conversations")
    told = {
        "version": tool_version(),
        "endpoint": "embedded reference" if result.settings.embedded else result.settings.target.url,
        "outcome": str(result.outcome),
        "verdict": sentence_of(result),
    }
    _properties(suite, told)
    for stop in stops_of(result):
        case = ElementTree.SubElement(suite, "testcase", classname=SUITE, name=f"{stop.record.conversation} plays")
        _fail(case, result, "stopped", one_line(stop.record.message), stop_text(result, stop))
    for reason in unplayed_in(result):
        case = ElementTree.SubElement(suite, "testcase", classname=SUITE, name=f"{reason.conversations[0]} is judged")
        if reason.outcome in UNJUDGED:
            ElementTree.SubElement(case, "error", type=str(reason.outcome), message=one_line(reason.text))
        else:
            ElementTree.SubElement(case, "skipped", message=one_line(reason.text))
    if through := sum(each.outcome is Outcome.PLAYED for each in result.conversations.values()):
        name = f"{many(through, 'conversation')} got through {'its' if through == 1 else 'their'} script"
        ElementTree.SubElement(suite, "testcase", classname=SUITE, name=name, time=f"{result.seconds:.3f}")
    if result.status is not ExitStatus.CLEAN and not any(each.tag in RED for each in root.iter()):
        case = ElementTree.SubElement(suite, "testcase", classname=SUITE, name="the run is judged")
        error = ElementTree.SubElement(case, "error", type=str(result.outcome), message=sentence_of(result))
        error.text = inert("\n".join(reasons_of(result)))
    _count(suite)


def _properties(of: ElementTree.Element, told: Mapping[str, str]) -> None:
    properties = ElementTree.SubElement(of, "properties")
    for name, value in told.items():
        if value:
            ElementTree.SubElement(properties, "property", name=name, value=inert(value))


def _count(suite: ElementTree.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
