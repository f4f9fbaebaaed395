"""`OpenAIRealtimeWS` of the npm package `openai` (it speaks TLS only), in both dialects."""

import pytest

pytestmark = pytest.mark.clients
KEY = "sk-reference-key"


@pytest.mark.parametrize("quirks", ["", "real-openai-2026-09"])
@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_official_node_client_holds_a_conversation(serve, node, certificate, dialect, quirks):
    context, authority = certificate
    with serve(ssl=context, quirks=quirks) as url:
        base = url.removesuffix("/realtime").replace("wss:", "https:")
        said = node("openai_npm.mjs", base, KEY, dialect, NODE_EXTRA_CA_CERTS=str(authority))

    assert said == {
        "text": "Good morning.",
        "audioBytes": said["audioBytes"],
        "call": ["get_weather", {"city": said["call"][1]["city"]}],
        "answer": "12 degrees.",
        "cancelled": "cancelled",
        "errors": ["response_cancel_not_active"],
    }
    assert said["audioBytes"] > 4800
