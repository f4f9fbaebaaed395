"""What all open connections of a run hold together has a bound, and the one that holds most is ended for it."""

from conformance.play.bounds import Held


def test_the_connection_that_holds_most_is_beyond_the_bound():
    held = Held()
    held.holds("small", 10)
    held.holds("large", 95)

    assert held.is_beyond("large", 100)
    assert not held.is_beyond("small", 100)
    assert not held.is_beyond("large", 105)


def test_what_a_connection_held_is_free_when_it_is_over():
    held = Held()
    held.holds("first", 95)
    held.holds("first", 99)
    held.releases("first")
    held.releases("first")
    held.holds("second", 100)

    assert held.sum == 100
    assert not held.is_beyond("second", 100)
