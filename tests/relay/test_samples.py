"""The samples of a rule over pairs, `fixtures/relay/<rule id>.yaml`: what almost breaks it, and what does.

    rule: relay.upstream-events-arrive
    holds:                                # the rule must say HELD at least once and find nothing
      everything arrives:
        context: {guards: true}           # optional: what the traces cannot tell, see `context_of`
        lines:
          - both: {server: session.created, event_id: e1}       # crossed the gateway unchanged
          - upstream: {server: response.done, event_id: e2}     # on the upstream's side only
          - client_end: {end: closed, by: client, code: 1000}
    silent: …                             # optional: the rule has nothing to say
    breaks: …                             # the rule must find something

Event types are canonical; flags are `_at`, `_size`, `_text`, `_binary`, `_deliberate`.
"""

import base64
from dataclasses import replace
from functools import cache

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.relay.billing import Bill
from conformance.relay.declared import declared_in
from conformance.relay.log import Logged
from conformance.relay.pair import Context, Pair
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import judge_pair
from conformance.relay.side import Side, with_side
from conformance.relay.upstream_script import upstream_scripts
from conformance.resources import folder
from conformance.rules.engine.judge import Verdict
from conformance.trace.jsonl import loads
from conformance.trace.trace import Credential, Handshake
from conformance.trace.views import View
from tests.samples import loaded

SAMPLES = folder("fixtures") / "relay"


@cache
def sample(rule_id):
    return loaded(SAMPLES / f"{rule_id}.yaml")


def record(line, dialect):
    """Return a line of a sample as a line of a trace."""
    flags = {key[1:]: line[key] for key in line if key.startswith("_")}
    direction = "client" if "client" in line else "server"
    found = {"direction": direction, "t": flags.get("at"), "size": flags.get("size", 0)}
    found["deliberate"] = flags.get("deliberate", False)
    if "binary" in flags:
        return {**found, "kind": "binary", "text": base64.b64encode(flags["binary"].encode()).decode()}
    if "text" in flags:
        return {**found, "text": flags["text"]}
    event = {key: value for key, value in line.items() if key != direction and not key.startswith("_")}
    return {**found, "event": {"type": dialect.wire_name(line[direction]), **event}}


def trace_of(lines, lane, dialect):
    told = [record(line[key], dialect) for line in lines for key in line if key in ("both", lane)]
    told += [{"code": None, **line[f"{lane}_end"]} for line in lines if f"{lane}_end" in line]
    trace = loads(b"\n".join(map(orjson.dumps, told))) if told else loads(b'{"end": "refused"}')
    fields = next((line["client_handshake"] for line in lines if "client_handshake" in line), {})
    fields = {"status": 101, **(fields if lane == "client" else {})}
    fields |= {name: Credential(fields.get(name, "valid")) for name in ("credential", "model")}
    return replace(trace, dialect=dialect.name, handshake=Handshake("wss://example.test/v1/realtime", **fields))


def view_of(lines, lane, side, dialect):
    return View(
        with_side(trace_of(lines, lane, dialect), Side(**{**side, "leaks": tuple(side.get("leaks", ()))})), dialect
    )


def context_of(told, dialect):
    others = [[{"upstream": line} for line in lines] for lines in told.get("others", ())]
    return Context(
        declared=declared_in(told.get("declared")),
        script=upstream_scripts(told.get("script"))[0],
        guards=told.get("guards", False),
        others=tuple(view_of(lines, "upstream", {}, dialect) for lines in others),
        failed_before=told.get("failed_before", False),
        let_go=told.get("let_go", True),
        logged=Logged(**{**told["logged"], "keys": tuple(told["logged"]["keys"])}) if "logged" in told else None,
        bill=Bill(**told["bill"]) if "bill" in told else None,
    )


def pair_of(case, dialect):
    other = next(name for name in DIALECTS if name != dialect.name)
    told = orjson.loads(orjson.dumps(case.get("context", {})).replace(b"DIALECT", dialect.name.encode()))
    told = orjson.loads(orjson.dumps(told).replace(b"OTHER", other.encode()))
    upstream = None
    if not told.get("undialled"):
        upstream = view_of(case["lines"], "upstream", told.get("upstream_side", {}), dialect)
    client = view_of(case["lines"], "client", told.get("client_side", {}), dialect)
    return Pair(client, upstream, context_of(told, dialect))


def cases():
    for rule_id in PAIR_RULES:
        if (SAMPLES / f"{rule_id}.yaml").exists():
            for kind in ("holds", "silent", "breaks"):
                for name in sample(rule_id).get(kind, {}):
                    for dialect in DIALECTS:
                        yield pytest.param(rule_id, dialect, kind, name, id=f"{rule_id}-{dialect}-{kind}-{name}")


@pytest.mark.parametrize(("rule_id", "dialect", "kind", "name"), list(cases()))
def test_a_rule_judges_its_samples_as_the_file_says(rule_id, dialect, kind, name):
    judgement = judge_pair(PAIR_RULES[rule_id], pair_of(sample(rule_id)[kind][name], DIALECTS[dialect]))

    assert judgement.error == ""
    if kind == "holds":
        assert (judgement.verdict, judgement.findings) == (Verdict.PASS, ())
    elif kind == "silent":
        assert judgement.verdict is Verdict.UNPROVEN
    else:
        assert judgement.findings, "nothing was found"


def test_every_rule_over_pairs_has_its_samples_and_no_sample_is_left_over():
    assert {path.stem for path in SAMPLES.glob("*.yaml")} == PAIR_RULES.keys()
    assert all(sample(rule_id)["rule"] == rule_id for rule_id in PAIR_RULES)
