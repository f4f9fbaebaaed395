"""A URL and a key are enough: the model is asked for, or guessed, and that is said."""

import asyncio
import threading
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.names import MODELS, chosen_among, usual
from conformance.contract.profile import load_profile
from conformance.play.models import listed_models
from conformance.play.preflight import Diagnosis
from conformance.play.target import Target
from conformance.run.look import look
from conformance.run.settings import Settings
from conformance.trace.trace import Handshake, Trace

TODAY = date(2026, 11, 21)
TARGET = Target("ws://127.0.0.1:9/v1/realtime", DIALECTS["ga"], "k")


def looked(target, opens, trouble="missing_model: You must provide a model parameter."):
    """Look at an endpoint that opens sessions for one model only."""
    asked = []

    async def knock(target):
        asked.append(target.model)
        return Diagnosis(Trace(), trouble="" if target.model == opens else trouble)

    return asyncio.run(look(Settings(target), knock, TODAY)), asked


def test_where_no_models_are_listed_the_usual_ones_are_tried():
    found, asked = looked(TARGET, "gpt-realtime-mini")

    assert found.diagnosis.ready
    assert found.settings.target.model == "gpt-realtime-mini"
    assert "--model=NAME" in found.note
    assert asked == [None, "gpt-realtime", "gpt-realtime-2.1", "gpt-realtime-mini"]


@pytest.mark.parametrize(
    ("target", "trouble"),
    [
        (replace(TARGET, model="mine"), "model_not_found: no such model"),
        (replace(TARGET, url=TARGET.url + "?model=mine"), "model_not_found: no such model"),
        (TARGET, "the key was refused"),
    ],
)
def test_a_model_that_was_named_stays_and_a_refused_key_is_no_want_of_a_model(target, trouble):
    found, asked = looked(target, "gpt-realtime", trouble)

    assert not found.diagnosis.ready
    assert len(asked) == 1


def test_an_endpoint_that_needs_no_model_is_asked_for_none():
    found, asked = looked(TARGET, None)

    assert (found.note, asked) == ("", [None])


def test_names_whose_end_has_come_are_tried_last():
    assert usual(MODELS, date(2026, 11, 21))[0] == "gpt-realtime"
    assert usual(MODELS, date(2027, 1, 21))[-1] == "gpt-realtime"


def test_of_listed_models_only_those_for_conversations_count_the_most_usual_first():
    listed = ["gpt-4o", "my-realtime", "gpt-realtime-whisper", "gpt-realtime-mini"]

    assert chosen_among(listed, TODAY) == ("gpt-realtime-mini", "my-realtime")


class Listing(BaseHTTPRequestHandler):
    body, status = b"", 200

    def do_GET(self):
        self.send_response(self.status if self.path == "/v1/models" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("body", "status", "models"),
    [
        (orjson.dumps({"data": [{"id": "a"}, {"id": "b"}, {"id": 7}, "c"]}), 200, ("a", "b")),
        (b"<html>", 200, ()),
        (b"[]", 200, ()),
        (orjson.dumps({"data": [{"id": "a"}]}), 401, ()),
    ],
)
def test_the_models_are_read_from_the_same_origin(body, status, models):
    handler = type("Handler", (Listing,), {"body": body, "status": status})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"ws://127.0.0.1:{server.server_port}/v1/realtime"
            assert asyncio.run(listed_models(replace(TARGET, url=url))) == models
        finally:
            server.shutdown()
            thread.join()


def test_an_endpoint_that_nobody_answers_for_lists_none():
    assert asyncio.run(listed_models(TARGET)) == ()


def refused(status):
    handshake = Handshake("ws://x", status=status)
    return Diagnosis(Trace(handshake=handshake), trouble="the key was refused")


def styles_tried(opens, status=401):
    """Look at an endpoint of a profile that documents several auth styles, of which one opens sessions."""
    profile = load_profile("openai")
    asked = []

    async def knock(target):
        asked.append(target.auth)
        return Diagnosis(Trace()) if target.auth == opens else refused(status)

    target = replace(TARGET, auth=profile.auth[0], model="m")
    return asyncio.run(look(Settings(target, profile=profile), knock, TODAY)), asked, profile.auth


def test_where_the_usual_auth_style_is_refused_the_other_documented_ones_are_tried():
    found, asked, documented = styles_tried("subprotocol")

    assert asked == [*documented[: documented.index("subprotocol") + 1]]
    assert found.diagnosis.refused_style == documented[0]
    assert found.settings.target.auth == "subprotocol"


def test_where_no_style_opens_a_session_the_first_refusal_is_told():
    found, asked, documented = styles_tried("none of them")

    assert asked == [*documented]
    assert (found.diagnosis.ready, found.settings.target.auth) == (False, documented[0])


def test_a_refusal_that_is_not_about_the_key_is_no_reason_to_offer_it_elsewhere():
    _, asked, _ = styles_tried("subprotocol", status=500)

    assert len(asked) == 1


def test_a_model_that_the_endpoint_lists_is_tried_before_those_that_are_usual():
    asked = []

    async def knock(target):
        asked.append(target.model)
        return Diagnosis(Trace(), trouble="" if target.model == "my-realtime" else "missing_model: which one?")

    handler = type("Handler", (Listing,), {"body": orjson.dumps({"data": [{"id": "my-realtime"}]})})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        target = replace(TARGET, url=f"ws://127.0.0.1:{server.server_port}/v1/realtime")
        found = asyncio.run(look(Settings(target), knock, TODAY))
        thread.join()

    assert asked == [None, "my-realtime"]
    assert "lists" in found.note
    assert found.settings.target.model == "my-realtime"
