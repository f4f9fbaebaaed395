"""Which dial belongs to which client: by what the upstream's ids tell, else by the order."""

from conformance.relay.pairing import paired
from conformance.relay.side import Side, with_side
from conformance.trace.trace import Direction, Entry, Trace


def trace(name, *ids, asked=None):
    entries = tuple(Entry(n, Direction.SERVER, event={"type": "x", "event_id": each}) for n, each in enumerate(ids))
    return with_side(Trace(entries, name=name), Side(asked=asked, opened=asked))


def test_ids_of_the_upstream_tell_whatever_the_order():
    dials = [trace("one", "a", "b"), trace("two", "c", "d")]

    assert paired([trace("x", "d"), trace("y", "a")], dials) == [dials[1], dials[0]]


def test_the_dial_that_shares_most_is_taken():
    dials = [trace("one", "a"), trace("two", "a", "b")]

    assert paired([trace("x", "a", "b")], dials) == [dials[1]]


def test_without_ids_nothing_is_guessed_while_others_play():
    assert paired([trace("x")], [trace("one", "a")]) == [None]


def test_alone_the_order_tells_and_the_clock_excludes():
    early, late = trace("early", asked=1.0), trace("late", asked=5.0)

    assert paired([trace("x", asked=4.9), trace("y", asked=0.5)], [early, late], by_order=True) == [None, None]
    assert paired([trace("x", asked=1.0)], [early], by_order=True) == [early]
