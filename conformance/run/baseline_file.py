"""The baseline as a file: read with places for every mistake, written without touching what people wrote.

Writing works on lines, so that comments, order and spelling of kept entries stay to the byte: PyYAML loses all three,
and one more dependency is a high price for a list of flat entries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from conformance.contract.facts import named
from conformance.contract.harness_schemas import harness_schema
from conformance.errors import FileError
from conformance.run.baseline import FAIL, PLAYS, BaselineEntry, Review, Seen
from conformance.yaml_source import Marked, fits, known_keys, nearest, parsed, place_of

#: What a written entry says of its issue until somebody fills it in.
UNFILED = "unfiled"
HEAD = "# Known failures: see docs/baseline.md.  Each line is here until its issue is closed.\nknown:\n"
#: What stands before the dash of an entry in a file that has none yet.
MARGIN = "  "
#: A number, or a generated id: one without digits is known by its capitals.
PASSING = re.compile(r"[^ ]*[0-9]|\b[a-z]+_(?=[A-Za-z]*[A-Z])[A-Za-z]{6,}")
#: A shorter beginning of a message tells nothing apart.
SHORTEST = 8
#: In so many conversations a rule gets one entry for all.
MANY = 4
#: Scalars that need no quotes.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")


def entries_in(
    text: str, path: Path, rules: Iterable[str], scenario: Callable[[str], bool]
) -> tuple[BaselineEntry, ...]:
    """Read the entries of a baseline; FileError says what is wrong, and where.

    *rules* are the ids that exist; *scenario* tells whether there is a scenario of a name.
    """
    data = parsed(text, path, FileError)
    schema = harness_schema("baseline")
    known_keys(data, schema["properties"], path, FileError)
    for each in _marked(data):
        known_keys(each, schema["$defs"]["entry"]["properties"], path, FileError)
    fits(data, schema, path, FileError)
    ids = frozenset((*rules, PLAYS))
    return tuple(_entry(data, number, path, ids, scenario) for number in range(len(data["known"])))


def _marked(data: Marked) -> list[Marked]:
    known = data.get("known")
    return [each for each in known if isinstance(each, Marked)] if isinstance(known, list) else []


def _entry(
    data: Marked, number: int, path: Path, rules: frozenset[str], scenario: Callable[[str], bool]
) -> BaselineEntry:
    told = data["known"][number]

    def place(key: str) -> str:
        line, column = place_of(data, ["known", number, key])
        return f"{path}:{line}:{column}"

    if told["rule"] not in rules and named(told["rule"]) is None:
        raise FileError(f"there is no rule {told['rule']!r}", nearest(told["rule"], rules), where=place("rule"))
    name = told.get("scenario", "")
    if name and not scenario(name.partition("@")[0]):
        raise FileError(f"there is no scenario {name!r}", "The form is topic/name.", where=place("scenario"))
    try:
        expires = date.fromisoformat(told["expires"]) if "expires" in told else None
    except ValueError as error:
        raise FileError(f"expires: {error}", "The form is 2027-01-31.", where=place("expires")) from error
    return BaselineEntry(
        rule=told["rule"],
        issue=str(told["issue"]),
        scenario=name,
        message=told.get("message", ""),
        outcomes=tuple(told.get("outcomes", (FAIL,))),
        when={key: tuple([value] if isinstance(value, str) else value) for key, value in told.get("when", {}).items()},
        owner=told.get("owner", ""),
        expires=expires,
        where=f"{path}:{place_of(data, ['known', number])[0]}",
    )


def added(found: Review) -> int:
    """Count the entries that `updated` writes for what failed."""
    return sum(len(_messages(each)) for each in _fresh(found))


def updated(text: str, path: Path, found: Review) -> str:
    """Return the text of the baseline after a run: the fixed leave it, new ones join, changed messages are replaced.

    FileError if its lines cannot be edited so that the file says just that.
    """
    if not text.strip():
        text = HEAD
    data = parsed(text, path, FileError)
    lines, entries, new = text.splitlines(), _marked(data), _fresh(found)
    if entries and any(line.startswith(("known: [", "known: {")) for line in lines):
        raise _uneditable(path)
    spans = _spans(lines, [place_of(data, ["known", number])[0] - 1 for number in range(len(entries))])
    gone = {int(each.where.rpartition(":")[2]) - 1 for each in found.stale}
    changed = {int(each.where.rpartition(":")[2]) - 1: _stable(message) for each, message in found.other}
    kept = _kept(lines, spans, gone, changed)
    margin = next((" " * _indent(lines[first]) for _, first, _ in spans), MARGIN)
    fresh = [margin + line for each in new for line in _written(each)]
    at = _end_of_entries(kept)
    result = "\n".join(_closed([*kept[:at], *fresh, *kept[at:]])) + "\n"
    stay = [
        (each["rule"], changed.get(first, each.get("message", "")))
        for (_, first, _), each in zip(spans, entries, strict=True)
        if first not in gone
    ]
    _check(result, path, [*stay, *((each.rule, message) for each in new for message in _messages(each))])
    return result


def _kept(lines: list[str], spans: list[tuple[int, int, int]], gone: set[int], changed: dict[int, str]) -> list[str]:
    """Return the lines without the entries that are *gone*, and with the messages that *changed*, by first line."""
    kept: list[str] = []
    position = 0
    for above, first, after in spans:
        kept += lines[position:above]
        if first not in gone:
            kept += _with_message(lines[above:after], changed[first]) if first in changed else lines[above:after]
        position = after
    return kept + lines[position:]


def _check(text: str, path: Path, expected: list[tuple[str, str]]) -> None:
    """Raise FileError if the entries in *text* are not those of the *expected* rules and messages."""
    try:
        told = [(each["rule"], each.get("message", "")) for each in _marked(parsed(text, path, FileError))]
    except FileError:
        raise _uneditable(path) from None
    if told != expected:
        raise _uneditable(path)


def _uneditable(path: Path) -> FileError:
    problem = "each entry must be on lines of its own, or the file cannot be edited"
    return FileError(problem, "Write each as a block: `- rule: …`", where=str(path))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _spans(lines: list[str], starts: list[int]) -> list[tuple[int, int, int]]:
    """Return for each entry: the first comment line that belongs to it, its own first line, the line after it."""
    above = [_first_comment(lines, start) for start in starts]
    ends = [*above[1:], len(lines)]
    return [(top, start, _end(lines, start, end)) for top, start, end in zip(above, starts, ends, strict=False)]


def _first_comment(lines: list[str], start: int) -> int:
    """Return the first of the indented comment lines right above the line *start*."""
    while start > 0 and lines[start - 1].lstrip().startswith("#") and lines[start - 1][:1] in " \t":
        start -= 1
    return start


def _end(lines: list[str], start: int, limit: int) -> int:
    """Return the line after an entry: an empty line ends it only where what follows is no part of it."""
    after = start + 1
    for number in range(start + 1, limit):
        line = lines[number]
        if not line.strip():
            continue
        if _indent(line) <= _indent(lines[start]) or (after < number and line.lstrip().startswith("#")):
            break
        after = number + 1
    return after


def _with_message(lines: list[str], message: str) -> list[str]:
    """Replace the message of an entry; the lines of a folded message go."""
    kept: list[str] = []
    inside: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip(" -"))
        if inside is not None and (indent > inside or not line.strip()):
            continue
        inside = None
        if re.match(r"[ -]*message:", line):
            inside = indent
            kept.append(f"{line[:indent]}message: {_scalar(message)}")
        else:
            kept.append(line)
    return kept


def _fresh(found: Review) -> list[Seen]:
    """Return the failures that get an entry of their own: not those whose entry only gets a new message.

    What fails in many conversations gets one entry for all of them.
    """
    edited = [entry for entry, _ in found.other]
    fresh = [each for each in found.unlisted if not any(entry.about(each.rule, each.conversation) for entry in edited)]
    together: dict[tuple[str, str], list[Seen]] = {}
    for each in fresh:
        together.setdefault((each.rule, each.outcome), []).append(each)
    return [entry for seen in together.values() for entry in _joined(seen)]


def _joined(seen: list[Seen]) -> list[Seen]:
    """Return one failure without a conversation in the place of many; where a script stops is nobody else's affair."""
    if len(seen) < MANY or seen[0].rule == PLAYS:
        return seen
    messages = tuple(message for each in seen for message in each.messages)
    return [replace(seen[0], conversation="", messages=messages)]


def _written(seen: Seen) -> list[str]:
    told = [f"- rule: {_scalar(seen.rule)}"]
    if seen.conversation:  # a documented fact belongs to none
        told.append(f"  scenario: {_scalar(seen.conversation)}")
    if seen.outcome != FAIL:
        told.append(f"  outcomes: [{seen.outcome}]")
    return [
        line
        for message in _messages(seen)
        for line in (*told, *([f"  message: {_scalar(message)}"] if message else []), f"  issue: {UNFILED}")
    ]


def _messages(seen: Seen) -> list[str]:
    """Return the messages of the entries that a failure gets: one each, or one entry without a message."""
    return [*dict.fromkeys(map(_stable, seen.messages))] or [""]


def _stable(message: str) -> str:
    """Return the part of a message that comes again: up to the first number or generated id."""
    kept = PASSING.split(message, maxsplit=1)[0].rstrip()
    return kept if len(kept) >= SHORTEST else ""


def _scalar(text: str) -> str:
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _end_of_entries(lines: list[str]) -> int:
    """Return the line after the last entry, or after `known:`."""
    own = [
        number for number, line in enumerate(lines) if line.strip() and line[0] in " \t-" and line.lstrip()[0] != "#"
    ]
    key = next((number for number, line in enumerate(lines) if line.startswith("known:")), len(lines) - 1)
    return max([key, *own]) + 1


def _closed(lines: list[str]) -> list[str]:
    """Turn an emptied `known:` into an empty list, and an empty list that got entries into a block."""
    key = next((number for number, line in enumerate(lines) if line.startswith("known:")), None)
    if key is None:
        return lines
    filled = any(line.lstrip().startswith("- ") for line in lines[key + 1 :])
    comment = lines[key].partition("#")[1:]
    tail = f"  {''.join(comment)}" if comment[0] else ""
    return [*lines[:key], f"known:{'' if filled else ' []'}{tail}", *lines[key + 1 :]]
