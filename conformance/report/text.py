"""Findings in words, 80 columns wide: what is demanded, what came instead, where, and how to see it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.report.distinct_places import one_of_each, telling
from conformance.report.layout import WIDTH, wrapped
from conformance.report.sentence import some
from conformance.report.timeline import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.play.player import Conversation
    from conformance.run.ruling import LocatedFinding, Ruling
    from conformance.trace.trace import Trace

#: Further findings of the same rule are counted, not shown; those at different places of events come first.
MOST_SHOWN = 3


def finding_text(ruling: Ruling, conversation: str, reproduce: str = "") -> str:
    """Return the whole text of a rule's findings in a conversation; *reproduce* is the command that repeats it."""
    rule = ruling.rule
    lines = [*wrapped(rule.demand), f"  rule  {rule.id}", f"  spec  {rule.spec}"]
    shown = telling([each.finding for each in ruling.findings], MOST_SHOWN)
    for located in ruling.findings:
        if any(located.finding is each for each in shown):
            lines += ["", *_located(located, conversation)]
    if (more := len(ruling.findings) - MOST_SHOWN) > 0:
        places = [each.path for each in one_of_each(each.finding for each in ruling.findings)[MOST_SHOWN:] if each.path]
        lines += ["", *wrapped(f"… and {more} more{f', also at {some(places, MOST_SHOWN)}' if places else ''}", "  ")]
    return "\n".join([*lines, *_reproduce(reproduce)])


def _located(located: LocatedFinding, conversation: str) -> list[str]:
    finding = located.finding
    lines = wrapped(with_place(finding.message, finding.path), "  ")
    lines += pair(finding.expected, finding.actual)
    lines += wrapped(finding.hint, "  hint      ", " " * 12) if finding.hint else []
    where = f"connection {located.connection + 1} of {conversation}" if located.connection else conversation
    return [*lines, f"  in {where}:", *excerpt(located.trace, finding.index)]


def with_place(message: str, path: str) -> str:
    """Return what a finding says with its JSON pointer *path*, where it does not name that itself."""
    named = re.search(rf"{re.escape(path)}(?![/\w])", message)
    return message if named else f"{message} (at {path})"


def pair(expected: str, actual: str) -> list[str]:
    """Return the lines `expected` and `actual`, where there is anything to say."""
    lines = []
    for name, text in (("expected", expected), ("actual", actual)):
        if text:
            lines += wrapped(text, f"  {name:<9} ", " " * 12)
    return lines


def stopped_text(conversation: Conversation, name: str, reproduce: str = "") -> str:
    """Say at which line of the script a conversation stopped, and what was the matter."""
    step, path = conversation.step, conversation.scenario.path
    lines = wrapped(f"The conversation did not get through its script: {conversation.message}")
    if step is not None and step.line and path is not None:
        lines.append(f"  step  {step.name}   ({path.name}, line {step.line})")
    elif step is None:
        lines.append("  step  the barrier and the close that end every conversation")
    lines += pair(conversation.expected, conversation.actual)
    if conversation.traces:
        trace = conversation.traces[-1]
        lines += [f"  the end of {name}:", *excerpt(trace, _last(trace))]
    return "\n".join([*lines, *_reproduce(reproduce)])


def _last(trace: Trace) -> int:
    return len(trace) if trace.end is not None else len(trace) - 1


def several(texts: Iterable[str]) -> str:
    """Put texts below each other."""
    return ("\n" + "─" * (WIDTH - 4) + "\n").join(texts)


def _reproduce(command: str) -> list[str]:
    return ["", "  reproduce:", f"    {command}"] if command else []


def bug_of(vendor: str) -> str:
    """Say whose bug it is that a rule of *vendor* (empty: of ours) crashed."""
    if vendor:
        return f"This is a bug in the rules of {vendor}, not in the endpoint: please report it to them with the trace."
    return "This is a bug in realtime-conformance, not in the endpoint: please report it with the trace."
