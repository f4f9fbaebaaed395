from __future__ import annotations

import asyncio

import pytest

from conformance.reference.server.admission import AcceptThenClose, RefusingSession
from conformance.reference.server.loopback import Closed, Loopback


def test_time_passes_only_while_something_is_awaited(talk):
    before = talk.line.clock.now
    talk.say("Hello").respond()
    assert talk.line.clock.now == before
    talk.hear()
    assert talk.line.clock.now > before


def test_waiting_in_vain_takes_as_long_as_it_said(talk):
    before = talk.line.clock.now
    with pytest.raises(TimeoutError):
        asyncio.run(talk.line.receive(2.5))
    assert talk.line.clock.now == before + 2.5


def test_what_was_said_before_a_close_is_still_received():
    refused = AcceptThenClose({"type": "invalid_request_error", "code": "invalid_model"}, 4000)
    line = Loopback(lambda _clock: RefusingSession(refused))
    assert "invalid_model" in asyncio.run(line.receive(1))
    for step in (line.receive(1), line.send("{}")):
        with pytest.raises(Closed) as closed:
            asyncio.run(step)
        assert (closed.value.code, closed.value.reason) == (4000, "invalid_request_error.invalid_model")


def test_frames_can_be_made_otherwise(talk):
    line = Loopback(lambda _clock: talk.line.endpoint, frames=lambda event: event["type"].encode())
    assert asyncio.run(line.receive(1)) == b"session.created"
