"""What is being played, what is over, and how long the rest may take."""

import pytest

from conformance.run.record import RuleRecord
from conformance.run.watch import Watch, broken_so_far
from tests.records import record, settings


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(clock):
    return Watch(clock)


def test_the_slowest_is_the_one_that_began_first(watch, clock):
    with watch.playing("a"):
        clock.now = 2.0
        with watch.playing("b"):
            clock.now = 5.0
            assert watch.slowest() == ("a", 5.0)
    assert watch.slowest() is None


def test_the_time_left_goes_by_what_conversations_usually_take(watch, clock):
    watch.expects({f"short{number}": 1.0 for number in range(5)} | {"long": 10.0})
    clock.now = 10.0
    for number in range(5):
        assert watch.left() is None
        watch.finished(f"short{number}")

    assert watch.left() == pytest.approx(20.0)


def test_no_time_is_told_when_all_the_rest_is_being_played(watch, clock):
    watch.expects({f"{number}": 1.0 for number in range(6)})
    clock.now = 5.0
    for number in range(5):
        watch.finished(f"{number}")
    with watch.playing("5"):
        assert watch.left() is None


def test_a_run_whose_time_is_limited_is_never_said_to_take_longer(watch, clock):
    watch.expects({f"{number}": 1.0 for number in range(20)})
    clock.now = 5.0
    for number in range(5):
        watch.finished(f"{number}")

    assert watch.left() == pytest.approx(15.0)
    assert watch.left(within=4.0) == 4.0
    assert watch.left(within=-1.0) == 0.0
    assert watch.left(within=100.0) == pytest.approx(15.0)


def test_an_example_of_a_search_is_none_of_the_conversations(watch):
    watch.expects({"a": 1.0})
    watch.finished("generated/valid")
    assert not watch.over


def test_what_is_broken_so_far_is_what_the_summary_will_count():
    told = [
        record("a", {"usage.total-is-the-sum": "fail", "session.created-comes-first": "warning"}),
        record("b", {"usage.total-is-the-sum": "fail"}),
        record("c", outcome="stopped"),
        record("d", {"usage.output-is-counted": RuleRecord.from_data({"verdict": "known"})}),
    ]

    assert broken_so_far(told, settings()) == (1, 1)
    assert broken_so_far(told, settings(strict=True)) == (2, 1)
