"""Verdicts on recorded conversations in words: each in full, or the sum of many."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from conformance.corpus.verdict import RecordingOutcome
from conformance.report.inert import inert, one_line
from conformance.report.layout import wrapped
from conformance.report.text import finding_text
from conformance.rules.engine.judge import VERDICT_OF_FINDING
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import judged_rules, packs
from conformance.run.ruling import LocatedFinding, Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.corpus.tally import CorpusTally
    from conformance.corpus.verdict import RecordedVerdict
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.rules.engine.rule import Rule
    from conformance.trace.views import View

INDENT = " " * 12
#: Rules with findings that are listed with their examples.
MOST_RULES = 40


def nothing(verdict: RecordedVerdict, view: View | None, outcome: Dispatched | None) -> str:  # noqa: ARG001
    """Tell nothing of a conversation: only the sum is asked for."""
    return ""


def in_full(verdict: RecordedVerdict, view: View | None, outcome: Dispatched | None) -> str:
    """Tell the verdict in a line, what was and was not exercised, and the findings with their excerpts."""
    if view is None or outcome is None:
        kind = "not judged" if verdict.kind is RecordingOutcome.OTHER_PROTOCOL else verdict.kind
        return f"{kind}  {inert(verdict.trouble)}\n"
    about = f"{verdict.name}  ({verdict.dialect}, {verdict.entries} entries)"
    lines = [*_house(verdict, view, outcome, "", about)]
    for vendor, pack in packs().items():
        lines += _house(verdict, view, outcome, vendor, f"{pack.heading} in {verdict.name}")
    return "\n".join(lines) + "\n"


def _house(verdict: RecordedVerdict, view: View, outcome: Dispatched, vendor: str, about: str) -> Iterator[str]:
    """Yield the verdict line of our rules or of a vendor's, what they saw, and their findings."""
    must, should = verdict.of(Keyword.MUST, vendor), verdict.of(Keyword.SHOULD, vendor)
    rules = [rule for rule in judged_rules().values() if rule.vendor == vendor]
    proved = [rule for rule in rules if rule.id in verdict.held]
    counts = f"{_rules(must)} MUST and {_rules(should)} SHOULD broken, {len(proved)} of {len(rules)} rules proved"
    kind = verdict.kind if not vendor else "broken" if must else "clean"
    yield f"{kind:<10}  {about}: {counts}"
    if not vendor:
        for line in _seen(verdict, proved, rules):
            yield from wrapped(line, INDENT, INDENT + "  ")
    for keyword in (Keyword.MUST, Keyword.SHOULD):
        for rule in rules:
            if rule.keyword is keyword and rule.id in outcome.findings:
                spotted = tuple(LocatedFinding(each, view.trace) for each in outcome.findings[rule.id])
                ruling = Ruling(rule, VERDICT_OF_FINDING[keyword], spotted)
                yield from ("", finding_text(ruling, verdict.name), "")


def _rules(findings: Iterable[object]) -> int:
    return len({getattr(each, "rule", "") for each in findings})


def _seen(verdict: RecordedVerdict, proved: list[Rule], rules: list[Rule]) -> Iterator[str]:
    """Yield what the verdict rests on, and what it says nothing about."""
    if verdict.trouble:
        yield f"internal error in a rule: {verdict.trouble}"
    if verdict.unproven:
        yield f"expected and not proved: {', '.join(verdict.unproven)}"
    if verdict.kind is RecordingOutcome.UNCLEAR:
        understood = f"understood: only {verdict.known} of {verdict.frames} frames; no verdict"
        yield understood if verdict.known * 2 < verdict.frames else "holds nothing that could be judged; no verdict"
    chapters = Counter(rule.chapter for rule in proved)
    broken = {each.rule for each in (*verdict.findings, *verdict.waived)}
    found = {rule.chapter for rule in rules if rule.id in broken}
    silent = dict.fromkeys(rule.chapter for rule in rules if not chapters[rule.chapter] and rule.chapter not in found)
    for each in {found.rule: found for found in reversed(verdict.waived)}.values():
        yield f"excused: {each.rule}: {inert(each.message)} ({inert(each.excuse)})"
    if chapters:
        yield f"exercised: {', '.join(f'{name} {count}' for name, count in chapters.items())}"
    if silent:
        yield f"not exercised: {', '.join(silent)}"
    if verdict.silent_wire:
        yield f"not judged: {', '.join(verdict.silent_wire)}"
    if verdict.remark:
        yield f"concluded: {verdict.remark}"


def in_sum(tally: CorpusTally, seconds: float) -> str:
    """Tell what many conversations came to: counts, each broken rule with its first places, what nobody exercised."""
    lines = [_headline(tally, seconds), ""]
    lines += [f"  {kind:<11} {count:>9,}" for kind in RecordingOutcome if (count := tally.kinds[kind])]
    for trouble in tally.troubles:
        lines += wrapped(one_line(trouble), "    ", "      ")
    rules = judged_rules()
    for name, count in sorted(tally.broken.items(), key=lambda pair: (_weight(rules[pair[0]]), -pair[1]))[:MOST_RULES]:
        lines += ["", *_broken(rules[name], count, tally)]
    if left := len(tally.broken) - MOST_RULES:
        lines += ["", f"… and {left} rules more"] if left > 0 else []
    for name, count in sorted(tally.waived.items()):
        lines += ["", *_excused(rules[name], count, tally)]
    return "\n".join([*lines, "", *_coverage(tally)]) + "\n"


def _headline(tally: CorpusTally, seconds: float) -> str:
    speed = f", {tally.conversations / seconds:,.0f} a second" if seconds > 0 and tally.conversations else ""
    spoken = ", ".join(f"{count:,} {name}" for name, count in sorted(tally.dialects.items()))
    of = f" ({spoken})" if spoken else ""
    return f"{tally.conversations:,} conversations of {tally.entries:,} entries{of}{speed}"


def _weight(rule: Rule) -> int:
    return list(Keyword).index(rule.keyword)


def _broken(rule: Rule, count: int, tally: CorpusTally) -> Iterator[str]:
    share = count / max(1, tally.conversations)
    verb = "noted" if rule.keyword is Keyword.MAY else "broken"
    yield f"{rule.id}  {rule.keyword}, {verb} in {count:,} ({share:.1%}), {tally.findings[rule.id]:,} findings"
    for found in tally.examples.get(rule.id, ()):
        yield from wrapped(one_line(f"{found.place}: {found.message}"), "    ", "      ")


def _excused(rule: Rule, count: int, tally: CorpusTally) -> Iterator[str]:
    share, found = count / max(1, tally.conversations), tally.excused[rule.id]
    yield f"{rule.id}  {rule.keyword}, excused in {count:,} ({share:.1%})"
    yield from wrapped(one_line(f"{found.place}: {found.message} ({found.excuse})"), "    ", "      ")


def _coverage(tally: CorpusTally) -> Iterator[str]:
    rules = [rule for rule in judged_rules().values() if not rule.vendor]
    seen = tally.proved.keys() | tally.broken.keys() | tally.waived.keys()
    silent = [rule for rule in rules if rule.id not in seen]
    yield f"{len(rules) - len(silent)} of {len(rules)} rules had something to say."
    chapters = Counter(rule.chapter for rule in silent)
    every = Counter(rule.chapter for rule in rules)
    if whole := [name for name, count in chapters.items() if count == every[name]]:
        yield from wrapped(f"not exercised anywhere: {', '.join(whole)}")
    for why, count in tally.unrecorded.items():
        yield f"not judged: {why} in {count:,}"
    for rule, count in tally.unproven.items():
        yield f"expected and not proved: {rule} in {count:,}"
