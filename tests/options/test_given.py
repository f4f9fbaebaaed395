"""What is made of the options, without pytest."""

import pytest

from conformance.errors import ConformanceError, UsageError
from conformance.options.given import Given
from conformance.options.policy import policy_of
from conformance.options.relay import BESIDE
from conformance.options.settings import scrubber_of, settings_of
from conformance.options.soak import soak_plan
from conformance.options.table import OPTIONS

URL = "wss://endpoint.test/v1/realtime"


def made_of(**values):
    given = Given({name.replace("_", "-"): value for name, value in values.items()})
    settings = settings_of(given)
    return settings, policy_of(given, settings)


def test_nothing_given_means_the_embedded_reference():
    settings, policy = made_of()

    assert settings.embedded
    assert settings.target.model == "gpt-realtime"
    assert policy.limits.tokens is None


def test_a_url_and_a_key_are_enough(monkeypatch):
    monkeypatch.setenv("REALTIME_TOKEN", "sk-from-the-environment")
    settings, _ = made_of(endpoint=URL)

    assert not settings.embedded
    assert (settings.target.url, settings.target.key) == (URL, "sk-from-the-environment")
    assert settings.target.model is None


@pytest.mark.parametrize(("sessions", "held"), [(None, 32), (1, 32), (16, 32), (100, 200)])
def test_many_conversations_at_once_may_hold_as_much_each_as_few(sessions, held):
    assert made_of(endpoint=URL, sessions=sessions)[0].target.bounds.held == held * 2**20


@pytest.mark.parametrize(
    ("asked", "conversation", "proof"),
    [({}, 180, 0), ({"answer_timeout": 2}, 180, 15), ({"answer_timeout": 60}, 540, 15)],
)
def test_who_waits_longer_for_answers_waits_longer_for_conversations_and_a_short_wait_proves_nothing(
    asked, conversation, proof
):
    patience = made_of(endpoint=URL, **asked)[0].target.patience

    assert (patience.conversation, patience.proof) == (conversation, proof)


def test_the_embedded_reference_never_gets_the_real_key(monkeypatch):
    monkeypatch.setenv("REALTIME_TOKEN", "sk-from-the-environment")

    assert made_of()[0].target.key != "sk-from-the-environment"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"endpoint": "nonsense"}, "nonsense"),
        ({"endpoint": URL, "auth": "carrier-pigeon"}, "there is no style 'carrier-pigeon'"),
        ({"endpoint": URL, "header": ["no colon"]}, "not of the form 'Name: value'"),
        ({"endpoint": URL, "ca_file": "/nowhere/ca.pem"}, "--ca-file: /nowhere/ca.pem cannot be used: No such file"),
        ({"endpoint": URL, "sessions": 0}, "--sessions: 0 is not greater than 0"),
        ({"endpoint": URL, "answer_timeout": float("nan")}, "--answer-timeout: nan is not greater than 0"),
        ({"endpoint": URL, "token": "a", "token_env": "B"}, "the key is given twice: --token and --token-env"),
        ({"endpoint": URL, "token_for": ["stranger=sk-1"]}, "there is no role 'stranger'"),
        ({"endpoint": URL, "token_for": ["restricted="]}, "no key for restricted"),
        ({"endpoint": URL, "token": 'sk "quoted"', "auth": "subprotocol"}, "cannot travel in the auth style"),
        ({"endpoint": URL, "max_tokens": -1}, "--max-tokens: -1 is less than 0"),
        ({"endpoint": URL, "retries": -1}, "--retries: -1 is less than 0"),
        ({"endpoint": URL, "max_usd": 1.0}, "there are no prices for the model, which was not named"),
        ({"endpoint": URL, "update_baseline": True}, "--update-baseline needs a file"),
        ({"endpoint": URL, "baseline": "/nowhere/known.yaml"}, "--baseline: cannot be read"),
        ({"endpoint": URL, "relay": URL}, "--relay and --endpoint exclude each other"),
        ({"relay": URL, "upstream_listen": "nowhere"}, "'nowhere' is not HOST:PORT"),
        ({"relay": URL, "tls_cert": "/nowhere/cert.pem"}, "there is no file /nowhere/cert.pem"),
        ({"relay": URL, "balance_url": "ftp://host"}, "is not an HTTP URL"),
        ({"relay": URL, "balance_url": "http://host", "balance_command": "ls"}, "exclude each other"),
    ],
    ids=lambda each: next(reversed(each)) if isinstance(each, dict) else "",
)
def test_a_wrong_option_is_told_by_its_name(values, told):
    with pytest.raises(ConformanceError) as error:
        made_of(**values)

    assert told in str(error.value)


@pytest.mark.parametrize("flag", BESIDE)
def test_what_is_for_a_gateway_alone_is_refused_without_one(flag):
    with pytest.raises(ConformanceError) as error:
        made_of(endpoint=URL, **{flag.replace("-", "_"): "x"})

    assert f"--{flag} needs a gateway to test" in str(error.value)


@pytest.mark.parametrize("values", [{"plan": True}, {"relay": URL}, {"soak": 5}], ids=lambda each: next(iter(each)))
def test_what_one_process_does_is_refused_to_several(values):
    given = Given({"token": "sk-1", **values}, several_processes=True)

    with pytest.raises(ConformanceError) as error:
        policy_of(given, settings_of(given))

    assert "cannot be combined with -n" in str(error.value)


def test_a_key_is_hidden_even_where_the_rest_of_the_line_is_wrong():
    given = Given({"token": "sk-in-clear", "endpoint": "nonsense://?token=sk-in-url", "secret-header": ["X: sk-head"]})

    assert scrubber_of(given)("sk-in-clear sk-head") == "‹token› ‹token›"


def test_how_long_belongs_to_a_soak():
    with pytest.raises(ConformanceError) as error:
        soak_plan(Given({"for": "60s"}))

    assert "--for" in str(error.value)
    assert soak_plan(Given({"soak": 3, "for": "2m"})).seconds == 120


def test_every_option_has_a_name_of_its_own():
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


def test_a_soak_plays_none_of_what_is_picked():
    with pytest.raises(UsageError, match="--soak cannot be combined with -k, response/text_turn"):
        soak_plan(Given({"soak": 3}, selecting=("-k", "response/text_turn", "-k")))


def test_a_soak_has_no_plan():
    with pytest.raises(UsageError, match="--plan cannot be combined with --soak"):
        made_of(plan=True, soak=3)


@pytest.mark.parametrize(
    "option", [each for each in OPTIONS if each.metavar and each.type is str], ids=lambda each: each.name
)
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_value_is_a_variable_that_is_not_set_and_never_taken_for_the_usual(option, empty):
    said = [empty] if option.action == "append" else empty

    with pytest.raises(UsageError, match=f"^{option.flag} is empty\nWas a variable not set"):
        settings_of(Given({option.name: said}))
