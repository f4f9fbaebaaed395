import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.secrets import KEY_MARK, Scrubber, secrets_in
from conformance.trace.trace import TOKEN_MARK

KEY = 'sk-canary/0123+ä"quoted'


@pytest.mark.parametrize(
    "spelled",
    [KEY, quote(KEY, safe=""), json.dumps(KEY)[1:-1], f"Bearer {KEY}", f"?token={quote(KEY, safe='')}&x=1"],
)
def test_a_key_is_scrubbed_in_every_spelling(spelled):
    clean = Scrubber((KEY,))(f"before {spelled} after")

    assert "canary" not in clean
    assert TOKEN_MARK in clean


@given(before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_a_key_inside_base64_is_scrubbed_at_every_alignment(before, after):
    text = base64.b64encode(before + KEY.encode() + after).decode()

    assert TOKEN_MARK in Scrubber((KEY,))(text)


def test_a_short_secret_mangles_nothing():
    assert Scrubber(("key",))("the key of the matter") == "the key of the matter"


def test_keys_that_an_endpoint_sends_are_scrubbed_too():
    assert Scrubber()('{"value": "ek_68af296e8e408191a1120ab6383263c2"}') == f'{{"value": "{KEY_MARK}"}}'


def test_a_masked_key_in_an_error_message_is_no_leak():
    text = "Incorrect API key provided: sk-ca***7890."

    assert Scrubber((KEY,))(text) == text


@pytest.mark.parametrize("spelled", [html.escape(KEY), repr(KEY)[1:-1], ascii(KEY)[1:-1], quote(KEY, safe="").lower()])
def test_a_key_is_scrubbed_in_xml_in_a_repr_and_in_lower_case_escapes(spelled):
    assert "canary" not in Scrubber((KEY.lower(), KEY))(f"before {spelled} after")


def test_a_value_is_scrubbed_in_its_keys_too():
    value = {"a": [{KEY: 1}, 2, None, f"x{KEY}"]}

    assert Scrubber((KEY,)).data(value) == {"a": [{TOKEN_MARK: 1}, 2, None, f"x{TOKEN_MARK}"]}
    assert value == {"a": [{KEY: 1}, 2, None, f"x{KEY}"]}


HARD = "sk-canary-0123456789abcdef"


@pytest.mark.parametrize(
    "spelled",
    [
        HARD.encode().hex(),
        HARD.encode().hex().upper(),
        HARD.encode().hex(" "),
        base64.b64encode(HARD.encode("utf-16-le")).decode(),
        base64.b64encode(base64.b64encode(b"Bearer " + HARD.encode())).decode(),
        " ".join(HARD),
        "\0".join(HARD),
    ],
)
def test_a_key_is_scrubbed_in_hex_utf_16_spaced_out_and_twice_in_base64(spelled):
    assert TOKEN_MARK in Scrubber((HARD,))(f"before {spelled} after")


def test_a_key_that_was_cut_in_its_middle_is_scrubbed():
    told = Scrubber((HARD,)).shown(f"the endpoint said {HARD[:15]}… and {HARD[9:]}, of the session")

    assert told == f"the endpoint said {TOKEN_MARK}… and {TOKEN_MARK}, of the session"


def test_no_repr_shows_a_secret():
    from conformance.contract.revisions.ga import GA
    from conformance.play.target import Target, upgrade_request_for

    target = Target("ws://test/v1/realtime", GA, KEY, headers=(("x-key", KEY),))

    for style in ("bearer", "query-token", "subprotocol"):
        assert "canary" not in repr((Scrubber((KEY,)), target, upgrade_request_for(target, {"auth": style})))


def test_a_key_in_the_midst_of_long_silence_is_found_wherever_it_stands():
    silence = "A" * 2**20
    text = base64.b64encode(b"\0" * 3 * 2**18 + b"sk-of-a-client-0000" + b"\0" * 3 * 2**18).decode()
    scrub = Scrubber(("sk-of-a-client-0000",))

    assert scrub(text) != text
    assert (
        scrub(f'{{"audio": "{silence}", "key": "sk-of-a-client-0000"}}')
        == f'{{"audio": "{silence}", "key": "{TOKEN_MARK}"}}'
    )
    assert scrub(silence) == silence


@pytest.mark.parametrize(
    "header", [("x-auth-mode", "platform"), ("x-token-kind", "per-session"), ("X-Team", "s3cr3t-1")]
)
def test_a_word_in_a_header_is_no_secret_for_the_headers_name(header):
    assert secrets_in("wss://x/v1/realtime", [header]) == []


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("Authorization", "Bearer opensesame", "opensesame"),
        ("X-API-Key", "opensesame", "opensesame"),
        ("x-proxy-token", "a7f-0123456789", "a7f-0123456789"),
        ("X-Auth", "Key c0ffee-c0ffee", "c0ffee-c0ffee"),
    ],
)
def test_what_a_header_holds_that_looks_like_a_key_or_can_be_nothing_else_is_a_secret(name, text, secret):
    assert secret in secrets_in("wss://x/v1/realtime", [(name, text)])
