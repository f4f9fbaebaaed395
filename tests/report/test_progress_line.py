"""The line of a run at work tells numbers that are there, and fits."""

from conformance.report.progress_line import progress_line
from conformance.run.budget import Spent
from conformance.run.prices import Tokens
from conformance.run.watch import WatchedRun

WHOLE = WatchedRun(
    over=43, of=131, playing=16, slowest=("turns/idle", 40.2), broken=2, stopped=1, left=80.4, usd=0.05,
    spent=Spent(60, Tokens(8000, 0, 867)),
)  # fmt: skip


def test_everything_that_is_known_is_told():
    assert progress_line(WHOLE, 120) == (
        "43/131 · 16 playing · slowest turns/idle 40 s · 2 broken · 1 stopped"
        " · 8,867 tokens · $0.0500 · about 1:20 left"
    )


def test_a_long_name_gives_way_to_the_numbers():
    told = progress_line(WatchedRun(over=1, of=2, slowest=("audio/beyond_the_largest_append", 7.0), left=9), 60)

    assert told == "1/2 · slowest …yond_the_largest_append 7 s · about 0:09 left"
    assert len(told) == 60
    assert progress_line(WatchedRun(over=1, of=2, slowest=("audio/long_name", 7.0)), 20) == "1/2 · slowest 7 s"


def test_what_is_not_known_is_not_told():
    assert progress_line(WatchedRun(over=0, of=0), 80) == "nothing played yet"
    assert progress_line(WatchedRun(over=0, of=0, search="740 judged"), 80) == "740 judged"
    assert progress_line(WatchedRun(over=0, of=3, slowest=("a/b", 0.4)), 80) == "0/3"


def test_others_play_and_how_many_is_not_known():
    assert progress_line(WatchedRun(over=0, of=3, workers=2, playing=0), 80) == "0/3 · 2 workers"


def test_what_was_in_part_estimated_is_called_so():
    spent = Spent(1, Tokens(5), estimated=True)
    assert progress_line(WatchedRun(over=1, of=3, spent=spent, usd=0.2), 80) == "1/3 · about 5 tokens · about $0.2000"


def test_once_nothing_more_begins_no_time_is_promised_and_the_reason_is_told():
    glance = WatchedRun(over=3, of=131, playing=2, left=190.0, ending="the budget")

    assert progress_line(glance, 80) == "3/131 · 2 playing · no more begin (the budget)"


def test_a_search_is_named():
    told = progress_line(WatchedRun(over=3, of=3, playing=1, search="generated/configs 4/10"), 80)
    assert told == "3/3 · generated/configs 4/10"
