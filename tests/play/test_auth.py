import pytest

from conformance.play.auth import STYLES, Credentials

KEY = "sk-123"


@pytest.mark.parametrize(
    ("style", "offer"),
    [
        ("bearer", Credentials(headers=(("Authorization", "Bearer sk-123"),))),
        ("query-token", Credentials(query=(("token", "sk-123"),))),
        ("query-api_key", Credentials(query=(("api_key", "sk-123"),))),
        ("query-api-key", Credentials(query=(("api-key", "sk-123"),))),
        ("api-key", Credentials(headers=(("api-key", "sk-123"),))),
        ("subprotocol", Credentials(subprotocols=("realtime", "openai-insecure-api-key.sk-123"))),
    ],
)
def test_a_style_puts_the_key_where_it_says(style, offer):
    assert STYLES[style](KEY) == offer


def test_two_offers_add_up_without_repeating_a_subprotocol():
    both = STYLES["subprotocol"]("a") + STYLES["subprotocol"]("b")

    assert both.subprotocols == ("realtime", "openai-insecure-api-key.a", "openai-insecure-api-key.b")
