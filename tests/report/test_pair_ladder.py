"""Both sides of a gateway in one ladder, on one clock."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from conformance.relay.rehearsal import rehearse_relayed
from conformance.relay.side import Side, with_side
from conformance.report.pair_ladder import pair_rungs_of, whole_ladder_html, whole_ladder_svg
from conformance.trace.trace import Direction, Entry, Trace


def side(opened, *events):
    """Return a trace of one side: (direction, type, seconds since it was opened)."""
    entries = (
        Entry(index, Direction(direction), at=at, event={"type": kind})
        for index, (direction, kind, at) in enumerate(events)
    )
    return with_side(Trace(tuple(entries)), Side(opened=opened))


CLIENT = side(10.0, ("client", "session.update", 1.0), ("server", "session.updated", 1.9))
UPSTREAM = side(10.5, ("client", "session.update", 0.7), ("server", "session.updated", 1.2))


def test_the_rungs_of_both_sides_stand_in_the_order_of_one_clock():
    rungs = pair_rungs_of(CLIENT, UPSTREAM)

    assert [(each.rung.label, each.upstream, round(each.rung.at, 3)) for each in rungs] == [
        ("session.update", False, 1.0),
        ("session.update", True, 1.2),
        ("session.updated", True, 1.7),
        ("session.updated", False, 1.9),
    ]


def test_what_was_found_on_the_clients_side_is_marked_there_only():
    assert [each.upstream for each in pair_rungs_of(CLIENT, UPSTREAM, {1}) if each.rung.marked] == [False]


def test_without_a_gateway_the_ladder_has_one_lane():
    assert "upstream" not in whole_ladder_svg(CLIENT, None)
    assert "upstream" in whole_ladder_svg(CLIENT, UPSTREAM)


@pytest.mark.parametrize("draw", [whole_ladder_html, whole_ladder_svg])
def test_a_conversation_through_a_relay_is_drawn_and_says_nothing_active(draw):
    pair = rehearse_relayed("relay/closing_client", "ga").pairs[0]
    hostile = replace(pair.client.trace.entries[0], event={"type": "<script>alert(1)</script>"})
    client = replace(pair.client.trace, entries=(hostile, *pair.client.trace.entries[1:]))

    drawn = str(draw(client, pair.upstream.trace))

    assert "<script" not in drawn
    assert "gateway" in drawn
    if draw is whole_ladder_svg:
        ElementTree.fromstring(drawn)
