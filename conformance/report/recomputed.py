"""One run of a certificate, recomputed: every outcome and every verdict follows from its traces, or is a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from conformance.contract.auth_styles import KEY_SUBPROTOCOLS, STYLES, Place
from conformance.contract.harness_schemas import harness_schema
from conformance.contract.schemas import misfit
from conformance.errors import CertificateError, TraceError
from conformance.play.player import Conversation, Outcome
from conformance.play.script_end import shown_outcome
from conformance.report.certificate import library
from conformance.report.inert import inert_data
from conformance.rules.rule_packs import judged_rules, packs
from conformance.run.baseline import PLAYS
from conformance.run.record import ConversationRecord, keeps
from conformance.run.recording import record_not_played, record_of
from conformance.run.result import RunResult, result_of
from conformance.run.ruling import judge_conversation, key_of
from conformance.trace.jsonl import loads

if TYPE_CHECKING:
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace


class RecomputedRun:
    """One repetition in the archive: what its report says beside what its traces show."""

    def __init__(self, name: str, prefix: str, members: Mapping[str, bytes], settings: Settings) -> None:
        self.name, self.prefix, self.members, self.settings = name, prefix, members, settings
        self.differences: list[str] = []

    def judged(self) -> tuple[dict[str, ConversationRecord], list[str]]:
        """Return the recomputed records, and where the report says something else."""
        report = self._report()
        self._check_settings()
        told = {each["conversation"]: each for each in report.get("conversations", ())}
        records: dict[str, ConversationRecord] = {}
        for scenario, variant in self._expected():
            name = key_of(scenario.id, variant)
            if name not in told:
                self._differs(f"{name} is missing")
                continue
            record = self._recomputed(scenario, variant, told[name])
            records[name] = record
            self._compare(name, told[name], record)
        for name in sorted(told.keys() - records.keys()):
            self._differs(f"{name} is not a conversation of the suite")
        self._compare_runs(report, result_of(records, self.settings))
        return records, self.differences

    def _differs(self, what: str) -> None:
        self.differences.append(f"{self.name}: {what}")

    def _report(self) -> dict[str, Any]:
        try:
            report = orjson.loads(self.members[f"{self.prefix}report.json"])
        except (KeyError, ValueError) as error:
            raise CertificateError(f"{self.name} has no report.json that can be read") from error
        if why := misfit(harness_schema("report"), report):
            raise CertificateError(f"the report.json of {self.name} is malformed: {why}")
        return dict(report)

    def _check_settings(self) -> None:
        """Refuse what would make a run more lenient; it stands in the statement, and nobody else tells it."""
        if self.settings.allow_unproven:
            self._differs("it was played with --allow-unproven")
        for fact in sorted(self.settings.excused):
            self._differs(f"a baseline excuses the documented fact {fact}")

    def _expected(self) -> Iterator[tuple[Scenario, str]]:
        """Yield every conversation that the suite holds with such an endpoint."""
        for scenario in library().values():
            every = scenario.each == "auth" or self.settings.auth == "all"
            for style in self.settings.styles if every else ("",):
                yield scenario, style

    def _recomputed(self, scenario: Scenario, variant: str, told: Mapping[str, Any]) -> ConversationRecord:
        """Judge a conversation again from its traces, by every rule; one that does not apply says why by itself."""
        questions = {PLAYS, *(keeps(vendor) for vendor in ("", *packs())), *scenario.proves}
        if why := self._not_applicable(scenario, Outcome(told["outcome"])):
            return record_not_played(scenario, variant, questions, Outcome.NOT_APPLICABLE, why)
        names = tuple(told["traces"])
        traces = tuple(trace for name in names if (trace := self._trace(name, scenario, variant)) is not None)
        if not traces:
            self._differs(f"{key_of(scenario.id, variant)} has no trace, although it applies to the endpoint")
            return record_not_played(scenario, variant, questions, Outcome.NOT_RUN, "no trace")
        outcome, why = shown_outcome(Outcome(told["outcome"]), scenario, self.settings.target.dialect.name, traces)
        message = why or told["message"]
        seconds = max(trace.duration for trace in traces)
        played = Conversation(scenario, variant, traces, outcome, message, seconds=seconds)
        facts = self.settings.profile.facts if self.settings.profile is not None else ()
        judged = judge_conversation(played, judged_rules().values(), self.settings.waivers, facts)
        return replace(record_of(judged, Path(), questions), traces=names)

    def _not_applicable(self, scenario: Scenario, told: Outcome) -> str:
        """Say why a conversation has nothing to say; one that got all its sessions has, whatever the limit."""
        unlimited = replace(self.settings, session_limit=None, session_row=None)
        settings = self.settings if told is Outcome.NOT_APPLICABLE else unlimited
        return settings.not_applicable(scenario)

    def _trace(self, name: str, scenario: Scenario, variant: str) -> Trace | None:
        data = self.members.get(f"{self.prefix}{name}")
        if data is None:
            self._differs(f"{name} is missing")
            return None
        try:
            trace = loads(data, name)
        except TraceError as error:
            self._differs(str(error).splitlines()[0])
            return None
        if trace.name.partition("#")[0] != scenario.id:
            self._differs(f"{name} is a trace of {trace.name or 'nothing known'}, not of {scenario.id}")
        if variant and trace.handshake is not None and trace.handshake.auth not in ("", variant):
            self._differs(f"{name} was recorded with {trace.handshake.auth}, not with {variant}")
        if not self.settings.target.key and _offers_a_key(trace):
            self._differs(f"{name} sends a key, but the statement says that there was none")
        return trace

    def _compare(self, name: str, told: Mapping[str, Any], record: ConversationRecord) -> None:
        """Compare what one conversation came to: its outcome, and every rule's verdict and findings."""
        own = inert_data(record.as_data())
        given = {**told, "rules": {**told.get("rules", {}), **_theirs(told)}}
        if given["outcome"] != own["outcome"]:
            why = f" ({own['message']})" if own["message"] else ""
            self._differs(f"{name} is {own['outcome']}, not {given['outcome']}{why}")
        for rule in sorted(own["rules"].keys() | given["rules"].keys()):
            here, there = own["rules"].get(rule), given["rules"].get(rule)
            if here != there:
                self._differs(f"{name}: {rule} is {_verdict(here)}, not {_verdict(there)}")

    def _compare_runs(self, report: Mapping[str, Any], result: RunResult) -> None:
        """Compare what the run came to: rule by rule, and as a whole."""
        given = {each["id"]: each["verdict"] for each in report.get("rules", ())}
        for line in result.rules.lines:
            if given.get(line.rule.id) != line.verdict:
                self._differs(f"{line.rule.id} is {line.verdict} over all, not {given.get(line.rule.id)}")
        if report.get("outcome") != str(result.outcome):
            self._differs(f"the run is {result.outcome}, not {report.get('outcome')}")


def _offers_a_key(trace: Trace) -> bool:
    """Return whether the upgrade names a place where keys are carried; a trace has no values."""
    shake = trace.handshake
    if shake is None:
        return False
    query = {name for name, _ in parse_qsl(urlsplit(shake.url).query, keep_blank_values=True)}
    asked = {Place.HEADER: {name.lower() for name in shake.request_headers}, Place.QUERY: query}
    named = any(style.field.lower() in asked.get(style.place, ()) for style in STYLES.values())
    return named or any(each.startswith(KEY_SUBPROTOCOLS) for each in shake.offered_subprotocols)


def _theirs(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what vendors' rules say of a conversation, as the report puts it apart."""
    return {rule: each for rules in told.get("packs", {}).values() for rule, each in rules.items()}


def _verdict(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "not told"
    findings = told.get("findings", ())
    return f"{told['verdict']}{f' ({len(findings)} findings)' if findings else ''}"
