"""`check CLIENT --upstream UPSTREAM`: recorded pairs are judged as live ones."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.commands.cli import command
from conformance.commands.convert import convert
from conformance.mutants.relay_behaviour import Behaviour
from conformance.mutants.relays import RELAY_MUTANTS
from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.rules import PAIR_RULES
from conformance.trace.jsonl import dump


def recorded(folder, scenario, behave=Behaviour):
    """Play a scenario through a toy relay; return the files of both sides."""
    pair = rehearse_relayed(scenario, "ga", behave).pairs[0]
    for name, view in (("client", pair.client), ("upstream", pair.upstream)):
        dump(view.trace, folder / f"{name}.jsonl")
    return str(folder / "client.jsonl"), str(folder / "upstream.jsonl")


def check(*given):
    return CliRunner().invoke(command, ["check", *given])


def test_a_recorded_pair_of_a_transparent_relay_is_clean(tmp_path):
    client, upstream = recorded(tmp_path, "relay/unknown_event")
    result = check(client, "--upstream", upstream)

    assert result.exit_code == 0, result.output
    assert result.output.startswith("clean")
    assert "balance" in result.output


@pytest.mark.parametrize("name", ["an-append-is-lost", "every-end-is-normal"])
def test_a_recorded_pair_of_a_mutant_relay_is_broken_by_its_rule(tmp_path, name):
    mutant = RELAY_MUTANTS[name]
    client, upstream = recorded(tmp_path, mutant.during, mutant.behave)
    result = check(client, "--upstream", upstream)

    assert result.exit_code == 1, result.output
    assert f"rule  {mutant.killed_by}" in result.output
    assert result.output.count("  rule  ") == 1


def test_a_pair_is_two_recordings(tmp_path):
    client, _ = recorded(tmp_path, "relay/unknown_event")

    assert "are the same file" in str(check(client, "--upstream", client).exception)
    assert "one recording of the client" in str(check(client, client, "--upstream", client).exception)


def test_a_pair_in_which_nothing_is_judged_is_unclear_as_a_single_recording_is(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.commands.check_pair.PAIR_RULES", {})
    client, upstream = recorded(tmp_path, "relay/unknown_event")
    result = check(client, "--upstream", upstream)

    assert result.output.startswith("unclear"), result.output
    assert result.exit_code == 4


@pytest.mark.parametrize("ending", ["har", "jsonl.gz"])
def test_a_pair_may_be_recorded_in_any_format(tmp_path, ending):
    client, upstream = recorded(tmp_path, "relay/unknown_event")
    convert(client, tmp_path / f"c.{ending}")
    convert(upstream, tmp_path / f"u.{ending}")
    result = check(str(tmp_path / f"c.{ending}"), "--upstream", str(tmp_path / f"u.{ending}"))

    assert result.exit_code == 0, result.output + str(result.exception)
    assert result.output.startswith("clean")


def test_a_pair_is_one_conversation_of_each_side(tmp_path):
    client, upstream = recorded(tmp_path, "relay/unknown_event")
    Path(client).write_bytes(Path(client).read_bytes() * 2)

    assert "holds 2 conversations" in str(check(client, "--upstream", upstream).exception)


def test_a_rule_over_pairs_that_crashes_is_our_bug_and_no_clean_pair(tmp_path, monkeypatch):
    name, rule = next((name, each) for name, each in PAIR_RULES.items() if not each.needs)
    broken = {**PAIR_RULES, name: replace(rule, of_pair=lambda _pair: 1 / 0)}
    monkeypatch.setattr("conformance.commands.check_pair.PAIR_RULES", broken)
    client, upstream = recorded(tmp_path, "relay/unknown_event")
    result = check(client, "--upstream", upstream)

    assert result.exit_code == 3
    assert result.output.startswith("error ")
    assert f"internal error in {name}: ZeroDivisionError" in result.output
