"""report.json: the whole run as data, in the shape of `schemas/harness/report.json`, the published form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.report.failures import reasons_of
from conformance.report.provenance import profile_digest, rules_digest, scenarios_digest, tool_version
from conformance.report.sentence import sentence_of
from conformance.rules.engine.rule import vendor_in
from conformance.run.outcome import RunOutcome
from conformance.trace.latency import summary

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.report.evidence import Evidence
    from conformance.run.record import ConversationRecord
    from conformance.run.result import RunResult
    from conformance.run.tally import RuleTally

FORMAT = "realtime-conformance/report"
FORMAT_VERSION = 1


def report_of(result: RunResult, evidence: Evidence, when: datetime) -> dict[str, Any]:
    """Return the whole of report.json; *when* is the time at which the run ended."""
    settings = result.settings
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "tool": {"version": tool_version(), "rules": rules_digest(), "scenarios": scenarios_digest()},
        "date": when.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "endpoint": settings.scrub(settings.target.url),
        "embedded": settings.embedded,
        "dialect": settings.target.dialect.name,
        "profile": settings.profile.name if settings.profile is not None else None,
        "profile_digest": profile_digest(settings.profile),
        "auth": settings.auth or settings.target.auth,
        "model": settings.target.model,
        "seed": result.seed,
        "partial": result.ending.partial,
        "outcome": str(result.outcome),
        "conformant": result.outcome is RunOutcome.CONFORMANT,
        "exit_status": int(result.status),
        "verdict": sentence_of(result),
        "reasons": list(reasons_of(result)),
        "notes": list(result.notes),
        "spent": _spent(result),
        "latency": {name: dict(told) for name, told in summary(evidence.times).items()},
        "features": _features(result),
        "waivers": {rule: str(waiver) for rule, waiver in settings.waivers.items()},
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
        "requirements": list(line.rule.covers),
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


def _spent(result: RunResult) -> dict[str, Any]:
    """Return what was used, and what it costs where the prices of the model are known."""
    price, spent = result.policy.price, result.spent
    usd = round(price.of(spent.tokens), 6) if price is not None else None
    return {
        "total_tokens": spent.tokens.total,
        "usd": usd,
        "prices_as_of": result.policy.prices.as_of,
        **spent.as_data(),
    }


def _features(result: RunResult) -> dict[str, Any]:
    """Return what is claimed, what was refused when it was asked for, and what works beyond what is claimed."""
    settings = result.settings
    claimed = settings.claimed
    return {
        "claimed": None if claimed is None else sorted(claimed),
        "refused": dict(settings.lacking),
        "unclaimed": list(settings.unclaimed),
    }
