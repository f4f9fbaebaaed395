"""Records and results for the tests of a run, without a run."""

from datetime import UTC, datetime

from conformance.contract.dialects import DIALECTS
from conformance.play.player import Outcome
from conformance.play.target import Target
from conformance.report.evidence import evidence_of
from conformance.report.json import report_of
from conformance.rules.engine.judge import Verdict
from conformance.run.record import ConversationRecord, RuleRecord
from conformance.run.result import result_of
from conformance.run.settings import Settings


def record(name, verdicts=None, outcome="played", questions=("plays",), **more):
    """Return the record of a conversation; *verdicts* by rule, as words or RuleRecords."""
    rules = {
        rule: RuleRecord(Verdict(each)) if isinstance(each, str) else each for rule, each in (verdicts or {}).items()
    }
    told = {"conversation": name, "outcome": Outcome(outcome), "message": "m", "questions": tuple(questions)}
    return ConversationRecord(**{**told, "rules": rules, **more})


def settings(**how):
    """Return the settings of a run against nobody."""
    return Settings(target=Target(url="ws://nowhere.test/", dialect=DIALECTS["ga"]), **how)


def result(*records, ending=None, policy=None, **how):
    """Return what records come to; *how* are settings."""
    return result_of({each.conversation: each for each in records}, settings(**how), policy, ending=ending)


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def whole_report(told):
    """Return report.json as data."""
    return report_of(told, evidence_of(told), NOW)
