"""Every requirement of the sources with its verdict: what the rules that cover it came to, by chapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.requirements import FAMILIES, REQUIREMENTS, Requirement
from conformance.run.tally import GRAVITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally


@dataclass(frozen=True)
class RequirementVerdict:
    """One requirement over the whole run."""

    requirement: Requirement
    verdict: Verdict
    lines: tuple[RuleTally, ...]
    """The rules that cover it."""

    @property
    def why(self) -> str:
        """Why it was not judged; empty if it was."""
        return self.requirement.unchecked


@dataclass(frozen=True)
class ChapterVerdicts:
    """The requirements of one family, in order."""

    title: str
    requirements: tuple[RequirementVerdict, ...]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Verdict -> number of requirements, the gravest first."""
        every = [each.verdict for each in self.requirements]
        return {verdict: every.count(verdict) for verdict in GRAVITY if verdict in every}


def chapters_of(result: RunResult) -> tuple[ChapterVerdicts, ...]:
    """Return all requirements of the revision that was played, by chapter; no chapter that is of another one alone."""
    by_requirement: dict[str, list[RuleTally]] = {}
    for line in result.rules.lines:
        for name in line.rule.covers:
            by_requirement.setdefault(name, []).append(line)
    dialect = result.settings.target.dialect.name
    asked = [each for each in REQUIREMENTS.values() if dialect in each.dialects]
    chapters = (
        ChapterVerdicts(
            title,
            tuple(_verdict(each, tuple(by_requirement.get(each.id, ()))) for each in asked if each.family == family),
        )
        for family, title in FAMILIES.items()
    )
    return tuple(each for each in chapters if each.requirements)


def _verdict(requirement: Requirement, lines: tuple[RuleTally, ...]) -> RequirementVerdict:
    said = {line.verdict for line in lines}
    verdict = next((each for each in GRAVITY if each in said), Verdict.NOT_RUN)
    return RequirementVerdict(requirement, verdict, lines)


def sentence_of_requirement(name: str) -> str:
    """Return the sentence of a requirement; empty for one that nobody knows."""
    known = REQUIREMENTS.get(name)
    return known.sentence if known is not None else ""
