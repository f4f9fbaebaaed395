"""Verdicts on recorded conversations as data: one object a conversation, one for the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.rules.engine.judge import VERDICT_OF_FINDING, Verdict
from conformance.rules.rule_packs import judged_rules
from conformance.trace import json_text

if TYPE_CHECKING:
    from conformance.corpus.verdict import Found, RecordedVerdict
    from conformance.rules.engine.dispatch import Dispatched
    from conformance.trace.views import View


def as_line(verdict: RecordedVerdict, view: View | None, outcome: Dispatched | None) -> str:  # noqa: ARG001
    """Return the verdict on one conversation as JSON on one line."""
    return json_text.dumps(verdict_data(verdict)).decode()


def verdict_data(verdict: RecordedVerdict) -> dict[str, Any]:
    """Put the verdict on one conversation into plain data; rules that had nothing to say are left out."""
    told: dict[str, Any] = {"file": verdict.name, "verdict": verdict.kind}
    if verdict.trouble:
        told["error"] = verdict.trouble
    if not verdict.dialect:
        return told
    rules: dict[str, Any] = {name: {"verdict": "pass", "held": held} for name, held in verdict.held.items()}
    for each in verdict.findings:
        rules.setdefault(each.rule, {"verdict": _verdict(each.rule), "findings": []})["findings"].append(_found(each))
    for each in verdict.waived:
        excused = {"verdict": str(Verdict.NOT_APPLICABLE), "reason": each.excuse, "findings": []}
        rules.setdefault(each.rule, excused)["findings"].append(_found(each))
    told |= {"dialect": verdict.dialect, "entries": verdict.entries, "understood": [verdict.known, verdict.frames]}
    for name in ("unproven", "silent_wire", "remark"):
        if value := getattr(verdict, name):
            told[name] = value
    return told | {"rules": rules}


def _verdict(rule: str) -> str:
    return str(VERDICT_OF_FINDING[judged_rules()[rule].keyword])


def _found(found: Found) -> dict[str, Any]:
    told = {"entry": found.entry, "place": found.place, "message": found.message}
    more = {"expected": found.expected, "actual": found.actual, "path": found.path, "hint": found.hint}
    return told | {name: value for name, value in more.items() if value}
