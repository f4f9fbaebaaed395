"""Endpoints that keep the protocol in their own way come out clean."""


def test_a_legal_endpoint_breaks_nothing_and_stops_no_conversation(variant, dialect, legal):
    run = legal(variant, dialect, "--examples=5")

    assert run.broken == {}
    assert run.stopped == {}
    assert run.status == 0, run.output[-3000:]
