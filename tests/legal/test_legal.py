"""Endpoints that keep the protocol in their own way come out clean."""

import pytest


def test_a_legal_endpoint_breaks_nothing_and_stops_no_conversation(variant, dialect, legal):
    run = legal(variant, dialect, "--examples=5")

    assert run.broken == {}
    assert run.stopped == {}
    assert run.status == 0, run.output[-3000:]


@pytest.mark.parametrize("name", ["one_delta", "weak_model", "calls_once", "cascade", "slots_http_429"])
def test_its_smoke_conversations_are_clean_too(name, legal):
    run = legal(name, "ga", "-m", "smoke", "--examples=0")

    assert run.broken == {}
    assert run.stopped == {}
    assert run.status == 0, run.output[-3000:]


@pytest.mark.legal
@pytest.mark.parametrize("name", ["weak_model", "calls_once", "cascade", "one_delta"])
def test_what_a_weak_model_does_not_show_is_not_held_against_what_is_documented(name, legal):
    run = legal(name, "beta", "--examples=0", "--profile=anyone")

    assert run.status == 0, run.output[-3000:]
    assert "documented, but not shown" not in run.output


def test_a_silent_endpoint_is_neither_blamed_nor_passed_and_costs_our_patience_a_few_times_only(legal, silent):
    run = legal(silent, "ga", "--answer-timeout=1")

    assert run.broken == {}
    assert any("conversations in a row had ended the same way" in told for told in run.stopped.values())
    assert "\nconformant" not in run.output
    assert run.status == 7
