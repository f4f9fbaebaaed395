"""index.html: the run on one page that needs nothing else, written after every run, also an interrupted one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from conformance.play.player import Outcome
from conformance.report.attempts import stories_of
from conformance.report.baseline import edits
from conformance.report.evidence import Evidence, traces_of
from conformance.report.failures import Failure, failures_of, reproduce, stops_of, unplayed_in
from conformance.report.inert import inert
from conformance.report.latency_plot import latency_html
from conformance.report.pair_ladder import whole_ladder_html
from conformance.report.pair_traces import upstream_of
from conformance.report.provenance import rules_digest, tool_version
from conformance.report.recorded_audio import clips_of, player_html
from conformance.report.rendering import render, resource
from conformance.report.requirement_verdicts import chapters_of, sentence_of_requirement
from conformance.report.sentence import reason_of, sentence_of
from conformance.rules.engine.judge import Verdict
from conformance.run.outcome import RunOutcome
from conformance.run.prices import dollars
from conformance.run.ruling import view_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from conformance.run.record import ConversationRecord
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally

#: Broken rules that are drawn; further ones are told in words: a page must open.
MOST_LADDERS = 40
#: How the verdict is coloured.
MOODS = {
    RunOutcome.CONFORMANT: "good",
    RunOutcome.NO_REGRESSION: "good",
    RunOutcome.NOT_CONFORMANT: "bad",
}
#: What each time is, from when to when.
TIMES = {
    "handshake": "asked to connect → upgraded",
    "session_created": "connected → session.created",
    "response_created": "asked → response.created",
    "first_text": "asked → first text or transcript",
    "first_audio": "asked → first audio",
    "audio_after_speech": "end of speech → first audio",
    "response_done": "asked → response.done",
    "between_deltas": "from one delta to the next",
}
#: Verdicts after which nothing is known of a rule, in the order in which they are told.
UNKNOWN = (Verdict.ERROR, Verdict.UNPROVEN, Verdict.INCONCLUSIVE, Verdict.NOT_RUN, Verdict.NOT_APPLICABLE)
#: Verdicts of rules as they are counted at the head: what is broken first.
IN_THE_TALLY = (Verdict.FAIL, Verdict.WARNING, Verdict.PASS, Verdict.KNOWN, Verdict.NOTE, *UNKNOWN)


NOTHING = Markup()


@dataclass(frozen=True)
class Drawing:
    """What shows a failure beside its words."""

    ladder: Markup = NOTHING
    players: Markup = NOTHING


@dataclass(frozen=True)
class UnknownRule:
    """A rule that the run says nothing of."""

    line: RuleTally
    why: str


def page_of(result: RunResult, evidence: Evidence, when: datetime) -> str:
    """Return the page as HTML."""
    failures, stops = failures_of(result), stops_of(result)
    settings, price = result.settings, result.policy.price
    spent = result.spent
    told = Counter(each.verdict for each in result.rules.lines)
    return str(
        render(
            "page.html.j2",
            css=resource("page.css"),
            result=result,
            settings=settings,
            endpoint="the embedded reference endpoint" if settings.embedded else settings.target.url,
            verdict=sentence_of(result),
            mood=MOODS.get(result.outcome, "fair"),
            when=when,
            version=tool_version(),
            digest=rules_digest(),
            counts={name: told[name] for name in IN_THE_TALLY if told[name]},
            broken="Broken" if stops or any(each.line.verdict is Verdict.FAIL for each in failures) else "Not kept",
            failures=[(each, _drawn(result, each, place)) for place, each in enumerate(failures)],
            stops=[(each, _end_of(result, each.record)) for each in stops],
            reproduce=lambda name: reproduce(result, name),
            requirement=sentence_of_requirement,
            unknown=list(_unknown(result)),
            known=[each for each in result.rules.lines if each.verdict is Verdict.KNOWN],
            reasons=_reasons(result),
            unplayed=unplayed_in(result),
            chapters=chapters_of(result),
            cost=dollars(price.of(spent.tokens)) if price is not None else None,
            spenders=_spenders(result),
            times=latency_html({TIMES[name]: values for name, values in evidence.times.items()}),
            recordings=[(each, player_html((each.clip,))) for each in evidence.recordings],
            silent=evidence.silent,
            repeated=[
                (each, stories_of(each, settings.reports)) for each in result.conversations.values() if each.attempts
            ],
        )
    )


def _reasons(result: RunResult) -> list[str]:
    """Say what ended the run early, and what has to be edited; the other reasons have a place further down."""
    not_run = (each.text for each in unplayed_in(result) if each.outcome is Outcome.NOT_RUN)
    return [*filter(None, [reason_of(result)]), *not_run, *(text for _, text in edits(result.review))]


def _drawn(result: RunResult, failure: Failure, place: int) -> Drawing:
    """Draw the conversation that shows a failure, with all that it found there marked."""
    if place >= MOST_LADDERS:
        return Drawing()
    connection = failure.finding.connection
    traces = list(traces_of(failure.record, result.settings.reports))
    if connection >= len(traces):
        return Drawing()
    trace = traces[connection]
    marked = {each.entry for each in failure.findings if each.connection == connection}
    upstream = upstream_of(failure.record, result.settings.reports, traces, connection)
    return Drawing(whole_ladder_html(trace, upstream, marked), player_html(clips_of(view_of(trace))[:4]))


def _end_of(result: RunResult, record: ConversationRecord) -> Markup:
    """Draw a conversation that stopped; its last entry is marked."""
    traces = list(traces_of(record, result.settings.reports))
    if not traces:
        return NOTHING
    upstream = upstream_of(record, result.settings.reports, traces, len(traces) - 1)
    return whole_ladder_html(traces[-1], upstream, {len(traces[-1])})


def _unknown(result: RunResult) -> Iterator[UnknownRule]:
    for verdict in UNKNOWN:
        for line in result.rules.lines:
            if line.verdict is verdict:
                yield UnknownRule(line, inert(line.first) or WITHOUT_A_REASON[verdict])


WITHOUT_A_REASON = {
    Verdict.UNPROVEN: "A scenario promises to exercise it, but no conversation did.",
    Verdict.NOT_RUN: "No conversation that was played exercises it.",
    Verdict.NOT_APPLICABLE: "It does not apply to this endpoint.",
    Verdict.INCONCLUSIVE: "The model did not do what the scenario asked it for.",
    Verdict.ERROR: "An internal error of this tool.",
}


def _spenders(result: RunResult) -> list[ConversationRecord]:
    """Return the conversations that used most tokens."""
    used = [each for each in result.conversations.values() if each.spent.tokens.total]
    return sorted(used, key=lambda each: -each.spent.tokens.total)[:8]
