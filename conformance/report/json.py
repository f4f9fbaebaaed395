"""report.json: the whole run as data, in the shape of `schemas/harness/report.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.sentence import sentence_of
from conformance.rules.engine.rule import vendor_in
from conformance.run.outcome import RunOutcome
from conformance.trace import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.record import ConversationRecord
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally

FORMAT = "realtime-conformance/report"
FORMAT_VERSION = 1


def report_of(result: RunResult) -> dict[str, Any]:
    """Return the whole of report.json."""
    settings = result.settings
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "endpoint": settings.scrub(settings.target.url),
        "embedded": settings.embedded,
        "dialect": settings.target.dialect.name,
        "profile": settings.profile.name if settings.profile is not None else None,
        "auth": settings.auth or settings.target.auth,
        "model": settings.target.model,
        "partial": result.ending.partial,
        "outcome": str(result.outcome),
        "conformant": result.outcome is RunOutcome.CONFORMANT,
        "exit_status": int(result.status),
        "verdict": sentence_of(result),
        "rules": [_rule(line) for line in result.rules.lines],
        **_packs(result),
        "documented_facts": [
            {"kind": fact.kind, "name": fact.name, "conversation": conversation}
            for fact, conversation in result.facts.proofs.items()
        ],
        "events": result.events.as_data(),
        "conversations": [_conversation(record) for record in result.conversations.values()],
    }


def _rule(line: RuleTally) -> dict[str, Any]:
    told = {
        "id": line.rule.id,
        "keyword": line.rule.keyword,
        "sentence": line.rule.sentence,
        "spec": line.rule.spec,
        "verdict": line.verdict,
        "conversations": {str(verdict): list(names) for verdict, names in line.conversations.items()},
        "first": line.first,
    }
    return told | ({"cause": line.cause} if line.cause else {})


def _packs(result: RunResult) -> dict[str, Any]:
    """Return what is told of vendors' rules; nothing where none are installed."""
    told = {
        each.pack.vendor: {
            "distribution": each.pack.distribution,
            "kept": each.kept,
            "rules": [_rule(line) for line in each.lines],
        }
        for each in result.packs
    }
    return {"packs": told} if told else {}


def _conversation(record: ConversationRecord) -> dict[str, Any]:
    """Return a record with what vendors' rules say under a key of its own."""
    told = record.as_data()
    parted: dict[str, dict[str, Any]] = {}
    for rule_id, each in told["rules"].items():
        parted.setdefault(vendor_in(rule_id), {})[rule_id] = each
    ours = parted.pop("", {})
    return {**told, "rules": ours, "packs": parted} if parted else told


def write(result: RunResult) -> Path:
    """Write report.json, scrubbed, in one go: a reader never sees half of it."""
    path = result.settings.reports / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json_text.dumps(result.settings.scrub.data(report_of(result)), indent=True).decode()
    part = path.with_name(path.name + ".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)
    return path
