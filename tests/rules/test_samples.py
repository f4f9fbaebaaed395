"""A rule holds on its near misses, is silent where nothing was asked, and finds its violations."""

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict, judge_one
from conformance.trace.views import View
from tests.samples import SAMPLES, sample, trace_of


def cases():
    for rule_id in RULES:
        if not (SAMPLES / rule_id / "samples.yaml").exists():
            continue
        data = sample(rule_id)
        for dialect in data.get("dialects", DIALECTS):
            for kind in ("holds", "silent", "breaks"):
                for name in data.get(kind, {}):
                    yield pytest.param(rule_id, dialect, kind, name, id=f"{rule_id}-{dialect}-{kind}-{name}")


@pytest.mark.parametrize(("rule_id", "dialect", "kind", "name"), list(cases()))
def test_a_rule_judges_its_samples_as_the_file_says(rule_id, dialect, kind, name):
    spoken = DIALECTS[dialect]
    lines = sample(rule_id)[kind][name]
    expected_at = lines.get("at") if isinstance(lines, dict) else None
    lines = lines["lines"] if isinstance(lines, dict) else lines

    judgement = judge_one(RULES[rule_id], View(trace_of(lines, spoken), spoken))

    if kind == "holds":
        assert (judgement.verdict, judgement.findings) == (Verdict.PASS, ())
    elif kind == "silent":
        assert judgement.verdict in (Verdict.UNPROVEN, Verdict.NOT_APPLICABLE)
    else:
        assert judgement.findings, "nothing was found"
        assert expected_at is None or judgement.findings[0].index == expected_at


def test_no_sample_is_left_over():
    assert {path.name for path in SAMPLES.iterdir()} <= RULES.keys()
