"""Two runs side by side: what got worse, what got better, and what is only different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.play.player import Outcome
from conformance.report.pair_traces import added_latency
from conformance.report.spoken import first_difference, spoken, spoken_upstream
from conformance.rules.engine.judge import Verdict
from conformance.run.outcome import RunOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.report.saved_report import SavedReport

BROKEN = frozenset({Verdict.FAIL, Verdict.WARNING})
#: Verdicts that leave a rule without evidence.
WITHOUT_EVIDENCE = frozenset({Verdict.UNPROVEN, Verdict.NOT_RUN, Verdict.INCONCLUSIVE})
#: Verdicts that say nothing of the endpoint.
SAYS_NOTHING = WITHOUT_EVIDENCE | {Verdict.NOT_APPLICABLE, Verdict.ERROR}
#: Outcomes of conversations that say nothing of the endpoint.
UNJUDGED = frozenset({Outcome.ENVIRONMENT, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.NOT_RUN})
#: A time that changed by less than this share, or by less than so many seconds, did not change.
NOTABLE_SHARE, NOTABLE_SECONDS = 0.25, 0.02
#: The same for tokens of one conversation.
NOTABLE_TOKENS = 0.1


@dataclass(frozen=True)
class Changed:
    """One thing that is told of in both reports, and differs."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """What changed from one report to another."""

    broken: tuple[Changed, ...] = ()
    """Rules that were judged and not broken, and are now."""
    met: tuple[Changed, ...] = ()
    """Rules that are broken now, and of which the first run says nothing."""
    fixed: tuple[Changed, ...] = ()
    unproven: tuple[Changed, ...] = ()
    """Rules that were proved, and are not any more."""
    stopped: tuple[Changed, ...] = ()
    """Conversations that got through their scripts, and do not any more."""
    unjudged: tuple[Changed, ...] = ()
    """Conversations that were judged, and were not this time: nobody knows what the endpoint does in them."""
    empty: bool = False
    """Whether the second run judged nothing at all."""
    order: tuple[Changed, ...] = ()
    """Conversations in which the endpoint says other events, or in another order."""
    latency: tuple[Changed, ...] = ()
    tokens: tuple[Changed, ...] = ()
    caveats: tuple[str, ...] = ()
    """Why the two may differ though the endpoint does not."""

    @property
    def regression(self) -> bool:
        """Whether anything got worse, or nobody can tell."""
        return bool(self.broken or self.met or self.unproven or self.stopped or self.empty)


def compare(before: SavedReport, after: SavedReport) -> Comparison:
    """Return what changed from *before* to *after*."""
    was, now = before.verdicts, after.verdicts
    rules = [Changed(name, was[name], now[name]) for name in was if name in now and was[name] != now[name]]
    both = [name for name in before.conversations if name in after.conversations]
    # What a part of the suite does not exercise is no worse for it.
    lost = WITHOUT_EVIDENCE - ({Verdict.NOT_RUN} if after.data["partial"] else set())
    if after.data["outcome"] == RunOutcome.NOTHING_JUDGED:
        return Comparison(empty=True, caveats=tuple(_caveats(before, after)))
    broken = [each for each in rules if each.after in BROKEN and each.before not in BROKEN]
    return Comparison(
        broken=tuple(each for each in broken if each.before not in SAYS_NOTHING),
        met=tuple(each for each in broken if each.before in SAYS_NOTHING),
        fixed=tuple(each for each in rules if each.before in BROKEN and each.after == Verdict.PASS),
        unproven=tuple(each for each in rules if each.before == Verdict.PASS and each.after in lost),
        stopped=tuple(_not_played(before, after, both, frozenset({Outcome.STOPPED}))),
        unjudged=tuple(_not_played(before, after, both, UNJUDGED)),
        order=tuple(_order(before, after, both)),
        latency=(
            *_latency(before.data["latency"], after.data["latency"]),
            *_latency(_added(before), _added(after)),
        ),
        tokens=tuple(_tokens(before, after, both)),
        caveats=tuple(_caveats(before, after)),
    )


def _not_played(
    before: SavedReport, after: SavedReport, names: Iterable[str], outcomes: frozenset[Outcome]
) -> Iterator[Changed]:
    for name in names:
        was, now = before.conversations[name]["outcome"], after.conversations[name]["outcome"]
        if was == Outcome.PLAYED and now in outcomes:
            yield Changed(name, was, f"{now}: {after.conversations[name]['message']}")


def _order(before: SavedReport, after: SavedReport, names: Iterable[str]) -> Iterator[Changed]:
    for name in names:
        sides = (
            ("", before.traces(name), after.traces(name), spoken),
            (" at the upstream", before.upstream_traces(name), after.upstream_traces(name), spoken_upstream),
        )
        for side, were, are, words in sides:
            said_and_says = ((words(was), words(now)) for was, now in zip(were, are, strict=False))
            for number, (said, says) in enumerate(said_and_says, 1):
                if (found := first_difference(said, says)) is not None:
                    yield Changed(f"{name}{f'#{number}' if number > 1 else ''}{side}", *found)
                    break


def _latency(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> Iterator[Changed]:
    for name, told in before.items():
        for share in ("p50", "p95"):
            was, now = told.get(share), after.get(name, {}).get(share)
            if was is not None and now is not None and _notable(was, now, NOTABLE_SHARE, NOTABLE_SECONDS):
                yield Changed(f"{name} {share}", f"{was * 1000:.0f} ms", f"{now * 1000:.0f} ms ({_percent(was, now)})")


def _tokens(before: SavedReport, after: SavedReport, names: Iterable[str]) -> Iterator[Changed]:
    was, now = (each.data["spent"]["total_tokens"] for each in (before, after))
    sides = (before, after)
    played = [name for name in names if all(each.conversations[name]["outcome"] == Outcome.PLAYED for each in sides)]
    same = len(played) == len(before.conversations) == len(after.conversations)
    if same and _notable(was, now, NOTABLE_TOKENS, 1):
        yield Changed("all conversations", f"{was:,}", f"{now:,} ({_percent(was, now)})")
    for name in played:
        was, now = (sum(each.conversations[name]["spent"]["tokens"][:4]) for each in (before, after))
        if _notable(was, now, 5 * NOTABLE_TOKENS, 50):
            yield Changed(name, f"{was:,}", f"{now:,} ({_percent(was, now)})")


def _added(report: SavedReport) -> Mapping[str, Mapping[str, float]]:
    relayed = (name for name, told in report.conversations.items() if told.get("upstream_traces"))
    return added_latency((report.traces(name), report.upstream_traces(name)) for name in relayed)


def _notable(was: float, now: float, share: float, least: float) -> bool:
    return abs(now - was) > max(share * was, least)


def _percent(was: float, now: float) -> str:
    return f"{(now - was) / was:+.0%}" if was else "new"


def _caveats(before: SavedReport, after: SavedReport) -> Iterator[str]:
    for name, what in (("version", "versions of the suite"), ("rules", "rules"), ("scenarios", "scenarios")):
        if before.data["tool"][name] != after.data["tool"][name]:
            yield f"They were judged with different {what}."
            break
    for name in ("dialect", "profile", "model"):
        was, now = before.data[name], after.data[name]
        if was != now:
            yield f"The {name} differs: {was or 'none'}, then {now or 'none'}."
    for report, which in ((before, "first"), (after, "second")):
        if report.data["partial"]:
            yield f"The {which} run judged only a part of the suite."
