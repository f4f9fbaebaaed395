import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.revisions.beta import BETA
from conformance.contract.revisions.ga import GA
from conformance.errors import UsageError
from conformance.play.target import WRONG_KEY, Patience, Target, checked_url, upgrade_request_for, url_of

TARGET = Target("wss://host/v1/realtime?region=eu", GA, "sk-right-key", "m")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("wss://host/v1/realtime", "wss://host/v1/realtime"),
        ("ws://host:81", "ws://host:81/v1/realtime"),
        ("https://host/", "wss://host/v1/realtime"),
        ("http://[::1]:8/openai/realtime?deployment=d", "ws://[::1]:8/openai/realtime?deployment=d"),
    ],
)
def test_a_url_becomes_a_websocket_url(given, url):
    assert checked_url(given) == url


@pytest.mark.parametrize("given", ["host/v1/realtime", "ftp://host", "wss://", "wss://host:port/x", "wss://host:99999"])
def test_what_is_no_websocket_url_gets_one_clear_message(given):
    with pytest.raises(UsageError, match="--endpoint"):
        checked_url(given)


def test_the_model_and_the_credential_join_the_endpoints_own_query():
    ask = upgrade_request_for(TARGET, {"auth": "query-token"})

    assert url_of(TARGET, ask) == "wss://host/v1/realtime?region=eu&model=m&token=sk-right-key"


def test_an_azure_deployment_takes_no_model():
    target = Target("wss://host/openai/realtime?deployment=d", BETA, "k", "m")

    assert url_of(target, upgrade_request_for(target, {})) == "wss://host/openai/realtime?deployment=d"


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        ("valid", (("Authorization", "Bearer sk-right-key"),)),
        ("wrong", (("Authorization", f"Bearer {WRONG_KEY}"),)),
        ("empty", (("Authorization", "Bearer "),)),
        ("missing", ()),
    ],
)
def test_a_credential_can_be_spoiled(credential, headers):
    assert upgrade_request_for(TARGET, {"credential": credential}).headers == headers


def test_conflicting_credentials_are_a_right_and_a_wrong_one():
    ask = upgrade_request_for(TARGET, {"auth": "query-token", "credential": "conflicting"})

    assert ask.query == (("token", "sk-right-key"),)
    assert ask.headers == (("Authorization", f"Bearer {WRONG_KEY}"),)


def test_without_a_key_none_is_offered():
    assert upgrade_request_for(Target("wss://h/", GA), {}).headers == ()


def test_a_beta_client_says_so_in_its_header_and_in_its_subprotocols():
    target = Target("wss://h/", BETA, "k")

    assert ("OpenAI-Beta", "realtime=v1") in upgrade_request_for(target, {}).headers
    assert "openai-beta.realtime-v1" in upgrade_request_for(target, {"auth": "subprotocol"}).subprotocols


def test_a_transcription_session_takes_no_model_in_the_url():
    assert upgrade_request_for(TARGET, {"intent": "transcription"}).model is None


def test_a_missing_model_is_left_out_of_the_query_even_if_the_url_names_one():
    target = Target("wss://h/v1/realtime?model=x", GA)

    assert url_of(target, upgrade_request_for(target, {"model": "missing"})) == "wss://h/v1/realtime"


@pytest.mark.parametrize("style", STYLES)
def test_the_scheme_in_lower_case_changes_nothing_else(style):
    target = Target("wss://host/v1/realtime", GA, "key", auth=style)
    usual, lower = upgrade_request_for(target, {}), upgrade_request_for(target, {"credential": "recased"})

    assert (lower.query, lower.subprotocols) == (usual.query, usual.subprotocols)
    assert [(name, value.lower()) for name, value in lower.headers] == [(n, v.lower()) for n, v in usual.headers]


def test_a_transcription_session_names_no_model_even_where_the_url_does():
    target = Target("wss://host/v1/realtime?model=m&region=eu", GA, "sk-right-key", "m")

    url = url_of(target, upgrade_request_for(target, {"intent": "transcription"}))

    assert url == "wss://host/v1/realtime?region=eu&intent=transcription"


def test_a_slow_endpoint_is_given_more_time_for_everything():
    slow = Patience(answer=20.0).stretched(latency=4.0)

    assert (slow.answer, slow.first_event, slow.connect, slow.conversation) == (40.0, 30.0, 20.0, 360.0)


@pytest.mark.parametrize("patience", [Patience(answer=1.0, chosen=True), Patience(answer=50.0)])
def test_who_chose_a_patience_keeps_it_and_nobody_is_hurried(patience):
    assert patience.stretched(latency=4.0) == patience
