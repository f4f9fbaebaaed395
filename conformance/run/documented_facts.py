"""What a vendor documents, beside what a run showed of it.

A documented fact that a whole run did not show is unproven, and counts like a promised rule that nothing proved.  It
does not count where somebody else may be the reason: conversations were left out, in one that would show the fact the
environment got in the way or the model did not do its part, or no conversation of the library would show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.contract.facts import Fact, shown
from conformance.play.player import Outcome
from conformance.run.baseline import PASS, UNPROVEN, Seen
from conformance.run.ruling import key_of, view_of
from conformance.scenario.load import suite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.run.record import ConversationRecord
    from conformance.run.settings import Settings

#: Outcomes that are the endpoint's own doing, or its profile's.
ITS_OWN = frozenset({Outcome.PLAYED, Outcome.STOPPED, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True)
class FactCoverage:
    """The documented facts that a run asked about."""

    proofs: Mapping[Fact, str] = field(default_factory=dict)
    """Fact -> the first conversation that shows it; empty where none does."""
    sought: Mapping[Fact, tuple[str, ...]] = field(default_factory=dict)
    """Fact that a whole run did not show, by nobody else's doing -> conversations that show it where it is true."""
    excused: frozenset[str] = frozenset()
    """Facts, in words, that are known not to be shown."""

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What was not shown, for whatever reason."""
        return tuple(fact for fact, conversation in self.proofs.items() if not conversation)

    @property
    def unproven(self) -> tuple[Fact, ...]:
        """What was not shown though everything was done for it, and nobody knows of it."""
        return tuple(fact for fact in self.missing if self.sought.get(fact) and str(fact) not in self.excused)

    def seen(self) -> Iterator[Seen]:
        """Yield what the baseline has to know."""
        for fact, conversation in self.proofs.items():
            if conversation or self.sought.get(fact):
                outcome = PASS if conversation else UNPROVEN
                yield Seen(str(fact), "", outcome, excused=str(fact) in self.excused)


def fact_coverage(records: Mapping[str, ConversationRecord], settings: Settings, *, partial: bool) -> FactCoverage:
    """Put together what the profile's vendor documents and what the conversations showed."""
    by: dict[tuple[str, str], str] = {}
    for name, record in records.items():
        for kind, fact in record.facts:
            by.setdefault((kind, fact), name)
    told = FactCoverage(
        {fact: by.get((fact.kind, fact.name), "") for fact in asked(settings)}, excused=settings.excused
    )
    played = {name.partition("@")[0] for name in records}
    if partial or not told.missing or not played.issuperset(suite()):
        return told
    looked_for = conversations_for(settings)
    sought = {fact: looked_for.get(fact, ()) for fact in told.missing}
    its_own = {name for name, record in records.items() if record.outcome in ITS_OWN}
    certain = {fact: names for fact, names in sought.items() if its_own.issuperset(set(names) & set(records))}
    return FactCoverage(told.proofs, certain, told.excused)


def asked(settings: Settings) -> tuple[Fact, ...]:
    """Return the documented facts that a run can show: not the styles and the path that somebody chose others for."""
    if settings.profile is None:
        return ()
    asked_for = {
        "path": {urlsplit(settings.target.url).path},
        "auth": set(settings.styles) if settings.target.key else set(),
    }
    return tuple(fact for fact in settings.profile.facts if fact.name in asked_for.get(fact.kind, {fact.name}))


def conversations_for(settings: Settings) -> Mapping[Fact, tuple[str, ...]]:
    """Return for each fact the conversations of the library that show it where it is true: on the reference."""
    from conformance.mutants.rehearsal import bundled

    scenarios = [name for name in sorted(suite()) if not settings.not_applicable(bundled(name))]
    claimed = settings.profile.features if settings.profile is not None else None
    return _on_the_reference(asked(settings), tuple(scenarios), settings.target.dialect.name, claimed, settings.styles)


@cache
def _on_the_reference(
    facts: tuple[Fact, ...],
    scenarios: tuple[str, ...],
    dialect: str,
    features: frozenset[str] | None,
    styles: tuple[str, ...],
) -> Mapping[Fact, tuple[str, ...]]:
    from conformance.mutants.rehearsal import bundled, rehearse

    found = {fact: scenarios for fact in facts if fact.kind == "path"}  # a rehearsal has a path of its own
    for name in scenarios:
        for style in styles if bundled(name).each == "auth" else ("",):
            play = rehearse(name, dialect, variant=style, features=features, auth=styles[0])
            for fact in {fact for trace in play.traces for fact in shown(facts, view_of(trace))}:
                if fact.kind != "path" and (fact.kind != "auth" or fact.name == style):
                    found[fact] = (*found.get(fact, ()), key_of(name, style))
    return found
