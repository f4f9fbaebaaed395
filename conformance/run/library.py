"""A run without pytest: play scenarios against an endpoint, or judge what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.contract.key_roles import ROLES, key_for
from conformance.contract.names import REFERENCE_TOOL_SERVER
from conformance.play.target import Target, checked_url
from conformance.resources import folder
from conformance.rules.rule_packs import judged_rules, packs
from conformance.run.baseline import PLAYS
from conformance.run.budget import Exhausted
from conformance.run.job import Job
from conformance.run.policy import Policy
from conformance.run.record import keeps
from conformance.run.recording import record_not_played, record_of
from conformance.run.ruling import Ruling, rule_on, view_of
from conformance.run.runner import Runner
from conformance.run.settings import AUTO, Settings
from conformance.run.state import RunState
from conformance.scenario.load import load, suite
from conformance.secrets import Scrubber
from conformance.trace import jsonl
from conformance.trace.trace import Trace

if TYPE_CHECKING:
    from conformance.rules.engine.rule import Chapter
    from conformance.run.result import RunResult
    from conformance.scenario.model import Scenario

#: What the embedded reference is asked for.
REFERENCE_MODEL = "gpt-realtime"


def play(
    endpoint: str = "",
    *,
    key: str = "",
    model: str | None = None,
    dialect: str = AUTO,
    profile: str | None = None,
    scenarios: Iterable[str | Path | Scenario] = (),
    reports: str | Path = "reports",
    policy: Policy | None = None,
) -> RunResult:
    """Play scenarios and return what the run came to; nothing is printed.

    *endpoint* is a `ws://` or `wss://` URL; empty plays against the embedded reference.  *scenarios* are ids of bundled
    scenarios (`response/text_turn`), files, or loaded ones; empty plays the whole library.  Traces and the journal go
    to the folder *reports*.  Raises ConformanceError for whatever is the caller's mistake.
    """
    settings = settings_for(endpoint, key=key, model=model, dialect=dialect, profile=profile, reports=Path(reports))
    return play_with(settings, [_loaded(each) for each in scenarios or sorted(suite())], policy)


def settings_for(
    endpoint: str, *, key: str, model: str | None, dialect: str, profile: str | None, reports: Path
) -> Settings:
    """Return the settings of a run in which everything else is as usual."""
    from conformance.contract.profile import load_profile

    contract = load_profile(profile) if profile is not None else None
    spoken = dialect if dialect != AUTO else contract.dialect if contract is not None else AUTO
    key = key or ("" if endpoint else "sk-embedded-reference")
    styles = contract.auth if contract is not None else tuple(STYLES) if not endpoint else ("bearer",)
    target = Target(
        url=checked_url(endpoint, "endpoint") if endpoint else "",
        dialect=DIALECTS["ga" if spoken == AUTO else spoken],
        key=key,
        keys={} if endpoint else {role: key_for(role, key) for role in ROLES},
        tool_server="" if endpoint else REFERENCE_TOOL_SERVER,
        model=model or (contract.model if contract is not None else None) or (None if endpoint else REFERENCE_MODEL),
        auth=styles[0],
        styles=styles,
    )
    scrub = Scrubber().with_more([target.key, *target.keys.values()])
    return Settings(target, spoken, contract, reports=reports, scrub=scrub, embedded=not endpoint)


def play_with(settings: Settings, scenarios: Sequence[Scenario], policy: Policy | None = None) -> RunResult:
    """Play *scenarios* as *settings* say, many at once, and return what the run came to."""
    runner = Runner(settings, policy or Policy(), window=settings.sessions, cautious=False)
    state = RunState(settings)
    state.ends(selection={each.id for each in scenarios} != suite())
    try:
        diagnosis = runner.prepare()
        state.preflight = runner.budget.spent
        if diagnosis is not None and not diagnosis.ready:
            state.ends(unreachable=diagnosis.told)
        state.begin(runner.settings)
        if not state.ending.unreachable:
            _take(runner, state, [job for scenario in scenarios for job in jobs_of(scenario, runner.settings)])
    except Exhausted as exhausted:
        state.ends(exhausted=exhausted.budget)
    finally:
        runner.close()
        state.note(runner.told)
    result = state.finish(runner.settings, runner.policy)
    state.close(result, int(result.status))
    return result


def jobs_of(scenario: Scenario, settings: Settings) -> Iterator[Job]:
    """Yield the conversations of a scenario: one, or one in each auth style."""
    if scenario.each == "auth" or settings.auth == "all":
        for style in settings.styles:
            yield Job.of(scenario, style)
    else:
        yield Job.of(scenario)


def _take(runner: Runner, state: RunState, jobs: Sequence[Job]) -> None:
    from conformance.play.player import Outcome

    runner.enqueue(jobs)
    for job in jobs:
        questions = (PLAYS, *job.scenario.proves, *map(keeps, ("", *packs())))
        if reason := runner.settings.not_applicable(job.scenario):
            state.add(record_not_played(job.scenario, job.variant, questions, Outcome.NOT_APPLICABLE, reason))
            continue
        try:
            state.add(record_of(runner.take(job), runner.settings.reports, questions))
        except Exhausted as exhausted:
            state.add(record_not_played(job.scenario, job.variant, questions, Outcome.NOT_RUN, exhausted.budget))


def judge(
    recorded: Trace | str | Path | Iterable[Mapping[str, Any]],
    *,
    dialect: str = AUTO,
    rules: Chapter | None = None,
) -> Mapping[str, Ruling]:
    """Return what every rule says of one recorded conversation: rule id -> its verdict and findings.

    *recorded* is a trace, a file of one, or the events in their order; an event that says nothing of its direction is
    taken for the client's or the server's by its type.  *rules* judge instead of all that are installed.
    Raises TraceError for what cannot be read.
    """
    if isinstance(recorded, str | Path):
        trace = jsonl.load(Path(recorded))
    elif isinstance(recorded, Trace):
        trace = recorded
    else:
        import orjson

        trace = jsonl.loads(b"\n".join(map(orjson.dumps, recorded)))
    if dialect != AUTO:
        trace = replace(trace, dialect=dialect)
    asked = rules.rules if rules is not None else judged_rules().values()
    return rule_on((view_of(trace),), tuple(asked), {})


def _loaded(scenario: str | Path | Scenario) -> Scenario:
    from conformance.scenario.model import Scenario

    if isinstance(scenario, Scenario):
        return scenario
    path = Path(scenario)
    bundled = folder("scenarios") / f"{scenario}.yaml"
    return load(path if path.is_file() or not bundled.is_file() else bundled)
