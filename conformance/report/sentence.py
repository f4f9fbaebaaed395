"""The verdict of a run in one sentence: what the terminal says last, and every other report repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.rules.rule_packs import heading_of
from conformance.run.outcome import RunOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.run.result import RunResult
    from conformance.run.tally import PackTally

CountedNoun = tuple[int, str, str]
"""A number, a noun, and what is said of so many: without parentheses, for what the verdict rests on follows in some."""
_OF_THE_MODEL = "inconclusive because of the model"


def many(number: int, noun: str) -> str:
    """Count things in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def some(names: Sequence[str], most: int) -> str:
    """Name the first *most* things, and count the others."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def sentence_of(result: RunResult) -> str:
    """Return the verdict: the outcome, what it rests on, and what has to be known beside it."""
    return "; ".join([_HEADS[result.outcome](result), *_beside(result)])


def _told(parts: Iterable[CountedNoun]) -> list[str]:
    return [f"{number} {noun} {what}" if noun.isupper() else f"{many(number, noun)} {what}"
            for number, noun, what in parts if number]  # fmt: skip


def _proved(result: RunResult) -> str:
    must, should = (result.rules.counted(Verdict.PASS, each) for each in (Keyword.MUST, Keyword.SHOULD))
    return f"{must} MUST and {many(should, 'SHOULD requirement')} proved over {_conversations(result)}"


def _conversations(result: RunResult) -> str:
    return many(result.ending.soak or result.played, "conversation")


def _conformant(result: RunResult) -> str:
    return f"conformant: {_proved(result)}"


def _no_regression(result: RunResult) -> str:
    found = result.baseline
    new = f" ({found.added} of them written just now)" if found.added else ""
    return f"no regression: {many(found.known + found.added, 'known failure')}{new}, no other; {_proved(result)}"


def _not_conformant(result: RunResult) -> str:
    strict = result.settings.strict
    parts: list[CountedNoun] = [
        (result.rules.counted(Verdict.FAIL), "MUST requirement", "broken"),
        (result.rules.counted(Verdict.WARNING) if strict else 0, "SHOULD requirement", "not kept"),
        (len(result.stopped), "conversation", "stopped"),
        *(part for pack in result.packs for part in _broken_by(pack)),
    ]
    return f"NOT conformant: {', '.join([*_told(parts), *_missing(result)])} (over {_judged(result)})"


def _broken_by(pack: PackTally) -> Iterator[CountedNoun]:
    of = f"of {pack.pack.vendor}"
    yield pack.counted(Verdict.FAIL), "MUST", f"{of} broken"
    yield (pack.counted(Verdict.WARNING) if pack.strict else 0), "SHOULD", f"{of} not kept"


def _missing(result: RunResult) -> list[str]:
    """Say which evidence is missing."""
    rules, settings = result.rules, result.settings
    return _told(
        [
            (rules.counted(Verdict.ERROR), "requirement", "not judged because of an internal error"),
            (len(rules.unmet), "promised requirement", "unproven"),
            (rules.inconclusive if settings.strict_evidence else 0, "promised requirement", _OF_THE_MODEL),
            (len(result.unshown), "documented fact", "not shown"),
            (len(result.inconclusive) if result.hollow else 0, "conversation", "inconclusive, more than half"),
            (len(result.unjudged), "conversation", "not judged because of the environment or an internal error"),
            (result.not_run, "conversation", f"not run because {_why_not_run(result)}"),
            (rules.flaky if settings.strict else 0, "conversation", "flaky"),
            *(part for pack in result.packs for part in _unjudged_by(pack)),
            (int(_unexplained(result)), "internal error", "told on the terminal"),
            (result.baseline.to_edit, "known failure", "to edit in the baseline"),
            (int(bool(result.baseline.refused)), "baseline", f"not written because {result.baseline.refused}"),
        ]
    )


def _why_not_run(result: RunResult) -> str:
    why = result.ending.why_not_run
    return why if result.ending.repeated else f"of {why}"


def _unexplained(result: RunResult) -> bool:
    """Return whether something of ours crashed that no rule and no conversation accounts for."""
    told = result.unjudged or any(each.counted(Verdict.ERROR) for each in result.tallies)
    return result.ending.crashed and not told


def _unjudged_by(pack: PackTally) -> Iterator[CountedNoun]:
    of = f"of {pack.pack.vendor}"
    yield pack.counted(Verdict.ERROR), "rule", f"{of} not judged because of a bug in that pack"
    yield len(pack.unmet), "promised rule", f"{of} unproven"


def _not_proved(result: RunResult) -> str:
    return f"not proved: {', '.join(_missing(result))} (over {_judged(result)})"


def _incomplete(result: RunResult) -> str:
    why = result.ending.why_partial or result.ending.why_not_run
    rest = _missing(result)
    beside = f"; {', '.join(rest)}" if rest else ""
    return f"incomplete ({why}): nothing broken in what was judged, {_proved(result)}{beside}"


def _nothing_judged(result: RunResult) -> str:
    ending = result.ending
    reasons = (
        (ending.unreachable, "the endpoint is not ready"),
        (ending.interrupted, "interrupted"),
        (ending.misused, "a scenario is broken"),
        (ending.repeated, "the first conversations all ended the same way"),
        (bool(ending.exhausted or result.not_run), "the budget is too small"),
        (result.unjudged, "prevented by the environment or an internal error"),
        (result.conversations, "nothing that was selected applies to this endpoint"),
    )
    return f"nothing judged: {next((why for true, why in reasons if true), 'nothing was selected')}"


def reason_of(result: RunResult) -> str:
    """Say, beside a verdict that nothing was judged, what kept the run from its first conversation; else empty."""
    return result.ending.unreachable or ("" if result.conversations else result.ending.exhausted)


def _judged(result: RunResult) -> str:
    told = result.not_run and result.ending.why_partial == result.ending.why_not_run  # beside their number
    selected = f", {result.ending.why_partial}" if result.ending.partial and not told else ""
    return f"{_conversations(result)}{selected}"


_HEADS = {
    RunOutcome.CONFORMANT: _conformant,
    RunOutcome.NO_REGRESSION: _no_regression,
    RunOutcome.NOT_CONFORMANT: _not_conformant,
    RunOutcome.NOT_PROVED: _not_proved,
    RunOutcome.INCOMPLETE: _incomplete,
    RunOutcome.NOTHING_JUDGED: _nothing_judged,
}


def _beside(result: RunResult) -> Iterator[str]:
    """Say what is no part of the verdict, and has to be known with it."""
    if result.outcome is RunOutcome.NOTHING_JUDGED:
        return
    rules = result.rules
    parts: list[CountedNoun] = [
        (0 if result.settings.strict else rules.counted(Verdict.WARNING), "SHOULD requirement", "not kept"),
        (rules.half_proved, "requirement", "proved, but not by every conversation that promised it"),
        (
            len(rules.unproven) - len(rules.unmet) - rules.half_proved,
            "promised requirement",
            "unproven, which does not count",
        ),
        (
            0 if result.hollow or result.settings.strict_evidence else len(result.inconclusive),
            "conversation",
            _OF_THE_MODEL,
        ),
        (len(result.waived), "requirement", "broken that the profile excuses"),
        (0 if result.settings.strict else rules.flaky, "conversation", "flaky"),
    ]
    yield from _told(parts)
    if rules.known and result.outcome is not RunOutcome.NO_REGRESSION:
        yield many(result.baseline.known, "known failure")
    for pack in result.packs:
        yield from _beside_of(pack)
    for vendor in result.absent:
        yield f"{heading_of(vendor)} not shown: not installed here"


def _beside_of(pack: PackTally) -> Iterator[str]:
    of = f"of {pack.pack.vendor}"
    if not pack.strict and (number := pack.counted(Verdict.WARNING)):
        yield f"{number} SHOULD {of} not kept"
    if pack.known:
        yield f"{many(pack.known, 'known failure')} {of}"
    if pack.flaky:
        yield f"{many(pack.flaky, 'conversation')} flaky by the rules {of}"
