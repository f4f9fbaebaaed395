"""The baseline beside what really happened, and what was played more than once: sections of the terminal's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.text import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.report.terminal import Terminal
    from conformance.run.baseline import BaselineEntry, Known, Review, Seen
    from conformance.run.record import Record

#: Failures that are not listed are counted from here on.
MOST_SHOWN = 10
WIDE = 11

MarginLine = tuple[str, str]
"""A word for the margin, and a text."""


def baseline_section(terminal: Terminal, review: Review, file: str) -> None:
    """Say what is known, and above all what has to be edited."""
    terminal.write_sep("=", f"baseline {file}")
    for lines, markup in (
        (_known(review), {"yellow": True}),
        (_to_edit(review), {"red": True}),
        (_unlisted(review), {"red": True}),
    ):
        for line in lines:
            _write(terminal, line, markup)
    if not (review.known or review.unlisted or review.red):
        terminal.write_line("Nothing in it was met, and nothing else failed.")


def _known(review: Review) -> Iterator[MarginLine]:
    for each in review.known:
        yield ("sometimes" if each.entry.intermittent else "known"), _of(each)


def _of(known: Known) -> str:
    entry, number = known.entry, len(known.conversations)
    told = f"{entry.name}: {entry.issue}"
    if entry.intermittent:
        return f"{told}: failed in {number} of {known.judged} ({number / known.judged:.0%})"
    return told if entry.scenario or known.conversations == ("",) else f"{told}: in {_many(number, 'conversation')}"


def _to_edit(review: Review) -> Iterator[MarginLine]:
    for entry in review.stale:
        yield "fixed", f"{entry.name} passes now. Delete {_place(entry)}."
    for entry, message in review.other:
        yield "different", f"{entry.name} fails with another message than {_place(entry)} says: {message}"
    for entry in review.expired:
        yield "expired", f"{entry.name} was accepted until {entry.expires} ({entry.issue}). Edit {_place(entry)}."


def _place(entry: BaselineEntry) -> str:
    file, _, line = entry.where.rpartition(":")
    return f"the entry in line {line} of {file}"


def _unlisted(review: Review) -> Iterator[MarginLine]:
    for each in review.unlisted[:MOST_SHOWN]:
        yield "not listed", _failure(each)
    if (more := len(review.unlisted) - MOST_SHOWN) > 0:
        yield "", f"… and {more} more that are not listed"


def _failure(seen: Seen) -> str:
    what = seen.messages[0] if seen.messages else seen.outcome
    return f"{seen.rule} in {seen.conversation}: {what}" if seen.conversation else f"{seen.rule}: {what}"


def repetitions_section(terminal: Terminal, records: Mapping[str, Record], *, strict: bool) -> None:
    """Say which conversations were played more than once, and why."""
    repeated = [record for record in records.values() if "attempts" in record]
    if not repeated:
        return
    terminal.write_sep("=", "played again")
    for record in repeated:
        flaky = "flaky" in record
        markup = {"red": True} if flaky and strict else {"yellow": True}
        word = "flaky" if flaky else "again"
        _write(terminal, (word, f"{record['conversation']}: {_story(record)}"), markup)


def _story(record: Record) -> str:
    told = [f"attempt {number}: {_why(each)}" for number, each in enumerate(record["attempts"], 1)]
    last = "fine" if record["outcome"] == "played" and not _failed(record) else record["message"] or "failed"
    return "; ".join([*told, f"attempt {len(told) + 1}: {last}"])


def _why(attempt: Mapping[str, Any]) -> str:
    broken = ", ".join(attempt["broken"])
    return attempt["message"] or f"broke {broken}" if broken else attempt["message"] or "nothing was judged"


def _failed(record: Record) -> bool:
    return any(told["verdict"] == "fail" for told in record["rules"].values())


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _write(terminal: Terminal, line: MarginLine, markup: Mapping[str, bool]) -> None:
    word, text = line
    for each in wrapped(text, f"{word:<{WIDE}}", " " * WIDE):
        terminal.write_line(each, **markup)
