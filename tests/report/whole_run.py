"""A run of the whole library in memory, as a certificate needs it: judged, with its traces and its files."""

from dataclasses import replace

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import load_profile
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import TOKEN, rehearsal_target, rehearse
from conformance.play.player import Outcome
from conformance.report.certificate import library
from conformance.report.files import write_files
from conformance.rules.rule_packs import judged_rules
from conformance.run.baseline import PLAYS
from conformance.run.record import keeps
from conformance.run.recording import record_not_played, record_of
from conformance.run.result import result_of
from conformance.run.ruling import judge_conversation, key_of
from conformance.run.settings import Settings
from conformance.trace.jsonl import dump


def whole_run(reports, mutant=None, profile="openai", **how):
    """Play every bundled conversation that the profile claims, and write everything; *how* are settings."""
    claimed = load_profile(profile) if profile else None
    target = replace(rehearsal_target(DIALECTS["ga"]), key=TOKEN)
    if claimed is not None:
        target = replace(target, dialect=DIALECTS[claimed.dialect], auth=claimed.auth[0], styles=claimed.auth)
    settings = Settings(target=target, profile=claimed, reports=reports, **how)
    fault = (lambda: MUTANTS[mutant].make(target.dialect)) if mutant else None
    records = {}
    for scenario in library().values():
        for style in settings.styles if scenario.each == "auth" else ("",):
            name = key_of(scenario.id, style)
            records[name] = _record(scenario, style, settings, fault, name)
    result = result_of(records, settings, seconds=2.0)
    write_files(result)
    return result


def _record(scenario, style, settings, fault, name):
    questions = {PLAYS, keeps(""), *scenario.proves}
    if why := settings.not_applicable(scenario):
        return record_not_played(scenario, style, questions, Outcome.NOT_APPLICABLE, why)
    conversation = rehearse(
        scenario,
        settings.target.dialect,
        fault,
        variant=style,
        features=settings.claimed,
        auth=settings.target.auth,
        auth_styles=settings.styles,
    )
    files = []
    for number, trace in enumerate(conversation.traces, 1):
        path = settings.reports / "traces" / f"{name}{f'#{number}' if number > 1 else ''}.jsonl"
        dump(trace, path)
        files.append(path)
    rules, facts = judged_rules().values(), settings.profile.facts if settings.profile is not None else ()
    judged = judge_conversation(conversation, rules, settings.waivers, facts, tuple(files))
    return record_of(judged, settings.reports, questions)
