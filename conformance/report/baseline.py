"""The baseline beside what really happened, and what was played more than once: sections of the terminal's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.report.attempts import why
from conformance.report.layout import wrapped
from conformance.report.sentence import many, some
from conformance.rules.engine.judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.report.screen import Terminal
    from conformance.run.baseline import BaselineEntry, Known, Review, Seen
    from conformance.run.record import ConversationRecord

#: Failures that are not listed are counted from here on.
MOST_SHOWN = 10
WIDE = 11
#: Conversations that were played again for one reason are named up to here, and counted then.
MOST_NAMED = 3

MarginLine = tuple[str, str]
"""A word for the margin, and a text."""


def baseline_section(terminal: Terminal, review: Review, file: str, *, written: bool = False) -> None:
    """Say what is known, and above all what has to be edited, if the run has not *written* it."""
    terminal.write_sep("=", f"baseline {file}")
    for lines, markup in (
        (_known(review), {"yellow": True}),
        (edits(review, written=written), {"red": True}),
        (_unlisted(review, "added" if written else "not listed"), {"yellow": written, "red": not written}),
    ):
        for line in lines:
            _write(terminal, line, markup)
    if not (review.known or review.unlisted or review.red):
        terminal.write_line("No listed failure occurred, and nothing else failed.")


def _known(review: Review) -> Iterator[MarginLine]:
    for each in review.known:
        yield ("sometimes" if each.entry.intermittent else "known"), _of(each)


def _of(known: Known) -> str:
    entry, number = known.entry, len(known.conversations)
    told = f"{entry.name}: {entry.issue}"
    if entry.intermittent:
        return f"{told}: failed in {number} of {known.judged} ({number / known.judged:.0%})"
    return told if entry.scenario or known.conversations == ("",) else f"{told}: in {many(number, 'conversation')}"


def edits(review: Review, *, written: bool = False) -> Iterator[MarginLine]:
    """Say which entries no longer say what happens, and what to do; *written*: what of it the run has done."""
    for entry in review.stale:
        what = f"; {_place(entry)} was deleted." if written else f". Delete {_place(entry)}."
        yield "fixed", f"{entry.name} passes now{what}"
    for entry, message in review.other:
        now = "replaces that in" if written else "differs from"
        yield "different", f"{entry.name} fails with a message that {now} {_place(entry)}: {message}"
    for entry in review.expired:
        yield "expired", f"{entry.name} was accepted until {entry.expires} ({entry.issue}). Edit {_place(entry)}."


def _place(entry: BaselineEntry) -> str:
    file, _, line = entry.where.rpartition(":")
    return f"the entry in line {line} of {file}"


def _unlisted(review: Review, word: str) -> Iterator[MarginLine]:
    by_rule: dict[str, list[Seen]] = {}
    for each in review.unlisted:
        by_rule.setdefault(each.rule, []).append(each)
    for seen in [*by_rule.values()][:MOST_SHOWN]:
        yield word, _failure(seen)
    if (more := len(by_rule) - MOST_SHOWN) > 0:
        yield "", f"… and {many(more, 'more rule')} {word}"


def _failure(seen: Sequence[Seen]) -> str:
    first, others = seen[0], len(seen) - 1
    what = first.messages[0] if first.messages else first.outcome
    more = f" and {many(others, 'more conversation')}" if others else ""
    return f"{first.rule} in {first.conversation}{more}: {what}" if first.conversation else f"{first.rule}: {what}"


def repetitions_section(terminal: Terminal, records: Iterable[ConversationRecord], *, strict: bool) -> None:
    """Say which conversations were played more than once, and why."""
    repeated = [record for record in records if record.attempts]
    if not repeated:
        return
    terminal.write_sep("=", "played again")
    alike: dict[str, list[str]] = {}
    for record in repeated:
        if record.flaky:  # told nowhere else
            _write(
                terminal,
                ("flaky", f"{record.conversation}: {_story(record)}"),
                {"red": True} if strict else {"yellow": True},
            )
        else:
            alike.setdefault(_story(record), []).append(record.conversation)
    for story, names in alike.items():
        _write(terminal, ("again", f"{some(names, MOST_NAMED)}: {story}"), {"yellow": True})


def _story(record: ConversationRecord) -> str:
    told = [f"attempt {number}: {why(each)}" for number, each in enumerate(record.attempts, 1)]
    failed = any(each.verdict is Verdict.FAIL for each in record.rules.values())
    last = "fine" if record.outcome is Outcome.PLAYED and not failed else record.message or "failed"
    return "; ".join([*told, f"attempt {len(told) + 1}: {last}"])


def _write(terminal: Terminal, line: MarginLine, markup: Mapping[str, bool]) -> None:
    word, text = line
    for each in wrapped(text, f"{word:<{WIDE}}", " " * WIDE):
        terminal.write_line(each, **markup)
