from conformance.contract.dialects import DIALECTS
from conformance.mutants.edits import item_id_of
from conformance.mutants.operators import (
    adding_after,
    adding_before,
    changing,
    dropping,
    holding,
    pretending,
    receiving_more,
    repeating,
    setting,
)

GA = DIALECTS["ga"]
ONE, TWO, THREE = ({"type": kind, "event_id": f"event_{kind}"} for kind in ("one", "two", "three"))


def sent(fault, *events):
    return [each for event in events for each in fault.sends(event)]


def kinds(events):
    return [event["type"] for event in events]


def test_dropping_leaves_the_rest_alone():
    assert sent(dropping("one", "three"), ONE, TWO, THREE) == [TWO]


def test_changing_touches_only_the_chosen_types():
    assert sent(changing({"two"}, lambda event: {**event, "a": 1}), ONE, TWO) == [ONE, {**TWO, "a": 1}]
    assert sent(setting("one", a=2), ONE, TWO) == [{**ONE, "a": 2}, TWO]


def test_a_repeated_event_has_an_id_of_its_own():
    first, second, third = sent(repeating("one"), ONE, TWO)

    assert (first, third) == (ONE, TWO)
    assert second["type"] == "one"
    assert second["event_id"] != first["event_id"]


def test_events_can_be_added_on_either_side():
    extra = [{"type": "extra"}]

    assert kinds(sent(adding_after("one", lambda _: extra), ONE, TWO)) == ["one", "extra", "two"]
    assert kinds(sent(adding_before("two", lambda _: extra), ONE, TWO)) == ["one", "extra", "two"]


def test_held_events_come_in_order_after_the_one_they_wait_for():
    fault = holding(lambda event: event["type"] != "three", until="three")

    assert sent(fault, ONE, TWO, THREE) == [THREE, ONE, TWO]


def test_more_can_be_received_than_was_sent():
    more = receiving_more("one", lambda _: [TWO])
    sooner = receiving_more("one", lambda _: [TWO], first=True)

    assert [*more(ONE), *more(THREE)] == [ONE, TWO, THREE]
    assert list(sooner(ONE)) == [TWO, ONE]


def test_a_liar_shows_what_was_asked_for_and_does_otherwise():
    fault = pretending(GA, "create_response", shown=False, real=True)
    asked = {"type": "session.update", "session": GA.session({"turn_detection": {"create_response": False}})}

    hidden, received = fault.receives(asked)
    confirmed = {**received, "type": "session.updated"}

    assert GA.setting(hidden["session"], "turn_detection")["create_response"] is True
    assert GA.setting(received["session"], "turn_detection")["create_response"] is True
    assert list(fault.sends({**hidden, "type": "session.updated"})) == []
    (shown,) = fault.sends(confirmed)
    assert GA.setting(shown["session"], "turn_detection")["create_response"] is False


def test_an_event_is_about_the_item_that_it_holds_or_names():
    assert item_id_of({"type": "x", "item": {"id": "item_1"}}) == "item_1"
    assert item_id_of({"type": "x", "item_id": "item_2"}) == "item_2"
    assert item_id_of({"type": "x"}) is None
