"""The run turned around: each rule once, with the conversations that prove or break it, and one verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from conformance.gate.baseline import PLAYS
from conformance.rules import RULES
from conformance.rules.judge import Verdict
from conformance.rules.rule import Keyword, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from conformance.contract.facts import Fact
    from conformance.play.setup import Setup
    from conformance.report.records import Record

FORMAT = "realtime-conformance/report"
FORMAT_VERSION = 1
#: What one conversation says outweighs what comes later here.
GRAVITY = (
    Verdict.FAIL,
    Verdict.WARNING,
    Verdict.KNOWN,
    Verdict.NOTE,
    Verdict.PASS,
    Verdict.ERROR,
    Verdict.UNPROVEN,
    Verdict.NOT_RUN,
    Verdict.NOT_APPLICABLE,
)
#: Outcomes of a conversation that say nothing of the endpoint.
UNJUDGED = frozenset({"environment", "error"})
NOT_PLAYED = frozenset({"not applicable", "not run", "error"})


@dataclass(frozen=True)
class Line:
    """One rule over the whole run."""

    rule: Rule
    verdict: Verdict
    conversations: Mapping[Verdict, tuple[str, ...]] = field(default_factory=dict)
    """Which conversations say what of it."""
    first: str = ""
    """The first finding, or the reason, in a sentence."""

    def count(self, verdict: Verdict) -> int:
        """Count the conversations with a verdict."""
        return len(self.conversations.get(verdict, ()))


@dataclass(frozen=True)
class Sum:
    """What a run came to."""

    lines: tuple[Line, ...]
    stopped: tuple[Record, ...]
    """Conversations that did not get through their script."""
    played: int
    not_run: int = 0
    """Conversations that a budget kept from being played."""
    known: int = 0
    """Known failures: rules in conversations, and conversations that stop."""
    flaky: int = 0
    """Conversations that failed, and did not when they were played again."""
    partial: bool = False
    strict: bool = False
    allow_unproven: bool = False

    def counted(self, verdict: Verdict, *keywords: Keyword) -> int:
        """Count rules by verdict."""
        return sum(each.verdict is verdict and (not keywords or each.rule.keyword in keywords) for each in self.lines)

    @property
    def conformant(self) -> bool:
        """Whether nothing that counts went wrong."""
        unproven = self.unproven and not self.allow_unproven
        flaky = self.flaky and self.strict
        return not (self.stopped or self.broken or self.counted(Verdict.ERROR) or unproven or self.not_run or flaky)

    @property
    def broken(self) -> int:
        """Count the rules whose findings count."""
        return self.counted(Verdict.FAIL) + (self.counted(Verdict.WARNING) if self.strict else 0)

    @property
    def unproven(self) -> tuple[Line, ...]:
        """Rules that were promised, and shown by no conversation."""
        return tuple(each for each in self.lines if each.verdict is Verdict.UNPROVEN and each.conversations)

    @property
    def sentence(self) -> str:
        """The verdict."""
        must, should = self.counted(Verdict.PASS, Keyword.MUST), self.counted(Verdict.PASS, Keyword.SHOULD)
        over = f"over {_many(self.played, 'conversation')}"
        where = "in what was selected, " if self.partial else ""
        if self.conformant:
            told = f"conformant: {where}{must} MUST and {_many(should, 'SHOULD requirement')} proved {over}"
            return "; ".join([told, *self._beside()])
        troubled = sum(each["outcome"] in UNJUDGED for each in self.stopped)
        parts = [
            (self.counted(Verdict.FAIL), "MUST requirement", "broken"),
            (self.counted(Verdict.WARNING) if self.strict else 0, "SHOULD requirement", "not kept"),
            (self.counted(Verdict.ERROR), "requirement", "not judged (our bug)"),
            (len(self.stopped) - troubled, "conversation", "stopped"),
            (len(self.unproven), "promised requirement", "unproven"),
            (troubled, "conversation", "not judged (the environment, or an error of ours)"),
            (self.not_run, "conversation", "not run (the budget)"),
            (self.flaky if self.strict else 0, "conversation", "flaky"),
        ]
        told = ", ".join(f"{_many(number, noun)} {what}" for number, noun, what in parts if number)
        guilty = self.broken or len(self.stopped) > troubled
        return "; ".join([f"{'NOT conformant' if guilty else 'not proved'}: {told} ({over})", *self._beside()])

    def _beside(self) -> Iterator[str]:
        """Give what is said of a run beside its verdict."""
        if (number := self.counted(Verdict.WARNING)) and self.conformant:
            yield f"{_many(number, 'SHOULD requirement')} not kept"
        if self.known:
            yield _many(self.known, "known failure")
        if self.flaky and not self.strict:
            yield f"{_many(self.flaky, 'conversation')} flaky"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def sum_up(
    records: Mapping[str, Record], *, partial: bool = False, strict: bool = False, allow_unproven: bool = False
) -> Sum:
    """Turn records of conversations into lines of rules, in the order of the table."""
    said: dict[str, dict[Verdict, list[str]]] = {}
    first: dict[tuple[str, Verdict], str] = {}
    for name, record in records.items():
        for rule_id, told in record["rules"].items():
            verdict = Verdict(told["verdict"])
            said.setdefault(rule_id, {}).setdefault(verdict, []).append(name)
            first.setdefault((rule_id, verdict), _first(told))
    lines = []
    for rule_id, rule in RULES.items():
        own = said.get(rule_id, {})
        verdict = next((each for each in GRAVITY if each in own), Verdict.NOT_RUN)
        told = {each: tuple(names) for each, names in own.items()}
        lines.append(Line(rule, verdict, told, first.get((rule_id, verdict), "")))
    return Sum(
        lines=tuple(lines),
        stopped=tuple(each for each in records.values() if _stopped(each)),
        played=sum(each["outcome"] not in NOT_PLAYED for each in records.values()),
        not_run=sum(each["outcome"] == "not run" for each in records.values()),
        known=sum(map(_known, records.values())),
        flaky=sum("flaky" in each for each in records.values()),
        partial=partial,
        strict=strict,
        allow_unproven=allow_unproven,
    )


def _known(record: Record) -> int:
    return ("known" in record) + sum("known" in told for told in record["rules"].values())


def _stopped(record: Record) -> bool:
    """Whether a conversation did not get through, and somebody asked whether it would."""
    outcome = record["outcome"]
    if "known" in record:
        return False
    return outcome in UNJUDGED or (outcome in ("unmet", "model") and PLAYS in record["questions"])


def _first(told: Mapping[str, Any]) -> str:
    findings = told.get("findings") or [{}]
    return findings[0].get("message") or told.get("reason") or ""


def sum_of(records: Mapping[str, Record], setup: Setup, *, partial: bool) -> Sum:
    """Sum up as the options ask."""
    return sum_up(records, partial=partial, strict=setup.strict, allow_unproven=setup.allow_unproven)


def facts_of(records: Mapping[str, Record], setup: Setup) -> dict[Fact, str]:
    """Give each documented fact with the first conversation that shows it, empty where none does."""
    by: dict[tuple[str, str], str] = {}
    for name, record in records.items():
        for kind, fact in record["facts"]:
            by.setdefault((kind, fact), name)
    facts = setup.profile.facts if setup.profile is not None else ()
    return {fact: by.get((fact.kind, fact.name), "") for fact in facts}


def report_of(records: Mapping[str, Record], setup: Setup, *, partial: bool) -> dict[str, Any]:
    """Give the whole of report.json (`schemas/harness/report.json`)."""
    run = sum_of(records, setup, partial=partial)
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "endpoint": setup.scrub(setup.target.url),
        "embedded": setup.embedded,
        "dialect": setup.target.dialect.name,
        "profile": setup.profile.name if setup.profile is not None else None,
        "auth": setup.auth or setup.target.auth,
        "model": setup.target.model,
        "partial": partial,
        "conformant": run.conformant,
        "verdict": run.sentence,
        "rules": [
            {
                "id": line.rule.id,
                "keyword": line.rule.keyword,
                "sentence": line.rule.sentence,
                "spec": line.rule.spec,
                "verdict": line.verdict,
                "conversations": {str(verdict): list(names) for verdict, names in line.conversations.items()},
                "first": line.first,
            }
            for line in run.lines
        ],
        "documented_facts": [
            {"kind": fact.kind, "name": fact.name, "conversation": conversation}
            for fact, conversation in facts_of(records, setup).items()
        ],
        "conversations": list(records.values()),
    }


def write(records: Mapping[str, Record], setup: Setup, *, partial: bool) -> Path:
    """Write report.json, scrubbed."""
    path = setup.reports / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = orjson.dumps(report_of(records, setup, partial=partial), option=orjson.OPT_INDENT_2).decode()
    part = path.with_name(path.name + ".part")
    part.write_text(setup.scrub(text) + "\n", encoding="utf-8")
    part.replace(path)
    return path
