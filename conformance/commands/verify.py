"""A certificate, recomputed: every verdict from the traces, offline; nothing that it says is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from conformance.contract.profile import PROFILES, load_profile
from conformance.errors import CertificateError, TraceError
from conformance.play.player import Conversation, Outcome
from conformance.play.script_end import why_unfinished
from conformance.report.archive import read_archive
from conformance.report.badge import badge_data
from conformance.report.certificate import (
    FORMAT,
    FORMAT_VERSION,
    PROFILE,
    REPETITIONS,
    STATEMENT,
    library,
    refuse_own_waivers,
)
from conformance.report.inert import inert_data
from conformance.report.levels import levels_of
from conformance.report.provenance import profile_digest, rules_digest, scenarios_digest, tool_version
from conformance.rules.rule_packs import judged_rules
from conformance.run.finished import settings_from
from conformance.run.record import ConversationRecord
from conformance.run.recording import record_not_played, record_of
from conformance.run.result import RunResult, result_of
from conformance.run.ruling import judge_conversation, key_of
from conformance.trace.jsonl import loads

if TYPE_CHECKING:
    from conformance.contract.profile import Profile
    from conformance.run.settings import Settings
    from conformance.scenario.model import Scenario
    from conformance.trace.trace import Trace

#: Differences that are told; further ones are counted.
MOST_TOLD = 20


@dataclass(frozen=True)
class Verified:
    """What a certificate says, and where the traces say something else."""

    statement: Mapping[str, Any]
    differences: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether everything is as the certificate says."""
        return not self.differences


def verified(path: Path, now: datetime | None = None) -> Verified:
    """Recompute a certificate; CertificateError where it cannot be read or was made by another version."""
    members = read_archive(path)
    statement = _statement(members)
    profile = _profile(statement, members)
    differences = [*_of_the_statement(statement, now or datetime.now(UTC))]
    runs = []
    for number, told in enumerate(statement["runs"], 1):
        run = _Run(f"run {number}", f"{told['folder']}/", members, settings_from(told["about"], Path(), profile))
        records, found = run.judged()
        runs.append(records)
        differences += found
    levels = levels_of(runs, library())
    if levels != statement["levels"]:
        differences.append(f"the levels are {_in_words(levels)}, not {_in_words(statement['levels'])}")
    if members.get("badge.json") is None or orjson.loads(members["badge.json"]) != badge_data(levels):
        differences.append("the badge says something else than the levels")
    return Verified(statement, tuple(differences))


def _statement(members: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the statement of an archive that this version can judge."""
    try:
        statement = orjson.loads(members[STATEMENT])
        form = statement["format"], statement["version"]
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise CertificateError(f"the archive has no {STATEMENT} that can be read") from error
    if form != (FORMAT, FORMAT_VERSION):
        raise CertificateError(f"{STATEMENT} has the format {form[0]} {form[1]}, not {FORMAT} {FORMAT_VERSION}")
    own = {"suite": tool_version(), "rules": rules_digest(), "scenarios": scenarios_digest()}
    for name, value in own.items():
        if statement.get(name) != value:
            raise CertificateError(
                f"it was made by another version of the suite: {name} is {statement.get(name)}, here it is {value}",
                f"Install the version that made it: pip install realtime-conformance=={statement.get('suite')}",
            )
    return dict(statement)


def _profile(statement: Mapping[str, Any], members: Mapping[str, bytes]) -> Profile | None:
    """Return the profile that was judged by: a bundled one as it is here, another one as it lies in the archive."""
    name = statement["profile"]
    if name is None:
        return None
    if name in PROFILES:
        profile = load_profile(name)
        if profile_digest(profile) != statement["profile_digest"]:
            raise CertificateError(f"the profile {name} is another one here than the one it was made with")
        return profile
    return _own_profile(name, members)


def _own_profile(name: str, members: Mapping[str, bytes]) -> Profile:
    import tempfile

    if PROFILE not in members:
        raise CertificateError(f"the archive lacks {PROFILE}, the profile {name!r} that it speaks of")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / PROFILE
        file.write_bytes(members[PROFILE])
        profile = replace(load_profile(file), name=name)
    refuse_own_waivers(profile)
    return profile


def _of_the_statement(statement: Mapping[str, Any], now: datetime) -> Iterator[str]:
    if datetime.fromisoformat(statement["expires"]) < now:
        yield f"it expired on {statement['expires'][:10]}"
    if len(statement["runs"]) < REPETITIONS:
        yield f"it rests on {len(statement['runs'])} runs: {REPETITIONS} are asked for"


class _Run:
    """One repetition in the archive."""

    def __init__(self, name: str, prefix: str, members: Mapping[str, bytes], settings: Settings) -> None:
        self.name, self.prefix, self.members, self.settings = name, prefix, members, settings
        self.differences: list[str] = []

    def judged(self) -> tuple[dict[str, ConversationRecord], list[str]]:
        """Return the recomputed records, and where the report says something else."""
        report = self._report()
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
            self._differs(f"{name} is no conversation of the suite")
        self._compare_runs(report, result_of(records, self.settings))
        return records, self.differences

    def _differs(self, what: str) -> None:
        self.differences.append(f"{self.name}: {what}")

    def _report(self) -> dict[str, Any]:
        try:
            return dict(orjson.loads(self.members[f"{self.prefix}report.json"]))
        except (KeyError, ValueError, TypeError) as error:
            raise CertificateError(f"{self.name} has no report.json that can be read") from error

    def _expected(self) -> Iterator[tuple[Scenario, str]]:
        """Yield every conversation that the suite holds with such an endpoint."""
        for scenario in library().values():
            every = scenario.each == "auth" or self.settings.auth == "all"
            for style in self.settings.styles if every else ("",):
                yield scenario, style

    def _recomputed(self, scenario: Scenario, variant: str, told: Mapping[str, Any]) -> ConversationRecord:
        """Judge a conversation again from its traces; one that does not apply says why by itself."""
        questions = told.get("questions", ())
        if why := self.settings.not_applicable(scenario):
            return record_not_played(scenario, variant, questions, Outcome.NOT_APPLICABLE, why)
        names = tuple(told.get("traces", ()))
        traces = tuple(trace for name in names if (trace := self._trace(name, scenario, variant)) is not None)
        if not traces:
            self._differs(f"{key_of(scenario.id, variant)} has no trace, and applies to the endpoint")
            return record_not_played(scenario, variant, questions, Outcome.NOT_RUN, "no trace")
        outcome, message = Outcome(told["outcome"]), told.get("message", "")
        if outcome is Outcome.PLAYED:
            message = why_unfinished(scenario, self.settings.target.dialect.name, traces)
            outcome = Outcome.STOPPED if message else outcome
        seconds = max(trace.duration for trace in traces)
        played = Conversation(scenario, variant, traces, outcome, message, seconds=seconds)
        facts = self.settings.profile.facts if self.settings.profile is not None else ()
        judged = judge_conversation(played, judged_rules().values(), self.settings.waivers, facts)
        return replace(record_of(judged, Path(), questions), traces=names)

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


def _theirs(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what vendors' rules say of a conversation, as the report puts it apart."""
    return {rule: each for rules in told.get("packs", {}).values() for rule, each in rules.items()}


def _verdict(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "not told"
    findings = told.get("findings", ())
    return f"{told['verdict']}{f' ({len(findings)} findings)' if findings else ''}"


def _in_words(levels: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {status}" for name, status in levels.items())


def as_text(found: Verified) -> str:
    """Return what was verified, line by line; the verdict last."""
    told = found.statement
    lines = [f"{told['product']}, {told['dialect']}, of {told['date'][:10]}, valid until {told['expires'][:10]}"]
    lines += [f"  {name:<14} {status}" for name, status in told["levels"].items()]
    lines += [f"  {each}" for each in found.differences[:MOST_TOLD]]
    if len(found.differences) > MOST_TOLD:
        lines.append(f"  … and {len(found.differences) - MOST_TOLD} more")
    number = len(found.differences)
    verdict = "verified: every verdict follows from the traces"
    lines.append(verdict if found.valid else f"REJECTED: {number} difference{'s' if number > 1 else ''}")
    return "\n".join(lines) + "\n"
