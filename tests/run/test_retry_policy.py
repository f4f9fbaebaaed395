from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from conformance.play.player import Outcome
from conformance.run.retry_policy import always_at_the_same_step, pause_before, says_nothing, seconds_of, was_cut
from conformance.trace.trace import Direction, End, EndKind, Trace

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def conversation(outcome=Outcome.PLAYED, end=None, line=3, retry_after=""):
    traces = (Trace(end=end),) if end is not None else ()
    return SimpleNamespace(
        outcome=outcome,
        traces=traces,
        step=SimpleNamespace(name="await", line=line),
        retry_after=retry_after,
        message="",
    )


def cut(line=3):
    return conversation(Outcome.STOPPED, End(EndKind.DROPPED, Direction.SERVER), line)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(written, seconds):
    assert seconds_of(written, NOW) == seconds


def test_the_endpoints_own_wish_is_honoured():
    assert pause_before(1, "7", NOW) == 7.0


def test_who_asks_for_an_hour_is_not_waited_for():
    assert pause_before(1, "3600", NOW) is None


def test_without_a_wish_each_pause_is_twice_the_last():
    assert [pause_before(number, "", NOW) for number in (1, 2, 3, 20)] == [1.0, 2.0, 4.0, 60.0]


def test_a_cut_is_tried_again_at_once_but_not_for_ever():
    assert [pause_before(number, "", NOW, at_once=True) for number in (1, 2)] == [0.0, 2.0]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (End(EndKind.DROPPED, Direction.SERVER), True),
        (End(EndKind.DROPPED, Direction.CLIENT), False),
        (End(EndKind.CLOSED, Direction.SERVER, 1011), False),
        (End(EndKind.TIMEOUT, Direction.CLIENT), False),
    ],
)
def test_only_the_other_side_can_cut_a_connection(end, expected):
    assert was_cut(conversation(Outcome.STOPPED, end)) is expected
    assert not was_cut(conversation(Outcome.PLAYED, end))


def test_trouble_of_the_environment_says_nothing():
    assert says_nothing(conversation(Outcome.ENVIRONMENT))
    assert says_nothing(cut())
    assert not says_nothing(conversation(Outcome.STOPPED))


def test_a_connection_that_always_breaks_at_the_same_step_is_the_endpoints_doing():
    assert always_at_the_same_step([cut(3), cut(3), cut(3)])
    assert not always_at_the_same_step([cut(3), cut(5), cut(3)])
    assert not always_at_the_same_step([cut(3)])
    assert not always_at_the_same_step([conversation(Outcome.ENVIRONMENT), cut(3)])
    assert always_at_the_same_step([conversation(Outcome.ENVIRONMENT), cut(3), cut(3)])
