from conformance.commands.docs import automaton
from conformance.rules import RULES
from conformance.rules.ordering.table import BEFORE, EDGES, NESTS, ONCE


def test_every_edge_is_a_rule_of_its_own():
    assert [rule for rule in RULES if rule.startswith("ordering.")] == [edge.id for edge in EDGES]
    assert all(RULES[edge.id].sentence == edge.sentence for edge in EDGES)


def test_every_kind_of_span_owes_an_end_just_once():
    for name, nest in NESTS.items():
        owed = {edge.relation for edge in EDGES if edge.nest == name and edge.event == nest.closed_by}

        assert {str(each) for each in owed} == {"comes", "comes once", "closes"}


def test_spans_nest_inside_known_spans():
    assert all(nest.inside is None or nest.inside in NESTS for nest in NESTS.values())


def test_the_graph_has_both_ends_of_every_span_and_every_link_between_events():
    graph = automaton()

    for nest in NESTS.values():
        assert nest.closed_by in graph
    links = [edge for edge in EDGES if edge.relation is BEFORE]
    assert graph.count("conversation([") == len(links) > 0


def test_only_events_that_open_or_close_something_are_counted():
    ends = {event for nest in NESTS.values() for event in (nest.opened_by, nest.closed_by)}

    assert {edge.event for edge in EDGES if edge.relation is ONCE} <= ends
