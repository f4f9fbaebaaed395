"""Rules of others: packages that are installed beside this one, found by their entry point.

    [project.entry-points."realtime_conformance.rules"]
    acme = "acme_rules:chapters"

The entry point's name is the vendor's, its value a Chapter or several; every rule's id begins with `acme/`, so an id
alone tells whose it is.  They are judged over every conversation, and told apart from ours wherever anything is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.errors import PackError
from conformance.rules import RULES
from conformance.rules.engine.rule import Chapter, Rule

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "realtime_conformance.rules"
#: Names stand in item names, on command lines and in files: nothing that needs quotes there.
VENDOR = re.compile(r"[a-z0-9][a-z0-9-]*")
#: What follows `vendor/` in an id.
FACT = re.compile(r"([a-z0-9_-]+\.)?[a-z0-9-]+")


@dataclass(frozen=True)
class Pack:
    """The rules of one vendor."""

    vendor: str
    distribution: str
    """Name and version of the installed package, e.g. `acme-rules 1.2`; of all where several bring rules of it."""
    rules: Mapping[str, Rule]
    """By id, in order of definition."""

    @property
    def heading(self) -> str:
        """What stands above everything that is told of it."""
        return heading_of(self.vendor)


def heading_of(vendor: str) -> str:
    """Name a vendor's part of a report."""
    return f"rules of {vendor}"


@cache
def packs() -> Mapping[str, Pack]:
    """Load what is installed, by vendor; PackError says which package cannot be used, and why."""
    from importlib.metadata import entry_points

    found: dict[str, Pack] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, _distribution(each))):
        known = found.get(entry.name, Pack(entry.name, "", {}))
        rules = dict(known.rules)
        for rule in _rules(entry):
            if rule.id in rules:
                raise _unusable(entry, f"two rules are called {rule.id!r}")
            rules[rule.id] = rule
        named = " and ".join(filter(None, (known.distribution, _distribution(entry))))
        found[entry.name] = Pack(entry.name, named, rules)
    return found


@cache
def judged_rules() -> Mapping[str, Rule]:
    """Return every rule that conversations are judged by: ours, then each vendor's."""
    return dict(RULES) | {rule_id: rule for pack in packs().values() for rule_id, rule in pack.rules.items()}


def _rules(entry: EntryPoint) -> Iterator[Rule]:
    if not VENDOR.fullmatch(entry.name):
        raise _unusable(entry, f"{entry.name!r} is no vendor's name: lower-case letters, digits and hyphens make one")
    for chapter in _chapters(entry):
        for rule in chapter.rules:
            vendor, _, fact = rule.id.partition("/")
            if vendor != entry.name or not FACT.fullmatch(fact):
                raise _unusable(entry, f"the rule {rule.id!r} is not called '{entry.name}/…' or '{entry.name}/….…'")
            if not rule.sentence:
                raise _unusable(entry, f"the rule {rule.id!r} has no docstring: that is its requirement in words")
            yield rule


def _chapters(entry: EntryPoint) -> list[Chapter]:
    try:
        value = entry.load()
        given = list(value) if isinstance(value, Iterable) else [value]
    except (Exception, SystemExit) as error:  # whatever a stranger's module does when it is imported
        raise _unusable(entry, f"{type(error).__name__}: {error}") from error
    for each in given:
        if not isinstance(each, Chapter):
            raise _unusable(entry, f"it gives {_kind(each)} where a Chapter of rules is wanted")
    if not any(each.rules for each in given):
        raise _unusable(entry, "it gives no rules")
    return given


def _kind(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else f"an object of type {type(value).__name__}"


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "a package without a name"


def _unusable(entry: EntryPoint, why: str) -> PackError:
    where = f"{_distribution(entry)}, entry point {entry.name} = {entry.value}"
    name = entry.dist.name if entry.dist is not None else "it"
    return PackError(
        f"the rules of {entry.name} cannot be used ({where}): {why}",
        f"Mend or update {name}, or uninstall it. What a pack has to give: docs/scenarios.md, 'Your own rules'.",
    )
