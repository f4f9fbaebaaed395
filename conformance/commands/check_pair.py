"""`realtime-conformance check CLIENT --upstream UPSTREAM`: both sides of a gateway, as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.corpus.sources import sources
from conformance.errors import UsageError
from conformance.relay.declared import declared_in
from conformance.relay.pair import Context, Pair
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import NEEDS
from conformance.relay.side import side_of
from conformance.relay.upstream_script import HONEST, UpstreamScript, upstream_scripts
from conformance.report.layout import wrapped
from conformance.report.text import bug_of, finding_text
from conformance.rules.engine.judge import VERDICT_OF_FINDING, Verdict
from conformance.rules.engine.rule import Keyword
from conformance.run.outcome import ExitStatus as Status
from conformance.run.pairs import rule_on_pair
from conformance.run.ruling import view_of
from conformance.scenario.load import library, load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conformance.contract.profile import Profile
    from conformance.run.ruling import Ruling
    from conformance.trace.trace import Trace

FOUND = frozenset(VERDICT_OF_FINDING.values())
#: What a verdict makes of the exit status, as for single recordings.
STATUSES = {
    "error": Status.INTERNAL,
    "broken": Status.BROKEN,
    "clean": Status.CLEAN,
    "unclear": Status.MISUSED,
}


def check_pair(
    client: Path, upstream: Path, counts: Collection[Keyword], profile: Profile | None = None
) -> tuple[str, int]:
    """Judge two recordings by the rules over pairs; return the text, and the exit status.

    What the traces and the gateway's profile do not tell (a balance) is taken as nothing declared.
    """
    if client == upstream:
        raise UsageError("the recordings of client and upstream are the same file", "Give two recordings.")
    ours, theirs = _only_trace(client), _only_trace(upstream)
    guards = side_of(theirs).guards
    declared = declared_in(profile.relay if profile is not None else None)
    pair = Pair(view_of(ours), view_of(theirs), Context(declared, _script(ours, theirs), guards))
    offers, waivers = {"keys"} if guards else set(), profile.waivers if profile is not None else {}
    asked = [rule for rule in PAIR_RULES.values() if not rule.needs or rule.needs in offers]
    rulings = [rule_on_pair(rule, (pair,), offers, waivers, (ours,)) for rule in asked]
    verdicts = [each.verdict for each in rulings]
    broken = sum(each.verdict in FOUND and each.rule.keyword in counts for each in rulings)
    proved, crashed = verdicts.count(Verdict.PASS), Verdict.ERROR in verdicts
    lines = [line for each in rulings for line in _told(each, client.stem)]
    silent = sum(rule.needs not in ("", *offers) for rule in PAIR_RULES.values())
    verdict = "error" if crashed else "broken" if broken else "clean" if proved else "unclear"
    known = f"; {silent} need what is not in a recording ({', '.join(sorted(set(NEEDS) - offers))})" if silent else ""
    head = f"{verdict}  {client} | {upstream}: {broken} rules over pairs broken, {proved} proved{known}"
    return "\n".join([head, *lines]).rstrip() + "\n", STATUSES[verdict]


def _told(ruling: Ruling, name: str) -> Iterator[str]:
    """Yield what is to be said of one rule: what it found, what is excused, or that it crashed."""
    if ruling.verdict in FOUND:
        yield from (finding_text(ruling, name), "")
    elif ruling.verdict is Verdict.ERROR:
        yield from (f"internal error in {ruling.rule.id}: {ruling.reason}", *wrapped(bug_of("")), "")
    elif ruling.findings:
        told = f"excused: {ruling.rule.id}: {ruling.findings[0].finding.message} ({ruling.reason})"
        yield from (*wrapped(told), "")


def _only_trace(path: Path) -> Trace:
    """Return the conversation of a recording, in whatever format; UsageError where it holds more than one, or none."""
    found = [recording.trace for source in sources([str(path)]) for recording in source.recordings()]
    if len(found) != 1:
        cure = "A pair is one conversation of the client and one of the upstream: `convert` puts each into a file."
        raise UsageError(f"{path}: holds {len(found)} conversations", cure)
    return found[0]


def _script(client: Trace, upstream: Trace) -> UpstreamScript:
    """Return what the upstream did on purpose, where the bundled scenario of the recording tells."""
    name = client.name.partition("#")[0].partition("@")[0]
    path = next((path for path in library(relayed=True) if path.as_posix().endswith(f"/{name}.yaml")), None)
    section = load(path).upstream if path is not None else None
    scripts = upstream_scripts(section, client.dialect) if section is not None else (HONEST,)
    return scripts[min(side_of(upstream).script, len(scripts) - 1)]
