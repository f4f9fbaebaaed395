"""What the terminal shows at the end of a run, beside pytest's own lines: each failure once, and the sum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.report.baseline import baseline_section, repetitions_section
from conformance.report.failure_text import failure_text, stop_text
from conformance.report.failures import Unplayed, as_named_here, failures_of, stops_of, unplayed_in
from conformance.report.formats.page import PAGE
from conformance.report.inert import one_line
from conformance.report.layout import WIDTH, wrapped
from conformance.report.sentence import many, sentence_of, some
from conformance.rules.engine.judge import Verdict
from conformance.rules.rule_packs import judged_rules
from conformance.run.outcome import RunOutcome
from conformance.run.prices import dollars

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from conformance.report.screen import Terminal
    from conformance.run.documented_facts import FactCoverage
    from conformance.run.event_coverage import Coverage
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally, Tally

#: Failures that are told in full; of the others a line each.
MOST_IN_FULL = 12
#: So many conversations are named that look for a fact.
MOST_NAMED = 3
#: Outcomes of conversations of which the first are named, and the others counted: nothing went wrong in them.
UNASKED = frozenset({Outcome.NOT_RUN, Outcome.NOT_APPLICABLE})
#: Verdicts whose rules are listed one by one, and in which colour.
LISTED: Mapping[Verdict, Mapping[str, bool]] = {
    Verdict.FAIL: {"red": True},
    Verdict.ERROR: {"red": True},
    Verdict.UNPROVEN: {"yellow": True},
    Verdict.INCONCLUSIVE: {"yellow": True},
    Verdict.WARNING: {"yellow": True},
    Verdict.KNOWN: {"yellow": True},
    Verdict.NOTE: {"cyan": True},
}
#: Listed too under -v.
VERBOSE: Mapping[Verdict, Mapping[str, bool]] = {Verdict.PASS: {"green": True}, Verdict.NOT_APPLICABLE: {}}


def _notes(terminal: Terminal, result: RunResult) -> None:
    """Say what was chosen or found, and which auth styles were left out."""
    notes = [f"note: {one_line(note)}" for note in result.notes]
    # Who plays one conversation again has no need of it.
    if result.played > 1 and (untried := result.settings.untried):
        notes.append(f"auth styles that were not tried: {', '.join(untried)} (--auth=all tries every one)")
    for note in notes:
        for line in wrapped(note, "", "  "):
            terminal.write_line(line)


def summary(terminal: Terminal, result: RunResult) -> None:
    """Sum up: each failure in full and once, what is not simply right line by line, the rest in numbers."""
    settings = result.settings
    repetitions_section(terminal, result.conversations.values(), strict=settings.strict)
    if result.policy.file is not None and result.conversations:
        baseline_section(terminal, result.review, str(result.policy.file.name), written=result.baseline.written)
    if result.baseline.refused:
        terminal.write_line(f"The baseline was not written: {result.baseline.refused}.", red=True)
    elif result.baseline.written and result.policy.file is not None:
        terminal.write_line(f"Written: {result.policy.file.name}")
    if result.conversations or result.notes:
        terminal.write_sep("=", "conformance")
    _notes(terminal, result)
    if not result.conversations:
        return
    told = _failures(terminal, result)
    _unplayed(terminal, unplayed_in(result))
    _list(terminal, result.rules, told)
    _excused(terminal, result)
    _count(terminal, result.rules, "rules")
    for pack in result.packs:
        _count(terminal, pack, pack.pack.heading)
        _list(terminal, pack, told)
    if not result.ending.partial:
        _events(terminal, result.events)
    _facts(terminal, result.facts)


def _unplayed(terminal: Terminal, reasons: Iterable[Unplayed]) -> None:
    """Say why conversations say nothing: each reason once, with all that it concerns."""
    for each in reasons:
        names = some(each.conversations, MOST_NAMED) if each.outcome in UNASKED else ", ".join(each.conversations)
        others = wrapped(names, "  ", "  ") if len(each.conversations) > 1 else []
        for line in (*wrapped(each.text, "", "  "), *others):
            terminal.write_line(line, **_MARKUP.get(each.outcome, {}))


def verdict(terminal: Terminal, result: RunResult) -> None:
    """Say where everything lies, and the verdict: the last lines of all."""
    page = result.settings.reports / PAGE.name
    if page.exists():
        terminal.write_line(f"read on: {as_named_here(page)}")
    # One line, however long: pipelines search for it.
    terminal.write_line(sentence_of(result), bold=True, **_COLOURS[result.outcome])


def _failures(terminal: Terminal, result: RunResult) -> frozenset[str]:
    """Tell each broken rule and each reason to stop in full, the first ones; return the rules that were told."""
    texts = [(each, failure_text(result, each)) for each in failures_of(result)[:MOST_IN_FULL]]
    for failure, text in texts:
        red = failure.line.verdict is Verdict.FAIL or result.settings.strict
        _paragraph(terminal, text, red=red, yellow=not red)
    for stop in stops_of(result)[: max(MOST_IN_FULL - len(texts), 1)]:
        _paragraph(terminal, stop_text(result, stop), red=True)
    return frozenset(failure.line.rule.id for failure, _ in texts)


def _paragraph(terminal: Terminal, text: str, **markup: bool) -> None:
    """Write a text with its first sentence, and the line with the mark, in colour."""
    lines = text.splitlines()
    head = next((place for place, line in enumerate(lines) if line.startswith("  ")), len(lines))
    for place, line in enumerate(lines):
        bold = place < head
        terminal.write_line(line, **(markup | {"bold": bold} if bold or line.startswith(">") else {}))
    terminal.write_line("")


_MARKUP: Mapping[Outcome, Mapping[str, bool]] = {
    Outcome.INCONCLUSIVE: {"yellow": True},
    Outcome.ENVIRONMENT: {"red": True},
    Outcome.ERROR: {"red": True},
    Outcome.NOT_RUN: {"yellow": True},
}
_COLOURS: Mapping[RunOutcome, Mapping[str, bool]] = {
    RunOutcome.CONFORMANT: {"green": True},
    RunOutcome.NO_REGRESSION: {"yellow": True},
    RunOutcome.NOT_CONFORMANT: {"red": True},
    RunOutcome.NOT_PROVED: {"red": True},
    RunOutcome.INCOMPLETE: {"yellow": True},
    RunOutcome.NOTHING_JUDGED: {"red": True},
}


def _list(terminal: Terminal, tally: Tally, told: Collection[str]) -> None:
    """List the rules that are not simply right and were not *told*; what one of them explains stands under it."""
    listed = {**LISTED, **(VERBOSE if terminal.verbosity > 0 else {})}
    for verdict, markup in listed.items():
        for line in tally.lines:
            each = replace(line, verdict=Verdict.UNPROVEN) if line.half_proved else line
            if each.verdict is verdict and not each.cause and each.rule.id not in told:
                _show(terminal, each, markup)
                _consequences(terminal, tally.consequences.get(each.rule.id, ()))


def _show(terminal: Terminal, line: RuleTally, markup: Mapping[str, bool]) -> None:
    number, of = line.count(line.verdict), len(line.told)
    amount = f"{number}/{of}" if number != of else str(number)
    head = f"{line.rule.keyword:<6} {line.verdict:<9} {line.rule.id}"
    terminal.write_line(f"{head:<{WIDTH - 9}} {amount:>8}", **markup)
    if line.verdict is not Verdict.PASS and (why := line.first or _NOTHING_SAID.get(line.verdict)):
        where = line.conversations[line.verdict][0]
        about = [] if line.first else sorted(line.rule.about - {"*"})
        sought = f" (it looks at: {some(about, MOST_NAMED)})" if about else ""
        told = f"{where}: {why}{sought}"
        if line.verdict is Verdict.UNPROVEN and (shown := line.count(Verdict.PASS)):
            told += f"; {many(shown, 'other conversation')} showed it"
        for text in wrapped(told, " " * 7):
            terminal.write_line(text)


def _excused(terminal: Terminal, result: RunResult) -> None:
    """List the rules whose findings a waiver takes away: they count nowhere, and somebody may have to know."""
    for rule_id, records in result.waived.items():
        told = records[0].rules[rule_id]
        keyword = judged_rules()[rule_id].keyword if rule_id in judged_rules() else ""
        terminal.write_line(f"{f'{keyword:<6} excused   {rule_id}':<{WIDTH - 9}} {len(records):>8}", cyan=True)
        for text in wrapped(f"{records[0].conversation}: {told.findings[0].message} ({told.reason})", " " * 7):
            terminal.write_line(text)


#: What is said where neither a finding nor a reason is there.
_NOTHING_SAID = {Verdict.UNPROVEN: "the conversation was played, but did not exercise the rule"}


def _consequences(terminal: Terminal, lines: Sequence[RuleTally], who: str = "it leaves") -> None:
    """Name the rules that are unproven because of a failure that has just been told."""
    if lines:
        told = f"{who} {many(len(lines), 'rule')} unproven: {', '.join(each.rule.id for each in lines)}"
        for text in wrapped(told, " " * 7):
            terminal.write_line(text)


def _count(terminal: Terminal, tally: Tally, heading: str) -> None:
    """Return the numbers of rules, one verdict after the other."""
    counts = [(each, tally.counted(each)) for each in Verdict]
    told = ", ".join(f"{number} {_WORDS.get(each, each)}" for each, number in counts if number)
    for line in wrapped(f"{heading}: {told}", "", "  "):
        terminal.write_line(line)


_WORDS = {
    Verdict.PASS: "proved",
    Verdict.FAIL: "broken",
    Verdict.NOT_RUN: "not exercised",
    Verdict.WARNING: "not kept (SHOULD)",
}


def _events(terminal: Terminal, coverage: Coverage) -> None:
    """Say which events of the revision were sent and seen."""
    client, server = len(coverage.sent) + len(coverage.unsent), len(coverage.seen) + len(coverage.unseen)
    told = f"events: {len(coverage.sent)}/{client} client events sent, {len(coverage.seen)}/{server} server events seen"
    if coverage.unplayed:
        told += f" (and {len(coverage.unplayed)} that no scenario can play: docs/scenarios.md)"
    lines = wrapped(told, "", "  ")
    for word, missing in (("never sent", coverage.unsent), ("never seen", coverage.unseen)):
        if missing:
            lines += wrapped(f"{word}: {', '.join(sorted(missing))}", "  ", "    ")
    for line in lines:
        terminal.write_line(line)


def _facts(terminal: Terminal, coverage: FactCoverage) -> None:
    """Say how much of what the vendor documents was shown, and what was not."""
    if not coverage.proofs:
        return
    missing, number = len(coverage.missing), len(coverage.proofs)
    told = f"documented facts proved: {number - missing}/{number}"
    terminal.write_line(told, green=not missing, yellow=bool(missing))
    for text in fact_lines(coverage):
        for line in wrapped(text, "  ", "    "):
            terminal.write_line(line, red=bool(coverage.unproven))


def fact_lines(coverage: FactCoverage) -> Iterator[str]:
    """Say what was not shown, the facts that count one by one."""
    for fact in coverage.unproven:
        yield f"documented, but not shown: {fact} (looked for in {some(coverage.sought[fact], MOST_NAMED)})"
    known = [str(fact) for fact in coverage.missing if str(fact) in coverage.excused]
    unsought = [str(fact) for fact in coverage.missing if coverage.sought.get(fact) == () and str(fact) not in known]
    rest = [str(fact) for fact in coverage.missing if fact not in coverage.sought and str(fact) not in known]
    for what, facts in (
        ("not shown, but listed in the baseline", known),
        ("documented, but checked by no conversation", unsought),
        ("not shown in what was played", rest),
    ):
        if facts:
            yield f"{what}: {', '.join(facts)}"


def spending(result: RunResult) -> str:
    """Say in one sentence what a run used, and on what most."""
    by = {"preflight": result.preflight, **{name: each.spent for name, each in result.conversations.items()}}
    total, price = result.spent, result.policy.price
    usd = f" (about {dollars(price.of(total.tokens))})" if price is not None else ""
    text = f"spent: {total.tokens.total:,} tokens{usd}, {total.sessions} sessions"
    text += f", {total.heard:.0f} s of audio, {result.seconds:.0f} s"
    most = max(by, key=lambda name: by[name].tokens.total)
    if total.tokens.total:
        text += f"; most by {most} ({by[most].tokens.total / total.tokens.total:.0%})"
    text += "; partly estimated: some responses reported no usage" if total.estimated else ""
    return text + ("; without the conversations that were cut off" if result.ending.interrupted else "")
