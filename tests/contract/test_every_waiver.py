"""Every waiver of a bundled profile excuses something that its revision can do, and says why."""

import fnmatch

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import PROFILES, load_profile
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.ruling import rule_on
from conformance.trace.trace import Direction
from conformance.trace.views import View
from tests.samples import SAMPLES, sample, trace_of

WAIVERS = [
    pytest.param(name, rule_id, id=f"{name}-{rule_id}") for name in PROFILES for rule_id in load_profile(name).waivers
]


def broken(rule_id, dialect):
    """Yield the traces of the samples that break a rule, as spoken in a dialect."""
    data = sample(rule_id) if (SAMPLES / rule_id / "samples.yaml").exists() else {}
    if dialect in data.get("dialects", DIALECTS):
        for lines in data.get("breaks", {}).values():
            yield trace_of(lines["lines"] if isinstance(lines, dict) else lines, DIALECTS[dialect])


@pytest.mark.parametrize(("name", "rule_id"), WAIVERS)
def test_a_waiver_has_a_reason_and_can_excuse_a_finding(name, rule_id):
    profile = load_profile(name)
    waiver = profile.waivers[rule_id]
    views = [View(trace, DIALECTS[profile.dialect]) for trace in broken(rule_id, profile.dialect)]

    assert waiver.reason
    assert views, f"nothing in {profile.dialect} breaks {rule_id}"
    if not waiver.fields:
        for view in views:
            ruling = rule_on((view,), (RULES[rule_id],), {rule_id: waiver})[rule_id]
            assert ruling.verdict is Verdict.NOT_APPLICABLE
            assert ruling.findings


def places(value, path=""):
    """Yield the JSON pointer of everything inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield f"{path}/{key}"
        yield from places(each, f"{path}/{key}")


@pytest.mark.parametrize(("name", "rule_id"), WAIVERS)
def test_each_field_that_is_excused_is_one_of_the_protocol(name, rule_id, samples):
    profile = load_profile(name)
    known = {
        f"{each.event['type']} {place}"
        for each in samples
        if each.dialect == profile.dialect and each.side is Direction.SERVER
        for place in places(each.event)
    }

    assert [each for each in profile.waivers[rule_id].fields if not fnmatch.filter(known, each)] == []
