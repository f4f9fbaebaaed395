"""`@openai/agents-realtime` over its WebSocket transport."""

from pathlib import Path

import pytest

from conformance.reference.session.pace import Pace

pytestmark = pytest.mark.clients
KEY = "sk-reference-key"
QUESTION = Path(__file__).parents[2] / "fixtures" / "audio" / "question.wav"


def test_an_agent_talks_calls_its_tool_once_and_is_interrupted(serve, node):
    with serve(pace=Pace.FAST) as url:
        said = node("agents_npm.mjs", f"{url}?model=gpt-realtime", KEY, str(QUESTION))

    assert said["greeting"] == ["Good morning."]
    assert said["called"] == [{"city": "Rome"}]
    assert "12 degrees" in said["answer"][0]
    assert said["interrupted"] >= 1
    assert said["stopped"] == ["cancelled", "turn_detected"]
    assert said["truncated"] >= 0
    assert said["reply"] == "completed"
    assert said["errors"] == []
