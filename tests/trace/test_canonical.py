"""What is known to be missing of a trace."""

from conformance.contract.dialects import DIALECTS
from conformance.trace.canonical import CanonicalTrace
from conformance.trace.trace import Direction, Entry, Handshake, Trace

CREATED, TEXT = {"type": "session.created", "session": {}}, {"type": "response.output_text.delta"}
UPDATE = {"type": "session.update"}


def trace_of(*events, shaken=False):
    entries = (
        Entry(number, Direction.CLIENT if event is UPDATE else Direction.SERVER, event=event)
        for number, event in enumerate(events)
    )
    handshake = Handshake("wss://example.test/v1/realtime", status=101) if shaken else None
    return CanonicalTrace(Trace(tuple(entries), "ga", handshake), DIALECTS["ga"])


def test_a_capture_without_upgrade_and_opening_begins_in_mid_session():
    trace = trace_of(TEXT, UPDATE)

    assert trace.begins_in_mid_session
    assert trace.partial
    assert trace.gap_between(-1, 0)


def test_a_capture_of_the_opening_or_of_the_upgrade_is_whole():
    assert not trace_of(CREATED, TEXT).partial
    assert not trace_of(TEXT, shaken=True).partial


def test_a_capture_without_any_client_event_has_one_side():
    assert trace_of(CREATED, TEXT).one_sided
    assert not trace_of(CREATED, UPDATE).one_sided
    assert not trace_of(CREATED, TEXT, shaken=True).one_sided
