from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.reference.server.admission import AcceptThenClose, Admitted, Refused, RefusingSession, admit

KEY, WRONG = "sk-right+key", "sk-wrong"
TARGET = "/v1/realtime?model=gpt-realtime"


#: Style -> header, query parameter or subprotocol that carries the key, in odd spellings where case does not count.
HEADERS = {"bearer": ("AUTHORIZATION", "bEARER "), "authorization": ("authorization", ""), "api-key": ("Api-Key", "")}
HEADERS |= {"x-api-key": ("x-api-KEY", "")}
SUBPROTOCOLS = {"subprotocol": "openai-insecure-api-key.", "xai-subprotocol": "xai-client-secret."}


def ask(*credentials, target=TARGET, headers=(), subprotocols=(), upgrade=("websocket",), **options):
    """Ask with (style, key) pairs."""
    headers, subprotocols = [*headers, *(("Upgrade", each) for each in upgrade)], list(subprotocols)
    for style, key in credentials:
        if style in HEADERS:
            name, prefix = HEADERS[style]
            headers.append((name, prefix + key))
        elif style in SUBPROTOCOLS:
            subprotocols += ["realtime", SUBPROTOCOLS[style] + key]
        else:
            target += f"&{style.removeprefix('query-')}={quote(key, safe='')}"
    return admit(target, headers, subprotocols, **{"tokens": (KEY,), **options})


@pytest.mark.parametrize("style", STYLES)
def test_the_right_key_comes_in_by_every_style(style):
    admission = ask((style, KEY))
    assert isinstance(admission, Admitted)
    assert admission.subprotocol == ("realtime" if style in SUBPROTOCOLS else None)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("key", [WRONG, "", KEY + "x", "ключ"])
def test_a_wrong_key_is_refused_by_every_style(style, key):
    admission = ask((style, key))
    assert isinstance(admission, Refused)
    assert admission.status == 401
    error = json.loads(admission.body)["error"]
    assert error["code"] == "invalid_api_key"
    assert not key or key not in error["message"]


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_key_beside_the_right_one_is_refused(style):
    other = "api-key" if style == "bearer" else "bearer"
    assert isinstance(ask((style, WRONG), (other, KEY)), Refused)
    assert isinstance(ask((style, KEY), (other, KEY)), Admitted)


def test_a_style_that_is_not_offered_does_not_count():
    assert isinstance(ask(("query-token", KEY), auth_styles=["bearer"]), Refused)
    assert isinstance(ask(("query-token", WRONG), ("bearer", KEY), auth_styles=["bearer"]), Admitted)


def test_no_key_is_refused_unless_everybody_may_come_in():
    assert ask().status == 401
    assert isinstance(ask(tokens=()), Admitted)


def test_openai_accepts_a_wrong_key_and_then_closes():
    admission = ask(("bearer", WRONG), refusal="openai")
    assert isinstance(admission, AcceptThenClose)
    assert (admission.code, admission.reason) == (3000, "invalid_request_error.invalid_api_key")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/v1/realtime", "missing_model"),
        ("/v1/realtime?model=", "missing_model"),
        ("/v1/realtime?model=no-such-model", "invalid_model"),
        ("/v1/realtime?intent=party&model=gpt-realtime", "invalid_intent"),
        ("/v1/realtime?intent=", "invalid_intent"),
    ],
)
def test_what_openai_does_not_know_is_closed_with_4000(target, code):
    admission = ask(("bearer", KEY), target=target)
    assert (admission.code, admission.reason) == (4000, f"invalid_request_error.{code}")


@pytest.mark.parametrize("path", ["/openai/realtime", "/openai/v1/realtime", "/v1/realtime/"])
def test_azures_paths_are_known_too(path):
    assert ask(("bearer", KEY), target=f"{path}?deployment=gpt-realtime").model == "gpt-realtime"


def test_another_path_does_not_exist():
    assert ask(("bearer", KEY), target="/v1/chat?model=gpt-realtime").status == 404


def test_a_plain_request_is_told_to_upgrade():
    assert ask(("bearer", KEY), upgrade=["h2c"]).status == 426
    assert ask(("bearer", KEY), upgrade=[]).status == 426
    assert isinstance(ask(("bearer", KEY), upgrade=["WebSocket"]), Admitted)


def test_the_client_chooses_the_revision():
    beta_header = [("OpenAI-Beta", "realtime=v1")]
    assert ask(("bearer", KEY)).dialect == "ga"
    assert ask(("bearer", KEY), headers=beta_header).dialect == "beta"
    assert ask(("bearer", KEY), subprotocols=["realtime", "openai-beta.realtime-v1"]).dialect == "beta"
    assert ask(("bearer", KEY), dialect="beta").dialect == "beta"
    refused = ask(("bearer", KEY), headers=beta_header, dialect="ga")
    assert refused.error["code"] == "beta_api_shape_disabled"


def test_a_transcription_session_needs_no_model():
    assert ask(("bearer", KEY), target="/v1/realtime?intent=transcription").intent == "transcription"
    assert ask(("bearer", KEY), target=TARGET + "&intent=transcription").intent == "conversation"
    assert ask(("bearer", KEY), target=TARGET + "&intent=transcription", dialect="beta").intent == "transcription"


def test_a_refusing_session_says_one_error_and_closes():
    session = RefusingSession(ask(("bearer", WRONG), refusal="openai"))
    (event,) = session.open()
    assert (event["type"], event["error"]["code"]) == ("error", "invalid_api_key")
    assert session.closing == (3000, "invalid_request_error.invalid_api_key")
