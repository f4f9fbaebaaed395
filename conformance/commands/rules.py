"""What `realtime-conformance rules` prints: all rules, or everything about one.

The excerpts are the samples of `fixtures/rules`, which the rule's own tests use too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any

import orjson

from conformance.errors import SchemaError, UsageError
from conformance.mutants.mutant import Mutant
from conformance.mutants.relay_mutant import RelayMutant
from conformance.report.layout import WIDTH, cut, wrapped
from conformance.rules.engine.rule import Rule
from conformance.rules.rule_packs import Pack


def listing(rules: Mapping[str, Rule]) -> str:
    """List the rules by chapter, one line each."""
    lines: list[str] = []
    for chapter, members in groupby(rules.values(), key=lambda rule: rule.chapter):
        lines += ["", chapter] if lines else [chapter]
        for rule in members:
            lines.append(_item(rule, rule.id.partition(".")[2]))
    return "\n".join(lines) + "\n"


def _item(rule: Rule, name: str) -> str:
    head = f"  {rule.keyword:<6} {name}"
    rest = WIDTH - len(head) - 2
    return f"{head}  {cut(rule.sentence, rest)}" if rest >= 20 else head


def listing_of(pack: Pack) -> str:
    """List a vendor's rules under its own heading."""
    lines = ["", *wrapped(f"{pack.heading} ({pack.distribution})", "", "")]
    lines += [_item(rule, rule.id.partition("/")[2]) for rule in pack.rules.values()]
    return "\n".join(lines) + "\n"


def find(rules: Mapping[str, Rule], name: str) -> list[Rule]:
    """Return the rules meant by *name*: an id, a part of one, a requirement; UsageError names those that are alike."""
    if name in rules:
        return [rules[name]]
    low = name.lower()
    meant = [rule for rule in rules.values() if name.upper() in rule.covers]
    meant = meant or [rule for rule in rules.values() if low in rule.id]
    if meant:
        return meant
    words = set(_words(low))
    alike = get_close_matches(low, rules, n=3) or [
        each for each in rules if words & set(_words(each)) - {"is", "the", "a", "of"}
    ]
    cure = f"Alike: {', '.join(alike[:5])}" if alike else "`realtime-conformance rules` lists them all."
    raise UsageError(f"there is no rule {name!r}", cure)


def several(rules: Iterable[Rule]) -> str:
    """List rules by their whole ids."""
    return "".join(f"{_item(rule, rule.id).strip()}\n" for rule in rules)


def _words(name: str) -> list[str]:
    return re.split("[./-]", name)


def detail(
    rule: Rule, sample: Mapping[str, Any], mutants: Iterable[Mutant | RelayMutant], scenarios: Sequence[str]
) -> str:
    """Tell everything about one rule; *sample* is the content of its sample file."""
    lines = [rule.id, "", *wrapped(f"{rule.keyword}: {rule.sentence}", "", ""), "", f"Source: {rule.spec}"]
    if rule.covers:
        lines.append(f"Covers: {', '.join(rule.covers)}")
    if rule.relaxed:
        lines += ["", *wrapped(f"Relaxed: {rule.relaxed}")]
    for title, kind in (("Holds", "holds"), ("Breaks", "breaks")):
        lines += _excerpt(title, sample.get(kind) or {})
    faults = [f"{mutant.id}: {mutant.sentence}" for mutant in mutants if mutant.killed_by == rule.id]
    for title, entries in (("Mutants it kills", faults), ("Proved by", scenarios)):
        if entries:
            lines += ["", f"{title}:"]
            lines += [line for each in entries for line in wrapped(each, "  ", "    ")]
    return "\n".join(lines) + "\n"


def _excerpt(title: str, cases: Mapping[str, Any]) -> Iterator[str]:
    """Show the first conversation of one kind."""
    for name, lines in list(cases.items())[:1]:
        yield from ("", f"{title}, e.g. {name}:")
        entries = lines["lines"] if isinstance(lines, dict) else lines
        yield from (shorten_line(dict(line)) for line in entries)


def shorten_line(line: dict[str, Any]) -> str:
    """Show one line of a sample in one line of the terminal."""
    for who in ("client", "server", "handshake", "end"):
        if who in line:
            what = line.pop(who)
            rest = {key: value for key, value in line.items() if not key.startswith("_")}
            shown = what if isinstance(what, str) else ""
            data = rest if not isinstance(what, dict) else {**what, **rest}
            return cut(f"  {who:<9} {shown} {orjson.dumps(data).decode() if data else ''}".rstrip(), WIDTH)
    return cut(f"  {orjson.dumps(line).decode()}", WIDTH)


def sample_of(rule_id: str) -> Mapping[str, Any]:
    """Read the sample file of a rule out of the package."""
    import yaml

    from conformance.resources import folder

    path = folder("fixtures") / "rules" / rule_id / "samples.yaml"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror or error}") from error
    return data if isinstance(data, dict) else {}
