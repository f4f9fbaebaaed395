"""`openai-realtime-api`, the client that many built upon in the days of the beta revision."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.clients
KEY = "sk-reference-key"
QUESTION = Path(__file__).parents[2] / "fixtures" / "audio" / "question.wav"


def test_the_beta_client_holds_a_conversation(serve, node):
    with serve() as url:
        said = node("beta_npm.mjs", url, KEY, str(QUESTION))

    assert said["text"] == "Good morning."
    assert said["transcript"].startswith("Hello")
    assert said["samples"] > 2400
    assert said["heard"] == "What is the capital of France?"
    assert said["called"] == [{"city": "Rome"}]
    assert "12" in said["answer"]
    assert said["errors"] == []
