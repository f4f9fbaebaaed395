import pytest

from conformance.contract.auth_styles import STYLES, style_of
from conformance.play.auth import Credentials, carries, offer

KEY = "sk-123"
#: Written down once more: what each style looks like on the wire.
OFFERS = {
    "bearer": Credentials(headers=(("Authorization", "Bearer sk-123"),)),
    "query-token": Credentials(query=(("token", "sk-123"),)),
    "query-api_key": Credentials(query=(("api_key", "sk-123"),)),
    "query-api-key": Credentials(query=(("api-key", "sk-123"),)),
    "api-key": Credentials(headers=(("api-key", "sk-123"),)),
    "subprotocol": Credentials(subprotocols=("realtime", "openai-insecure-api-key.sk-123")),
    "x-api-key": Credentials(headers=(("X-API-Key", "sk-123"),)),
    "authorization": Credentials(headers=(("Authorization", "sk-123"),)),
    "query-key": Credentials(query=(("key", "sk-123"),)),
    "query-apiKey": Credentials(query=(("apiKey", "sk-123"),)),
    "xai-subprotocol": Credentials(subprotocols=("realtime", "xai-client-secret.sk-123")),
}


@pytest.mark.parametrize("style", OFFERS)
def test_a_style_puts_the_key_where_it_says(style):
    assert offer(style, KEY) == OFFERS[style]
    assert carries(style, KEY)


@pytest.mark.parametrize(("style", "how"), STYLES.items())
def test_what_a_style_writes_is_read_as_that_style(style, how):
    offered = offer(style, KEY)
    values = [*offered.headers, *offered.query, *(("", each) for each in offered.subprotocols)]

    assert [found for field, value in values if (found := style_of(how.place, field, value))] == [style]


def test_two_offers_add_up_without_repeating_a_subprotocol():
    both = offer("subprotocol", "a") + offer("subprotocol", "b")

    assert both.subprotocols == ("realtime", "openai-insecure-api-key.a", "openai-insecure-api-key.b")
