"""Whole runs against dead and hostile endpoints end in time and in memory, and print nothing that an endpoint wrote."""

import re

import pytest

from conformance.reference.session.pace import Pace
from conformance.run.outcome import ExitStatus
from tests.hostile.conftest import Raw, says
from tests.hostile.whole_runs import BEHAVIOURS, FAST, played, run


@pytest.mark.hostile
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_whole_run_against_a_hostile_endpoint_ends_in_bounds(name):
    ended = played(name)

    print(ended.row())
    assert ended.wrongs() == [], ended.out


@pytest.mark.hostile
@pytest.mark.parametrize("mutant", ["errors-come-twice", "speech-stops-twice"])
def test_a_run_that_makes_cases_small_holds_as_little_as_any(endpoint, mutant):
    ended = run(mutant, f"--endpoint={endpoint(mutant)}", "--examples=40", "--shrink-sessions=300", "--seed=7")

    print(ended.row())
    assert "generated/conversations" in ended.out
    assert ended.wrongs() == [], ended.out


@pytest.mark.parametrize("name", FAST)
def test_a_run_against_a_hostile_endpoint_does_nothing_wrong(name):
    ended = played(name, "-m", "smoke", "--answer-timeout=0.3", "--connect-timeout=1", "--max-time=20")

    assert ended.wrongs() == [], ended.out


@pytest.mark.parametrize("phase", ["preflight", "discovery", "conversations"])
def test_the_time_of_a_run_holds_in_every_phase(listen, phase):
    from tests.hostile.whole_runs import SESSION, UPDATED, floods

    behave = {
        "preflight": says(then="wait"),
        "discovery": says(SESSION, then="wait"),
        "conversations": floods(UPDATED, pause=0.2),
    }[phase]
    asked = ["--no-discovery"] if phase == "conversations" else []
    ended = run(phase, f"--endpoint={listen(Raw(behave)).url}", "--max-time=3", "-m", "smoke", *asked)

    assert ended.wall < 3 + 25, ended.out  # starting and the reports, on a busy machine
    assert ended.status in (1, 2, 5, 6, 7), ended.out
    assert any(told in ended.out for told in ("--max-time", "the budget")), ended.out


def test_the_time_of_a_run_holds_in_a_search(endpoint):
    url = endpoint(pace=Pace.REALTIME)
    ended = run("generated", f"--endpoint={url}", "-m", "generated", "--examples=5000", "--max-time=6", "-rs")
    told = " ".join(ended.out.split())

    assert ended.wall < 6 + 25, ended.out  # starting and the reports, on a busy machine
    assert ended.status == ExitStatus.BUDGET, ended.out
    assert re.search(r"not run: --max-time=6 is over, after [1-9]\d* generated examples", told), ended.out
    assert "nothing judged: the budget is too small" in told
    assert ended.wrongs() == []


def test_what_a_search_found_before_the_time_was_over_is_told(endpoint):
    url = endpoint("updates-are-acknowledged-twice", pace=Pace.REALTIME)
    asked = ("-m", "generated", "--examples=5000", "--shrink-sessions=5000", "--max-time=10")
    ended = run("shrinking", f"--endpoint={url}", *asked)

    assert ended.wall < 10 + 25, ended.out
    assert ended.status == ExitStatus.BROKEN, ended.out
    assert "not run because of the budget" in " ".join(ended.out.split())
    assert "reproduce: pytest reports/found/" in ended.out
