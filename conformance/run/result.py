"""The run turned around: each rule once, with the conversations that prove or break it, and one verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword, vendor_in
from conformance.rules.rule_packs import heading_of, judged_rules, packs
from conformance.run.baseline import PLAYS
from conformance.run.documented_facts import documents_of
from conformance.run.event_coverage import coverage_of
from conformance.run.record import KEEPS_THOSE_OF
from conformance.run.tally import PackTally, RuleTally, Tally, many
from conformance.trace import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from conformance.contract.facts import Fact
    from conformance.run.record import Record
    from conformance.run.settings import Settings

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


@dataclass(frozen=True, kw_only=True)
class Sum(Tally):
    """What a run came to; its own tally is that of our rules."""

    stopped: tuple[Record, ...]
    """Conversations that did not get through their script."""
    played: int
    not_run: int = 0
    """Conversations that a budget kept from being played."""
    excused: int = 0
    """Rules with findings that a waiver of the profile takes away."""
    partial: bool = False
    packs: tuple[PackTally, ...] = ()
    """The same of each vendor's rules."""
    absent: tuple[str, ...] = ()
    """Vendors by whose rules was judged, though they are not installed here."""
    unshown: tuple[Fact, ...] = ()
    """Documented facts that nothing showed, though everything was played that could have (`report.documents`)."""

    @property
    def conformant(self) -> bool:
        """Whether nothing that counts went wrong with the protocol: a vendor's own rules have no say in that."""
        unshown = self.unshown and not self.allow_unproven
        return self.kept and not (self.stopped or self.not_run or unshown)

    @property
    def clean(self) -> bool:
        """Whether each vendor's rules were kept too."""
        return self.conformant and all(each.kept for each in self.packs)

    @property
    def sentence(self) -> str:
        """The verdict."""
        must, should = self.counted(Verdict.PASS, Keyword.MUST), self.counted(Verdict.PASS, Keyword.SHOULD)
        over = f"over {many(self.played, 'conversation')}"
        where = "in what was selected, " if self.partial else ""
        if self.conformant:
            told = f"conformant: {where}{must} MUST and {many(should, 'SHOULD requirement')} proved {over}"
            return "; ".join([told, *self._beside()])
        troubled = sum(each["outcome"] in UNJUDGED for each in self.stopped)
        parts = [
            (self.counted(Verdict.FAIL), "MUST requirement", "broken"),
            (self.counted(Verdict.WARNING) if self.strict else 0, "SHOULD requirement", "not kept"),
            (self.counted(Verdict.ERROR), "requirement", "not judged (our bug)"),
            (len(self.stopped) - troubled, "conversation", "stopped"),
            (len(self.unproven), "promised requirement", "unproven"),
            (len(self.unshown), "documented fact", "not shown"),
            (troubled, "conversation", "not judged (the environment, or an error of ours)"),
            (self.not_run, "conversation", "not run (the budget)"),
            (self.flaky if self.strict else 0, "conversation", "flaky"),
        ]
        told = ", ".join(f"{many(number, noun)} {what}" for number, noun, what in parts if number)
        guilty = self.broken or len(self.stopped) > troubled
        return "; ".join([f"{'NOT conformant' if guilty else 'not proved'}: {told} ({over})", *self._beside()])

    def _beside(self) -> Iterator[str]:
        """Give what is said of a run beside its verdict."""
        if (number := self.counted(Verdict.WARNING)) and self.conformant:
            yield f"{many(number, 'SHOULD requirement')} not kept"
        if self.excused:
            yield f"{many(self.excused, 'requirement')} broken that the profile excuses"
        if self.known:
            yield many(self.known, "known failure")
        if self.flaky and not self.strict:
            yield f"{many(self.flaky, 'conversation')} flaky"
        for pack in self.packs:
            yield from pack.beside()
        for vendor in self.absent:
            yield f"{heading_of(vendor)} not told: they are not installed here"


def sum_up(
    records: Mapping[str, Record], *, partial: bool = False, strict: bool = False, allow_unproven: bool = False
) -> Sum:
    """Turn records of conversations into lines of rules, in the order of the table."""
    lines = list(_lines(records))
    flaky = [_flaky_by(record) for record in records.values()]

    def of(vendor: str) -> dict[str, Any]:
        return {
            "lines": tuple(each for each in lines if each.rule.vendor == vendor),
            "known": sum(_known(record, vendor) for record in records.values()),
            "flaky": sum(vendor in each for each in flaky),
            "strict": strict,
            "allow_unproven": allow_unproven,
        }

    judging = {vendor_in(rule_id) for record in records.values() for rule_id in record["rules"]}
    return Sum(
        **of(""),
        stopped=tuple(each for each in records.values() if _stopped(each)),
        played=sum(each["outcome"] not in NOT_PLAYED and not _theirs(each) for each in records.values()),
        not_run=sum(each["outcome"] == "not run" for each in records.values()),
        excused=len({rule_id for record in records.values() for rule_id in _excused(record)}),
        partial=partial,
        packs=tuple(PackTally(pack=pack, **of(vendor)) for vendor, pack in packs().items()),
        absent=tuple(sorted(judging - {"", *packs()})),
    )


def _lines(records: Mapping[str, Record]) -> Iterator[RuleTally]:
    said: dict[str, dict[Verdict, list[str]]] = {}
    first: dict[tuple[str, Verdict], str] = {}
    for name, record in records.items():
        for rule_id, told in record["rules"].items():
            verdict = Verdict(told["verdict"])
            said.setdefault(rule_id, {}).setdefault(verdict, []).append(name)
            first.setdefault((rule_id, verdict), _first(told))
    for rule_id, rule in judged_rules().items():
        own = said.get(rule_id, {})
        verdict = next((each for each in GRAVITY if each in own), Verdict.NOT_RUN)
        conversations = {each: tuple(names) for each, names in own.items()}
        yield RuleTally(rule, verdict, conversations, first.get((rule_id, verdict), ""))


def _theirs(record: Record) -> bool:
    """Tell whether vendors' rules alone are asked about: nothing of ours was judged."""
    return bool(record["questions"]) and all(each.startswith(KEEPS_THOSE_OF) for each in record["questions"])


def _flaky_by(record: Record) -> set[str]:
    """Tell by whose rules a conversation is flaky; one that was cut off is by ours."""
    if "flaky" not in record:
        return set()
    return {vendor_in(name) for attempt in record["attempts"] for name in attempt["broken"]} or {""}


def _known(record: Record, vendor: str) -> int:
    stops = "known" in record and not vendor
    return stops + sum("known" in told for name, told in record["rules"].items() if vendor_in(name) == vendor)


def _excused(record: Record) -> Iterator[str]:
    """Give the rules whose findings the profile waives."""
    for rule_id, told in record["rules"].items():
        if told["verdict"] == Verdict.NOT_APPLICABLE and told.get("findings"):
            yield rule_id


def _stopped(record: Record) -> bool:
    """Whether a conversation did not get through, and somebody asked whether it would."""
    outcome = record["outcome"]
    if "known" in record:
        return False
    return outcome in UNJUDGED or (outcome in ("unmet", "model") and PLAYS in record["questions"])


def _first(told: Mapping[str, Any]) -> str:
    findings = told.get("findings") or [{}]
    return findings[0].get("message") or told.get("reason") or ""


def sum_of(records: Mapping[str, Record], setup: Settings, *, partial: bool) -> Sum:
    """Sum up as the options ask."""
    told = sum_up(records, partial=partial, strict=setup.strict, allow_unproven=setup.allow_unproven)
    return replace(told, unshown=documents_of(records, setup, partial=partial).unproven)


def report_of(records: Mapping[str, Record], setup: Settings, *, partial: bool) -> dict[str, Any]:
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
        "rules": [_line_data(line) for line in run.lines],
        **_packs_data(run),
        "documented_facts": [
            {"kind": fact.kind, "name": fact.name, "conversation": conversation}
            for fact, conversation in documents_of(records, setup, partial=partial).proofs.items()
        ],
        "events": coverage_of(records.values(), setup.target.dialect).as_data(),
        "conversations": [_apart(record) for record in records.values()],
    }


def _line_data(line: RuleTally) -> dict[str, Any]:
    return {
        "id": line.rule.id,
        "keyword": line.rule.keyword,
        "sentence": line.rule.sentence,
        "spec": line.rule.spec,
        "verdict": line.verdict,
        "conversations": {str(verdict): list(names) for verdict, names in line.conversations.items()},
        "first": line.first,
    }


def _packs_data(run: Sum) -> dict[str, Any]:
    """Give what is told of vendors' rules; nothing where none are installed."""
    told = {
        each.pack.vendor: {
            "distribution": each.pack.distribution,
            "kept": each.kept,
            "rules": [_line_data(line) for line in each.lines],
        }
        for each in run.packs
    }
    return {"packs": told} if told else {}


def _apart(record: Record) -> Record:
    """Put what vendors' rules say of a conversation under a key of its own."""
    parted: dict[str, dict[str, Any]] = {}
    for rule_id, told in record["rules"].items():
        parted.setdefault(vendor_in(rule_id), {})[rule_id] = told
    ours = parted.pop("", {})
    return {**record, "rules": ours, "packs": parted} if parted else record


def write(records: Mapping[str, Record], setup: Settings, *, partial: bool) -> Path:
    """Write report.json, scrubbed."""
    path = setup.reports / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json_text.dumps(setup.scrub.data(report_of(records, setup, partial=partial)), indent=True).decode()
    part = path.with_name(path.name + ".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)
    return path
